"""The online store against the point-in-time join, key by key at one instant. A distribution cannot see a wrong join;
the same key on both sides can. Every key that differs gets the cause that its signs point to, from what surely changes
the answer (other code, no materialization) to what only bends a value."""

import math
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.features.materialization.values import Cause, FeatureParityReport, ParityMismatch, Verdict
from core.features.online.store import NO_CREATED, Key, KeyAnswer, OnlineRow
from core.features.values import ServedView

WORST = 20
NEVER = -(2**63)
NEAR = 1e-3


@dataclass(frozen=True)
class Sides:
    """What is known of a key that differs: the answers, the online answers for keys that look like it, what other
    versions of the view answer offline, the event time up to which the store was filled, and the row that it was filled
    with for this key."""

    offline: KeyAnswer
    online: KeyAnswer
    lookalikes: Sequence[KeyAnswer]
    others: Sequence[KeyAnswer]
    watermark_us: int | None
    materialized: OnlineRow | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the store was given a row of the key and has none, or an older one."""
        return self.materialized is not None and _age(self.online) < _age(self.materialized)


@dataclass
class FeatureComparison:
    """Adds up what is found. Answers must agree exactly: both are the same rows, cast by the same rules."""

    view: ServedView
    at_us: int
    watermark_us: int | None
    keys: int = 0
    compared: int = 0
    moved_on: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    by_feature: Counter[str] = field(default_factory=Counter)
    worst: list[ParityMismatch] = field(default_factory=list)

    def differs(self, offline: KeyAnswer, online: KeyAnswer) -> bool:
        """Counts a key and tells whether its sides differ. One that is online since after the instant cannot be
        compared: the store has moved on."""
        self.keys += 1
        if _known_us(online, self.view) > self.at_us:
            self.moved_on += 1
            return False
        self.compared += 1
        self.statuses[offline.status] += 1
        return not same(offline, online)

    def add(self, key: Key, sides: Sides) -> None:
        """A key that differs, with its cause."""
        cause = cause_of(sides)
        self.causes[cause] += 1
        names = [name for _feature, name, _kind in self.view.outputs]
        offline, online = (dict(zip(names, side.values, strict=True)) for side in (sides.offline, sides.online))
        self.by_feature.update(name for name in names if not _equal(offline[name], online[name]))
        if len(self.worst) < WORST:
            named = dict(zip((name for name, _column in self.view.keys), key, strict=True))
            self.worst.append(
                ParityMismatch(
                    key=named,
                    offline_status=sides.offline.status,
                    online_status=sides.online.status,
                    offline=_plain(offline),
                    online=_plain(online),
                    cause=cause,
                )
            )

    def report(
        self, *, version_digest: str, at: datetime, snapshots: Mapping[str, str], rows: str
    ) -> FeatureParityReport:
        return FeatureParityReport(
            version_id=self.view.version_id,
            version_digest=version_digest,
            at=at,
            keys=self.keys,
            compared=self.compared,
            cells=self.compared * (len(self.view.outputs) + 1),
            mismatches=self.causes.total(),
            moved_on=self.moved_on,
            statuses=dict(self.statuses),
            causes=dict(self.causes.most_common()),
            by_feature=dict(self.by_feature.most_common()),
            worst=tuple(self.worst),
            snapshots=dict(snapshots),
            rows_digest=rows,
        )


def verdict_on(report: FeatureParityReport) -> Verdict:
    """Silence is never a pass: without keys there is no verdict, and where none could be compared none is sure."""
    if report.mismatches:
        return "fail"
    if not report.keys:
        return "no data"
    return "pass" if report.compared > report.moved_on else "inconclusive"


def same(offline: KeyAnswer, online: KeyAnswer) -> bool:
    """Whether status and values are the same, to the last bit."""
    return offline.status == online.status and all(map(_equal, offline.values, online.values))


def cause_of(sides: Sides) -> Cause:
    offline, online = sides.offline, sides.online
    if online.status != "not_found" and any(same(other, online) and not same(other, offline) for other in sides.others):
        return Cause.CODE
    if "not_found" in (online.status, offline.status):
        return Cause.KEY if any(lookalike.status != "not_found" for lookalike in sides.lookalikes) else _absent(sides)
    if _times(offline) != _times(online):
        return _other_row(sides)
    if "expired" in (online.status, offline.status):
        return Cause.TTL
    return _cause_of_values(offline.values, online.values)


def lookalikes(key: Key) -> list[Key]:
    """Keys that a careless writer might have taken for this one: as text and as number, trimmed, in other case."""
    forms = [tuple(form(part) for part in key) for form in FORMS]
    typed = {tuple((type(part), part) for part in form): form for form in forms}
    typed.pop(tuple((type(part), part) for part in key), None)
    return list(typed.values())


def _absent(sides: Sides) -> Cause:
    """A key that one side does not have. One that is online only, and was put, is gone from the sources since."""
    if sides.online.status != "not_found":
        return Cause.WITHDRAWN if sides.materialized else Cause.UNKNOWN
    if sides.is_lost:
        return Cause.LOST
    event_us, watermark = sides.offline.event_us, sides.watermark_us
    return Cause.LATE if event_us is not None and watermark is not None and event_us <= watermark else Cause.MISSING


def _other_row(sides: Sides) -> Cause:
    """Another row than the one that was the answer: one from before the store lost a newer one, one that came late into
    a time window that the store had been filled for, or one that it was never filled with."""
    if sides.is_lost:
        return Cause.LOST
    newer, watermark = sides.offline.event_us or 0, sides.watermark_us
    return Cause.LATE if watermark is not None and newer <= watermark else Cause.MISSING


def _cause_of_values(before: Sequence[Any], after: Sequence[Any]) -> Cause:
    wrong = [(left, right) for left, right in zip(before, after, strict=True) if not _equal(left, right)]
    if all(left is None or right is None for left, right in wrong):
        return Cause.DEFAULT
    return Cause.ROUNDING if all(_is_near(left, right) for left, right in wrong) else Cause.UNKNOWN


def _is_near(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().casefold() == right.strip().casefold()
    if isinstance(left, str) or isinstance(right, str):
        return True
    return _single(left) == _single(right) or abs(left - right) <= NEAR * max(abs(left), abs(right))


def _equal(left: Any, right: Any) -> bool:
    both_numbers = isinstance(left, float) and isinstance(right, float)
    return type(left) is type(right) and (left == right or (both_numbers and math.isnan(left) and math.isnan(right)))


def _known_us(answer: KeyAnswer, view: ServedView) -> int:
    times = [answer.event_us + view.delay_us] if answer.event_us is not None else []
    return max([*times, *([answer.created_us] if answer.created_us is not None else [])], default=NEVER)


def _as_number(part: Any) -> Any:
    text = str(int(part) if isinstance(part, bool) else part).strip()
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() else part


def _of_text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda part: change(part) if isinstance(part, str) else part


FORMS: tuple[Callable[[Any], Any], ...] = (
    str,
    lambda part: str(part).lower(),
    lambda part: str(part).upper(),
    _as_number,
    _of_text(str.strip),
    _of_text(lambda text: f"{text} "),
)


def _times(answer: KeyAnswer) -> tuple[int | None, int | None]:
    return answer.event_us, answer.created_us


def _age(row: KeyAnswer | OnlineRow) -> tuple[int, int]:
    """The order in which rows of a key replace each other; nothing is older than every row."""
    event_us, created_us = row.event_us, row.created_us
    return NEVER if event_us is None else event_us, NO_CREATED if created_us is None else created_us


def _single(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: value if value is None or _is_json(value) else str(value) for name, value in values.items()}


def _is_json(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
