"""Parquet files with a checksum on every page, written here and verified when read here. Rows
never cross a border between engines, jobs and the lake in any other form."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 122_880
# Rows of long texts make smaller groups: readers hold one group at a time.
MOST_BYTES = 128 * 2**20
COMPRESSION = "zstd"


def write_parquet(
    batches: "Iterable[pa.RecordBatch]", path: Path, *, schema: "pa.Schema", most_rows: int = 2**40
) -> int:
    """Writes the batches and returns the number of rows. Invalid above `most_rows`; the partial file is removed."""
    import pyarrow.parquet as pq

    rows = 0
    written = {"compression": COMPRESSION, "write_page_checksum": True, "use_dictionary": _texts(schema)}
    with pq.ParquetWriter(path, schema, **written) as writer:
        for table in _gathered(batches, schema):
            rows += table.num_rows
            if rows > most_rows:
                break
            writer.write_table(table, row_group_size=ROW_GROUP)
    if rows > most_rows:
        path.unlink()
        raise Invalid(_("More than {rows} rows").format(rows=most_rows), hint=_("Narrow the query."))
    return rows


def read_parquet(path: Path, *, columns: list[str] | None = None) -> "pa.Table":
    """The table of a file, every page checked against its checksum. Unavailable when a page is damaged."""
    import pyarrow.parquet as pq

    return _checked(partial(pq.ParquetFile(path, page_checksum_verification=True).read, columns=columns))


def read_parquets(paths: Sequence[Path], *, columns: list[str] | None = None) -> "pa.Table":
    """The rows of some files with the same columns, in the files' order, checked like `read_parquet`."""
    import pyarrow as pa

    return pa.concat_tables([read_parquet(path, columns=columns) for path in paths])


def row_groups(paths: Sequence[Path], *, columns: list[str]) -> "Iterator[pa.Table]":
    """The rows of some files with the same columns, in the files' order, a row group at a time, checked like
    `read_parquet`."""
    import pyarrow.parquet as pq

    for path in paths:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            yield _checked(partial(file.read_row_group, group, columns=columns))


def row_count(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).metadata.num_rows)


def _texts(schema: "pa.Schema") -> list[str]:
    """The columns that are written with a dictionary: for numbers the compression alone is faster, and as small."""
    import pyarrow as pa

    return [field.name for field in schema if pa.types.is_string(field.type)]


def _gathered(batches: "Iterable[pa.RecordBatch]", schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Small batches gathered into tables of about one row group."""
    import pyarrow as pa

    gathered: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        gathered.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= ROW_GROUP or size >= MOST_BYTES:
            yield pa.Table.from_batches(gathered, schema=schema)
            gathered, rows, size = [], 0, 0
    yield pa.Table.from_batches(gathered, schema=schema)


def _checked(read: "Callable[[], pa.Table]") -> "pa.Table":
    try:
        return read()
    except OSError as error:
        raise Unavailable(_("A data file is damaged"), hint=_("Restore it from a backup.")) from error
