"""Offline against served, cell by cell. Distributions cannot see a wrong join: only the same row on both sides can.
Identifiers, texts and missing values must agree exactly, numbers within `1e-6 + 1e-5 |x|`, predictions within the
tolerance of their task; every mismatch gets the cause that its signs point to."""

import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.features.values import FeatureContract
from core.serving.values import ParityCause, ParityReport, ParityRow
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import Target

ABSOLUTE, RELATIVE = 1e-6, 1e-5
# What stands for the gap between answers that cannot be subtracted, such as two names.
WIDEST = 1e9
PREDICTION_NAME = "prediction"
WORST_ROWS = 20
NEAR = 1e-3
LATE, TTL, MISSING, ROUNDING, KEY, CODE, UNKNOWN = (
    "late row",
    "ttl",
    "default or missing value",
    "type or rounding",
    "key",
    "code version",
    "unknown",
)
# Event and created time of a row of a view.
Times = tuple[int | None, int | None]
# For each view of the contract the row that was the answer at that instant, None where there was none.
Answers = Callable[[], Sequence[Times | None]]


@dataclass(frozen=True)
class ServedRow:
    """What the endpoint says it did for a row: the version's digest, the inputs it gave to the model, and for each
    view of the contract how the look-up ended."""

    digest: str
    outputs: Outputs
    features: Mapping[str, Any]
    lookups: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class OfflineRow:
    """What was computed offline for a row."""

    row_id: str
    outputs: Outputs
    inputs: Mapping[str, Any]


@dataclass
class Comparison:
    """Adds up what is found, row by row, against the version of `digest`."""

    contract: FeatureContract
    digest: str
    target: Target
    rows: int = 0
    cells: int = 0
    gap: float = 0.0
    mismatches: list[tuple[float, ParityRow]] = field(default_factory=list)
    rows_wrong: int = 0

    def add(self, offline: OfflineRow, served: ServedRow, *, answers: Answers) -> None:
        """Compares one row. `answers` is asked only when something differs."""
        self.rows += 1
        self.cells += len(offline.inputs) + 1
        task = task_of(self.target)
        gap = min(float(task.gaps(offline.outputs, second=served.outputs)[0]), WIDEST)
        self.gap = max(self.gap, gap)
        different = [name for name, value in offline.inputs.items() if not agree(value, served.features.get(name))]
        known = answers() if different else ()
        wrong = [self._row(name, offline, served, known=known) for name in different]
        if gap > task.tolerance:
            cause = wrong[0].cause if wrong else self._cause_of_prediction(gap, served)
            wrong.insert(0, self._prediction(offline, served, cause=cause))
        self.mismatches += [(gap, row) for row in wrong]
        self.rows_wrong += bool(wrong)

    def report(self, *, holdout: str) -> ParityReport:
        by_cause: dict[str, set[str]] = {}
        for _gap, row in self.mismatches:
            by_cause.setdefault(row.cause, set()).add(row.row_id)
        counted = sorted(by_cause.items(), key=lambda item: -len(item[1]))
        worst = sorted(self.mismatches, key=lambda item: -item[0])[:WORST_ROWS]
        return ParityReport(
            rows=self.rows,
            cells=self.cells,
            mismatches=len(self.mismatches),
            rows_with_mismatch=self.rows_wrong,
            largest_prediction_gap=self.gap,
            by_input=dict(Counter(row.name for _gap, row in self.mismatches).most_common()),
            causes=tuple(ParityCause(cause=cause, rows=len(rows)) for cause, rows in counted),
            worst=tuple(row for _gap, row in worst),
            version_digest=self.digest,
            holdout=holdout,
        )

    def _row(self, name: str, offline: OfflineRow, served: ServedRow, *, known: Sequence[Times | None]) -> ParityRow:
        before, after = offline.inputs[name], served.features.get(name)
        at = self._view_of(name)
        cause = CODE if served.digest != self.digest else ""
        if not cause and at is not None:
            cause = _cause_of_lookup(served.lookups[at], answer=known[at])
        cause = cause or _cause_of_values(before, after)
        return ParityRow(row_id=offline.row_id, name=name, offline=before, served=after, cause=cause)

    def _view_of(self, name: str) -> int | None:
        """Which view gave an input; None for what callers send themselves."""
        for at, view in enumerate(self.contract.views):
            if any(name == output for _feature, output, _kind in view.outputs):
                return at
        return None

    def _prediction(self, offline: OfflineRow, served: ServedRow, *, cause: str) -> ParityRow:
        before, after = (_answer(outputs, target=self.target) for outputs in (offline.outputs, served.outputs))
        return ParityRow(row_id=offline.row_id, name=PREDICTION_NAME, offline=before, served=after, cause=cause)

    def _cause_of_prediction(self, gap: float, served: ServedRow) -> str:
        if served.digest != self.digest:
            return CODE
        return ROUNDING if gap <= NEAR else UNKNOWN


def _answer(outputs: Outputs, *, target: Target) -> Any:
    """What a caller is told of the row; where that is a single value, only that."""
    (answer,) = task_of(target).answers(outputs, target=target)
    return next(iter(answer.values())) if len(answer) == 1 else answer


def agree(offline: Any, served: Any) -> bool:
    """Whether two cells are the same. A missing category is null or empty, a missing number null."""
    if isinstance(offline, list) and isinstance(served, list):
        return len(offline) == len(served) and all(map(agree, offline, served))
    before, after = (None if cell == "" else cell for cell in (offline, served))
    if before is None or after is None or isinstance(before, str) or isinstance(after, str):
        return before == after
    return bool(abs(before - after) <= ABSOLUTE + RELATIVE * abs(before))


def _cause_of_lookup(lookup: Mapping[str, Any], *, answer: Times | None) -> str:
    """What the look-up itself says: another row than the one that was known then, or none."""
    if lookup["status"] == "expired":
        return TTL
    if lookup["status"] == "not_found":
        return KEY if answer is not None else ""
    return LATE if answer != (lookup["event_us"], lookup["created_us"]) else ""


def _cause_of_values(before: Any, after: Any) -> str:
    if before is None or after is None:
        return MISSING
    if isinstance(before, list) or isinstance(after, list):
        return UNKNOWN
    if isinstance(before, str) != isinstance(after, str):
        return ROUNDING
    if isinstance(before, str):
        return ROUNDING if before.strip().casefold() == after.strip().casefold() else UNKNOWN
    return ROUNDING if _single(before) == _single(after) or _is_near(before, after) else UNKNOWN


def _is_near(before: float, after: float) -> bool:
    return abs(before - after) <= NEAR * max(abs(before), abs(after))


def _single(value: float) -> float:
    """The value as a number of four bytes holds it."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return value
