"""What a table looks like: the distribution of every column, and its first rows. Both are made once, when the table
comes in or is built, so that a page reads them from the database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.lake.arrow_types import type_name
from core.lake.values import ColumnProfile, TablePreview

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BINS = 20
MOST_TEXT = 120
Kind = Literal["number", "text", "time", "boolean"]
Bins = tuple[tuple[str, int], ...]


def profile_table(table: "pa.Table") -> tuple[ColumnProfile, ...]:
    """The profile of every column of a table in the types of the lake."""
    return tuple(profile_column(name, table.column(name)) for name in table.column_names)


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
    rows_shown = zip(*([shown(cell) for cell in column.to_pylist()] for column in table.columns), strict=True)
    return TablePreview(
        columns=tuple(table.column_names),
        types=tuple(type_name(column.type) for column in table.columns),
        rows=tuple(rows_shown),
        total=file.metadata.num_rows,
    )


def preview_file(path: Path, *, limit: int, columns: list[str] | None = None) -> TablePreview:
    """The first rows of a Parquet file, every cell as a JSON value."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, page_checksum_verification=True)
    batches = file.iter_batches(batch_size=limit, columns=columns)
    head = pa.Table.from_batches(list(_first(batches)), schema=_schema(file.schema_arrow, columns)).slice(0, limit)
    rows = zip(*([shown(cell) for cell in column.to_pylist()] for column in head.columns), strict=True)
    return TablePreview(
        columns=tuple(head.column_names),
        types=tuple(type_name(column.type) for column in head.columns),
        rows=tuple(rows),
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


def shown(cell: Any) -> Any:
    """A cell as a JSON value. Times are ISO 8601; NaN and infinity are their names, since JSON has none."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z") if cell.tzinfo else cell.isoformat()
    if isinstance(cell, date | Decimal):
        return str(cell)
    if isinstance(cell, float) and not abs(cell) < float("inf"):
        return str(cell)
    return cell


def _first(batches: Any) -> Any:
    yield from (batch for batch, _one in zip(batches, range(1), strict=False))


def _schema(schema: "pa.Schema", columns: list[str] | None) -> "pa.Schema":
    import pyarrow as pa

    return schema if columns is None else pa.schema([field for field in schema if field.name in set(columns)])


def profile_column(name: str, column: "pa.ChunkedArray") -> ColumnProfile:
    """The profile of one column."""
    import pyarrow.compute as pc

    kind = _kind(column.type)
    values = _finite(column.drop_null())
    ends = pc.min_max(values) if len(values) else {"min": None, "max": None}
    minimum, maximum = (end.as_py() if end is not None else None for end in (ends["min"], ends["max"]))
    distinct, bins = _counted(values) if kind in ("text", "boolean") else (_distinct(column), _bins(values, kind))
    return ColumnProfile(
        name=name,
        kind=kind,
        nulls=column.null_count,
        distinct=distinct,
        minimum=_text(minimum),
        maximum=_text(maximum),
        mean=float(pc.mean(values).as_py()) if kind == "number" and len(values) else None,
        bins=bins,
    )


def _kind(data_type: "pa.DataType") -> Kind:
    import pyarrow as pa

    if pa.types.is_boolean(data_type):
        return "boolean"
    if pa.types.is_temporal(data_type):
        return "time"
    return "text" if pa.types.is_string(data_type) else "number"


def _finite(values: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Without NaN and infinity, which have no place on an axis."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return values.filter(pc.is_finite(values)) if pa.types.is_floating(values.type) else values


def _text(end: Any) -> str:
    return "" if end is None else str(shown(end))[:MOST_TEXT]


def _distinct(column: "pa.ChunkedArray") -> int:
    import pyarrow.compute as pc

    return int(pc.count_distinct(column, mode="only_valid").as_py())


def _bins(values: "pa.ChunkedArray", kind: Kind) -> Bins:
    if not len(values):
        return ()
    return _time_bins(values) if kind == "time" else _number_bins(values)


def _counted(values: "pa.ChunkedArray") -> tuple[int, Bins]:
    """How many different values there are, and the most frequent of them, from one table of counts: that table is the
    largest thing an import holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(values):
        return 0, ()
    counts = pa.Table.from_struct_array(pc.value_counts(values))
    order = pc.select_k_unstable(counts, BINS, sort_keys=[("counts", "descending"), ("values", "ascending")])
    items = counts.take(order).to_pylist()
    return len(counts), tuple((str(item["values"])[:MOST_TEXT], item["counts"]) for item in items)


def _number_bins(values: "pa.ChunkedArray") -> Bins:
    import numpy as np
    import pyarrow as pa

    numbers = values.cast(pa.float64(), safe=False).to_numpy()
    if pa.types.is_integer(values.type) and numbers.max() - numbers.min() < BINS:
        found, counts = np.unique(numbers, return_counts=True)
        return tuple((f"{number:.0f}", int(count)) for number, count in zip(found, counts, strict=True))
    counts, edges = _histogram(numbers)
    return tuple(
        (f"{low:.5g} to {high:.5g}", int(count)) for (low, high), count in zip(pairwise(edges), counts, strict=True)
    )


def _time_bins(values: "pa.ChunkedArray") -> Bins:
    import pyarrow as pa

    moments = values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    counts, edges = _histogram(moments)
    starts = pa.array(edges[:-1].astype("int64"), pa.timestamp("us")).to_pylist()
    return tuple((start.isoformat(timespec="minutes"), int(count)) for start, count in zip(starts, counts, strict=True))


def _histogram(numbers: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    low, high = float(numbers.min()), float(numbers.max())
    # Where the span is too small for twenty different edges there is one bin.
    edges = np.unique(np.linspace(low, high, BINS + 1))
    return np.histogram(numbers, bins=edges if len(edges) > 1 else [low - 0.5, low + 0.5])
