"""Columns of Parquet files that are read in parts, as often as it takes: what is said of a column never needs all of it
in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.foundation.parquet import row_groups
from core.lake.cells import value_of
from core.lake.finite import finite

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class ColumnSource:
    """Some columns of the rows in some files."""

    paths: Sequence[Path]
    names: Sequence[str]

    @property
    def schema(self) -> "pa.Schema":
        """The types of the columns; their names are c0, c1 and so on, which need no quotes."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        stored = pq.ParquetFile(self.paths[0]).schema_arrow
        return pa.schema([(f"c{at}", stored.field(name).type) for at, name in enumerate(self.names)])

    def batches(self) -> "Iterator[pa.RecordBatch]":
        schema = self.schema
        for table in row_groups(self.paths, columns=list(self.names)):
            yield from table.rename_columns(schema.names).to_batches()

    def parts(self) -> "Iterator[pa.Array]":
        """The values of the first column, nulls among them."""
        return (batch.column(0) for batch in self.batches())


@dataclass(frozen=True)
class Ends:
    """Rows, nulls and finite values of a column, and the least and the largest of these values; None where it has none.
    NaN and infinity have no place on an axis."""

    rows: int
    nulls: int
    values: int
    minimum: Any
    maximum: Any

    @property
    def not_finite(self) -> int:
        return self.rows - self.nulls - self.values


def ends_of(source: ColumnSource) -> Ends:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = nulls = count = 0
    # Ends are compared in Arrow: it orders the times that Python has no values for.
    ends: list[pa.Array] = []
    for part in source.parts():
        values = finite(part)
        rows, nulls, count = rows + len(part), nulls + part.null_count, count + len(values)
        if len(values):
            ends += [pa.repeat(end, 1) for end in pc.min_max(values).values()]
    whole = pc.min_max(pa.chunked_array(ends, source.schema.field(0).type))
    return Ends(rows, nulls, count, value_of(whole["min"]), value_of(whole["max"]))


def numbers(source: ColumnSource) -> "Iterator[np.ndarray]":
    """The finite values of a column of numbers or times as doubles, in parts of one at least; times are microseconds
    since 1970."""
    import pyarrow as pa

    for part in source.parts():
        values = finite(part)
        if pa.types.is_temporal(values.type):
            values = values.cast(pa.timestamp("us")).cast(pa.int64())
        if len(values):
            yield values.cast(pa.float64(), safe=False).to_numpy()
