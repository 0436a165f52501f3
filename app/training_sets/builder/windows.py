"""Windows of time that have the wanted shares of the rows, in whole days."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import accumulate

from core.features.training_sets.proposals.values import DayRows
from core.features.training_sets.values import Split

DAY = timedelta(days=1)
PRESETS: dict[str, Mapping[str, float]] = {
    "70 / 15 / 15": {"train": 0.7, "validation": 0.15, "test": 0.15},
    "80 / 10 / 10": {"train": 0.8, "validation": 0.1, "test": 0.1},
    "80 / 20": {"train": 0.8, "test": 0.2},
    "100": {"train": 1.0},
}


def windows_of(
    days: Sequence[DayRows], shares: Mapping[str, float], *, days_each: int = 1, gap: int = 0
) -> tuple[Split, ...]:
    """Windows after each other with about these shares of the rows; between two of them lie `gap` days in no split. Of
    too few days for that, what there is room for."""
    total, ends = sum(day.rows for day in days), list(accumulate(shares.values()))
    counted = list(accumulate(day.rows for day in days))
    last = days[-1].day + days_each * DAY
    start, splits = days[0].day, []
    for name, share in zip(shares, ends, strict=True):
        reached = next((day.day for day, rows in zip(days, counted, strict=True) if rows > share * total), last)
        end = last if share >= ends[-1] - 1e-9 else max(reached, start + DAY)
        if start < end <= last:
            splits.append(Split(name=name, start=start, end=end))
            start = end + gap * DAY
    return tuple(splits)


def with_gap(splits: Sequence[Split], gap: int) -> tuple[Split, ...]:
    """The same windows with so many days between them, taken from the later one."""
    ordered = sorted(splits, key=lambda split: split.start)
    changed = list(ordered[:1])
    for split in ordered[1:]:
        start = min(changed[-1].end + gap * DAY, split.end - DAY)
        changed.append(split.model_copy(update={"start": start}))
    return tuple(changed)


def gap_of(splits: Sequence[Split]) -> int:
    """The days between the first two windows."""
    ordered = sorted(splits, key=lambda split: split.start)
    return (ordered[1].start - ordered[0].end).days if len(ordered) > 1 else 0
