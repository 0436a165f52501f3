"""Parquet files."""

from pathlib import Path
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.column_types import MOST_COLUMNS
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import Reading
from core.lake.readers.typed_batches import typed_reading, whole_file

MOST_UNPACKED = 64 * 2**30


class ParquetReader(FileReader):
    """A table in columns with their types; Spark, pandas and DuckDB write it."""

    name = "Parquet"
    title = N_("Parquet")
    suffixes = (".parquet",)
    marks = (b"PAR1",)
    choices = ("flatten",)

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """The table of a Parquet file, its page checksums verified where it has them."""
        import pyarrow.parquet as pq

        with whole_file("Parquet"):
            # As nanoseconds, times of the old form INT96 after the year 2262 would become others.
            file = pq.ParquetFile(path, page_checksum_verification=True, coerce_int96_timestamp_unit="us")
            _check_unpacked(file.metadata)
            schema = file.schema_arrow
        reading = typed_reading(
            schema,
            file.iter_batches(),
            rows=file.metadata.num_rows,
            kind="Parquet",
            on_progress=workspace.on_progress,
            choices=workspace.choices,
        )
        reading.choices += _words_of_old_times(file.schema)
        return reading


def _words_of_old_times(schema: Any) -> list[str]:
    old = [column.path for column in map(schema.column, range(len(schema))) if column.physical_type == "INT96"]
    sentence = _("The times of {name} are INT96, an old form of Parquet; they are read to the microsecond.")
    return [sentence.format(name=name) for name in old]


def _check_unpacked(metadata: Any) -> None:
    unpacked = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if unpacked > MOST_UNPACKED:
        most = MOST_UNPACKED // 2**30
        raise Invalid(_("The file unpacks to more than {most} GB").format(most=most), field="content")
    if metadata.num_columns > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
