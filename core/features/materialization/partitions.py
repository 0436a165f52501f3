"""Which days of a feature version's rows have to be computed again. A day's rows depend on the source files whose rows
lie between its look-back and its end; the digests of exactly those files are written down with the rows. When they are
others, because days were added, late rows came into old ones or files were replaced, the day is computed anew, and no
other.

Sources may be partitioned by another time than the event time (an order is filed under the day it was placed, and its
price is known when it was paid), so a day more is read on both sides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from core.foundation.digests import digest_of
from core.lake.values import Snapshot, SnapshotFile

DAY = timedelta(days=1)
SLACK = 1
# The one part of a version whose rows cannot be told apart by days.
WHOLE = ""
# More time windows than these cost more to start than to read what lies between them.
MOST_TIME_WINDOWS = 4
FORM = 1


@dataclass(frozen=True)
class SourceFile:
    """A file of a source: the source's name in the query, and where the file stands among its files."""

    source: str
    number: int
    digest: str


@dataclass(frozen=True)
class Part:
    """The rows of a day, named by it, or all rows under the name "". `sources` is the digest of what they came from."""

    name: str
    files: tuple[SourceFile, ...]
    sources: str


@dataclass(frozen=True)
class TimeWindow:
    """Parts that are computed together, from the files that any of them needs. `until` is excluded; None is open."""

    parts: tuple[Part, ...]
    start: datetime | None
    until: datetime | None

    @property
    def files(self) -> tuple[SourceFile, ...]:
        source_files = {file for part in self.parts for file in part.files}
        return tuple(sorted(source_files, key=lambda file: (file.source, file.number)))


def parts_of(snapshots: Mapping[str, Snapshot], *, lookback_seconds: int, code: str) -> dict[str, Part]:
    """Every part that the snapshots give, by name, the earliest first. `code` is the digest of the version. Without a
    look-back a row may depend on all rows, so there is one part only."""
    files = [
        (SourceFile(name, number, file.digest), _span(file))
        for name, snapshot in sorted(snapshots.items())
        for number, file in enumerate(snapshot.files)
    ]
    if not lookback_seconds or not any(span for _file, span in files):
        return {WHOLE: _part(WHOLE, [file for file, _span_ in files], code)}
    back = -(-lookback_seconds // 86_400)
    needed: dict[date, list[SourceFile]] = {}
    for file, span in files:
        for day in _reached(span, back) if span else ():
            needed.setdefault(day, []).append(file)
    always = [file for file, span in files if span is None]
    return {str(day): _part(str(day), [*always, *needed[day]], code) for day in sorted(needed)}


def time_windows_of(parts: Mapping[str, Part], *, known: Mapping[str, str]) -> tuple[TimeWindow, ...]:
    """The parts that are not yet known with these sources, gathered into a few time windows."""
    changed = [part for part in parts.values() if known.get(part.name) != part.sources]
    if not changed:
        return ()
    if len(changed) == len(parts):
        return (TimeWindow(tuple(changed), None, None),)
    runs = _runs([date.fromisoformat(part.name) for part in changed])
    while len(runs) > MOST_TIME_WINDOWS:
        runs = _closer(runs)
    return tuple(_time_window(parts, first, last) for first, last in runs)


def gone(parts: Mapping[str, Part], *, known: Iterable[str]) -> tuple[str, ...]:
    """Known parts that the snapshots no longer give."""
    return tuple(sorted(set(known) - parts.keys()))


def _span(file: SnapshotFile) -> tuple[date, date] | None:
    """First and last day of a file's rows; None for a file that is not split by time."""
    if not file.partition:
        return None
    first = date.fromisoformat(file.partition if len(file.partition) > len("2013-07") else f"{file.partition}-01")
    if len(file.partition) > len("2013-07"):
        return first, first
    return first, (first.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def _reached(span: tuple[date, date], back: int) -> Iterable[date]:
    first, last = span[0] - SLACK * DAY, span[1] + (back + SLACK) * DAY
    return (first + number * DAY for number in range((last - first).days + 1))


def _part(name: str, files: Sequence[SourceFile], code: str) -> Part:
    named = sorted((file.source, file.digest) for file in files)
    return Part(name, tuple(files), digest_of({"form": FORM, "code": code, "files": [list(pair) for pair in named]}))


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    runs = [(days[0], days[0])]
    for before, day in pairwise(days):
        runs = [*runs[:-1], (runs[-1][0], day)] if day - before == DAY else [*runs, (day, day)]
    return runs


def _closer(runs: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """The runs with the two that lie nearest to each other made one."""
    at = min(range(len(runs) - 1), key=lambda number: runs[number + 1][0] - runs[number][1])
    return [*runs[:at], (runs[at][0], runs[at + 1][1]), *runs[at + 2 :]]


def _time_window(parts: Mapping[str, Part], first: date, last: date) -> TimeWindow:
    days = [str(first + number * DAY) for number in range((last - first).days + 1)]
    return TimeWindow(tuple(parts[day] for day in days if day in parts), _midnight(first), _midnight(last + DAY))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
