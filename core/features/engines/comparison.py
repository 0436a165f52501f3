"""Two files with the same rows, compared column by column: in how many rows the values differ, and by how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Difference:
    """`rows` of `of` differ (null against a value too); `distance` is the sum of |left - right| over the `pairs` of
    rows in which both are numbers."""

    rows: int = 0
    of: int = 0
    distance: float = 0.0
    pairs: int = 0

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(
            self.rows + other.rows, self.of + other.of, self.distance + other.distance, self.pairs + other.pairs
        )


def differences(pairs: Iterable[tuple[Path, Path]], columns: Sequence[str]) -> dict[str, Difference]:
    """The differences of each column over all pairs of files, whose rows are in the same order."""
    by_column = dict.fromkeys(columns, Difference())
    for left, right in pairs:
        for column in columns:
            by_column[column] += _difference(left, right, column)
    return by_column


def _difference(left: Path, right: Path, column: str) -> Difference:
    import polars as pl

    values, others = (pl.read_parquet(path, columns=[column], glob=False)[column] for path in (left, right))
    unequal = int(values.ne_missing(others).sum())
    if not values.dtype.is_numeric():
        return Difference(rows=unequal, of=len(values))
    apart = (values - others).abs().drop_nulls().drop_nans()
    return Difference(rows=unequal, of=len(values), distance=float(apart.sum()), pairs=len(apart))
