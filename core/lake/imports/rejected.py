"""The rows that an import left out, as a file of the store: by line, with what stands there and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.parquet import read_parquet, write_parquet
from core.foundation.text import _, thousands
from core.foundation.values import Listing
from core.lake.readers.table_stream import MOST_LISTED, Reject
from core.lake.values import RejectedRow

if TYPE_CHECKING:
    import pyarrow as pa


def write_rejects(rejects: Sequence[Reject], path: Path) -> list[str]:
    """Writes the file, and returns what a person should know of it."""
    schema = _schema()
    write_parquet([_batch(rejects)], path, schema=schema)
    if len(rejects) < MOST_LISTED:
        return []
    return [_("Only the first {count} rows that were left out are listed.").format(count=thousands(MOST_LISTED))]


def read_rejects(path: Path, *, offset: int, limit: int) -> Listing[RejectedRow]:
    table = read_parquet(path)
    rows = table.slice(offset, limit).to_pylist()
    return Listing(items=tuple(RejectedRow(**row) for row in rows), total=table.num_rows, offset=offset, limit=limit)


def _schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema({"line": pa.int64(), **dict.fromkeys(Reject._fields[1:], pa.string())})


def _batch(rejects: Sequence[Reject]) -> "pa.RecordBatch":
    import pyarrow as pa

    columns = zip(*rejects, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _schema(), strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_schema())
