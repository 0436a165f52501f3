"""How rows come out of Spark. The cluster writes them in their order as many files in one folder, so that neither its
driver nor the job ever holds them all; the job then makes one file of them, with checksums, as everything in the store
is."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.parquet import write_parquet
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


def write_parts(rows: "DataFrame", folder: Path) -> None:
    rows.write.mode("overwrite").parquet(str(folder))


def parts_in(folder: Path) -> tuple[Path, ...]:
    """The files that Spark wrote, in the order of its rows."""
    return tuple(sorted(folder.glob("part-*.parquet")))


def gather(rows: "DataFrame", path: Path, *, schema: "pa.Schema") -> None:
    """Writes the rows to `path` with the columns and types of `schema`. Invalid for a value that does not fit."""
    folder = path.with_name(f"{path.name}.parts")
    write_parts(rows, folder)
    write_parquet(_batches(folder, schema), path, schema=schema)
    shutil.rmtree(folder)


def _batches(folder: Path, schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    import pyarrow.parquet as pq

    for part in parts_in(folder):
        file = pq.ParquetFile(part, page_checksum_verification=True)
        yield from (_cast(batch, schema) for batch in file.iter_batches())


def _cast(batch: "pa.RecordBatch", schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    try:
        return batch.cast(schema)
    except pa.ArrowInvalid as error:
        raise Invalid(_("Spark gives another type: {why}").format(why=str(error)[:200]), field="sql") from error
