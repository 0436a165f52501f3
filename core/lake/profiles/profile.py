"""What a table looks like: the distribution of every column, and its first rows. Both are made once, when the table
comes in or is built, so that a page reads them from the database. What this holds of a column does not grow with its
rows, nor with how many different values it has."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from core.lake.cells import iso_moment, json_rows, shown
from core.lake.column_types import type_name
from core.lake.profiles.column_reader import ColumnSource, ends_of, numbers
from core.lake.profiles.distinct_counts import Counts, counting
from core.lake.values import ColumnProfile, TablePreview

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BINS = 20
MOST_TEXT = 120
Kind = Literal["number", "text", "time", "boolean"]
Bins = tuple[tuple[str, int], ...]


def profile_files(paths: Sequence[Path], *, spill: Path, columns: Sequence[str] = ()) -> Iterator[ColumnProfile]:
    """The profiles of the columns of a table in the types of the lake, one after another. Its rows lie in some files;
    what memory does not hold is written into the folder `spill` meanwhile."""
    import pyarrow.parquet as pq

    with counting(spill) as counts:
        for name in columns or pq.ParquetFile(paths[0]).schema_arrow.names:
            yield _profile(ColumnSource(paths, [name]), counts)


def preview_rows(path: Path, *, offset: int, limit: int) -> TablePreview:
    """Rows of a Parquet file from `offset` on, every cell as a JSON value; nothing before them is decoded but the row
    groups they begin in."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, page_checksum_verification=True)
    passed, groups = 0, []
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if passed + rows > offset and passed < offset + limit:
            groups.append((group, passed))
        passed += rows
    first = groups[0][1] if groups else 0
    table = file.read_row_groups([group for group, _begin in groups]).slice(offset - first, limit)
    return TablePreview(
        columns=tuple(table.column_names),
        types=tuple(type_name(column.type) for column in table.columns),
        rows=json_rows(table),
        total=file.metadata.num_rows,
    )


def preview_file(path: Path, *, limit: int, columns: list[str] | None = None) -> TablePreview:
    """The first rows of a Parquet file, every cell as a JSON value."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, page_checksum_verification=True)
    batches = file.iter_batches(batch_size=limit, columns=columns)
    head = pa.Table.from_batches(list(_first(batches)), schema=_schema(file.schema_arrow, columns)).slice(0, limit)
    return TablePreview(
        columns=tuple(head.column_names),
        types=tuple(type_name(column.type) for column in head.columns),
        rows=json_rows(head),
        total=file.metadata.num_rows,
    )


def preview_files(paths: Sequence[Path], *, limit: int) -> TablePreview:
    """The first rows of a table that lies in several files, in their order."""
    head = preview_file(paths[0], limit=limit)
    rows, total = list(head.rows), head.total
    for path in paths[1:]:
        part = preview_file(path, limit=limit)
        rows += part.rows[: max(0, limit - len(rows))]
        total += part.total
    return head.model_copy(update={"rows": tuple(rows), "total": total})


def _first(batches: Any) -> Any:
    yield from (batch for batch, _number in zip(batches, range(1), strict=False))


def _schema(schema: "pa.Schema", columns: list[str] | None) -> "pa.Schema":
    import pyarrow as pa

    return schema if columns is None else pa.schema([field for field in schema if field.name in set(columns)])


def _profile(source: ColumnSource, counts: Counts) -> ColumnProfile:
    data_type = source.schema.field(0).type
    kind, ends = _kind(data_type), ends_of(source)
    is_word = kind in ("text", "boolean")
    distinct, frequent = counts.values(source, most=BINS if is_word else 0)
    shape = None if is_word or ends.minimum is None else _Shape.of(source, data_type)
    return ColumnProfile(
        name=source.names[0],
        kind=kind,
        nulls=ends.nulls,
        not_finite=ends.not_finite,
        distinct=distinct,
        minimum=_text(ends.minimum),
        maximum=_text(ends.maximum),
        mean=shape.mean if shape and kind == "number" else None,
        bins=shape.bins if shape else tuple((str(value)[:MOST_TEXT], times) for value, times in frequent),
    )


def _kind(data_type: "pa.DataType") -> Kind:
    import pyarrow as pa

    if pa.types.is_boolean(data_type):
        return "boolean"
    if pa.types.is_temporal(data_type):
        return "time"
    return "text" if pa.types.is_string(data_type) else "number"


def _text(end: Any) -> str:
    return "" if end is None else str(shown(end))[:MOST_TEXT]


@dataclass(frozen=True)
class _Shape:
    """The mean of a column of numbers or times, and how its values are spread. A figure that no double holds is left
    out: the values of a double lie further apart than a double can say."""

    mean: float | None
    bins: Bins

    @classmethod
    def of(cls, source: ColumnSource, data_type: "pa.DataType") -> Self:
        """In two passes: where the bins begin and end is known after the first."""
        import pyarrow as pa

        spans = [(float(part.min()), float(part.max()), _sum(part), len(part)) for part in numbers(source)]
        lows, highs, sums, lengths = zip(*spans, strict=True)
        low, high = min(lows), max(highs)
        mean = _mean(sums, sum(lengths))
        if math.isinf(high - low):
            return cls(mean, ())
        if pa.types.is_integer(data_type) and high - low < BINS:
            return cls(mean, _whole_number_bins(source, low))
        counts, edges = _histogram(source, low, high)
        return cls(mean, _time_bins(counts, edges) if pa.types.is_temporal(data_type) else _number_bins(counts, edges))


def _sum(part: "np.ndarray") -> float:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return float(part.sum())


def _mean(sums: Sequence[float], count: int) -> float | None:
    """None where the sum is more than a double holds."""
    if not all(map(math.isfinite, sums)):
        return None
    try:
        return math.fsum(sums) / count
    except OverflowError:
        return None


def _whole_number_bins(source: ColumnSource, low: float) -> Bins:
    import numpy as np

    counts = np.zeros(BINS, dtype=int)
    for part in numbers(source):
        counts += np.bincount((part - low).astype(int), minlength=BINS)
    return tuple((f"{low + step:.0f}", int(count)) for step, count in enumerate(counts) if count)


def _number_bins(counts: "np.ndarray", edges: "np.ndarray") -> Bins:
    return tuple(
        (f"{low:.5g} to {high:.5g}", int(count)) for (low, high), count in zip(pairwise(edges), counts, strict=True)
    )


def _time_bins(counts: "np.ndarray", edges: "np.ndarray") -> Bins:
    starts = edges[:-1].astype("int64").tolist()
    return tuple(
        (iso_moment(start, timespec="minutes"), int(count)) for start, count in zip(starts, counts, strict=True)
    )


def _histogram(source: ColumnSource, low: float, high: float) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    # Where the span is too small for twenty different edges there is one bin.
    edges = np.unique(np.linspace(low, high, BINS + 1))
    edges = edges if len(edges) > 1 else np.array([low - 0.5, low + 0.5])
    counts = np.zeros(len(edges) - 1, dtype=int)
    for part in numbers(source):
        counts += np.histogram(part, bins=edges)[0]
    return counts, edges
