"""Parquet files with a checksum on every page, written here and verified when read here. Rows
never cross a border between engines, jobs and the lake in any other form."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 122_880
COMPRESSION = "zstd"


def write_parquet(
    batches: "Iterable[pa.RecordBatch]", path: Path, *, schema: "pa.Schema", most_rows: int = 2**40
) -> int:
    """Writes the batches and returns the number of rows. Invalid above `most_rows`; the partial file is removed."""
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(path, schema, compression=COMPRESSION, write_page_checksum=True) as writer:
        for table in _row_groups(batches, schema):
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

    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
    except OSError as error:
        raise Unavailable(_("A data file is damaged"), hint=_("Restore it from a backup.")) from error


def read_parquets(paths: Sequence[Path], *, columns: list[str] | None = None) -> "pa.Table":
    """The rows of some files with the same columns, in the files' order, checked like `read_parquet`."""
    import pyarrow as pa

    return pa.concat_tables([read_parquet(path, columns=columns) for path in paths])


def row_count(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).metadata.num_rows)


def _row_groups(batches: "Iterable[pa.RecordBatch]", schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Small batches gathered into tables of about one row group."""
    import pyarrow as pa

    gathered: list[pa.RecordBatch] = []
    for batch in batches:
        gathered.append(batch)
        if sum(item.num_rows for item in gathered) >= ROW_GROUP:
            yield pa.Table.from_batches(gathered, schema=schema)
            gathered = []
    yield pa.Table.from_batches(gathered, schema=schema)
