"""From rows on their way in to the files of a snapshot: Parquet, split by time where somebody asked for it. Nothing
here holds more than one part of the rows, or one column of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquets, row_count, write_parquet
from core.foundation.text import _
from core.foundation.values import Value
from core.lake.arrow_types import MOMENTS, type_name
from core.lake.import_orders import WrittenFile
from core.lake.import_values import ImportChoices, Partition
from core.lake.profile import profile_column
from core.lake.reading import Tell
from core.lake.values import ColumnProfile, ColumnSpec, SnapshotFile

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
NO_TIME = "none"
MOST_PARTITIONS = 4000


class SnapshotManifest(Value):
    """What a snapshot's digest covers: the bytes of its files in their order, and what its columns mean."""

    files: tuple[SnapshotFile, ...]
    columns: tuple[ColumnSpec, ...]


def write_files(staged: Path, outputs: Path, *, choices: ImportChoices) -> tuple[WrittenFile, ...]:
    """The files of a snapshot made of the rows in one Parquet file: that file, or one for each stretch of time."""
    if not choices.partition:
        return (_written(staged, ""),)
    _check_partition(staged, choices)
    stretches = _stretches(staged, choices)
    if len(stretches) > MOST_PARTITIONS:
        raise Invalid(
            _("The rows lie in {count} stretches of time, more than {most}").format(
                count=len(stretches), most=MOST_PARTITIONS
            ),
            hint=_("Split by month, or not at all."),
            field="choices.partition",
        )
    return tuple(_write_stretch(staged, outputs, name, choices) for name in stretches)


def merged(
    written: Sequence[WrittenFile], base: Sequence[SnapshotFile], *, inputs: Mapping[str, Path], outputs: Path
) -> tuple[WrittenFile, ...]:
    """The files of the base with the new ones after them. A stretch of time that has rows in both is one new file; all
    others stay the very files they are."""
    if not any(item.file.partition for item in written):
        return (*(WrittenFile(name="", file=file) for file in base), *written)
    fresh = {item.file.partition: item for item in written}
    grown = {file.partition: fresh[file.partition] for file in base if file.partition in fresh}
    for file in base:
        if file.partition in grown:
            grown[file.partition] = _joined(inputs[file.digest], outputs, grown[file.partition])
    old = [WrittenFile(name="", file=file) for file in base if file.partition not in fresh]
    return tuple(sorted((*old, *(fresh | grown).values()), key=lambda item: item.file.partition))


def describe(
    paths: Sequence[Path], *, known: Mapping[str, str], tell: Tell
) -> tuple[tuple[ColumnSpec, ...], tuple[ColumnProfile, ...]]:
    """The columns of a table in several files and their distributions, one column at a time."""
    import pyarrow.parquet as pq

    schema = pq.ParquetFile(paths[0]).schema_arrow
    rows = sum(row_count(path) for path in paths)
    specs, profiles = [], []
    for position, field in enumerate(schema, start=1):
        column = read_parquets(paths, columns=[field.name]).column(0)
        share = round(column.null_count / rows, 6)
        specs.append(
            ColumnSpec(name=field.name, type=type_name(field.type), null_share=share, known=known.get(field.name, ""))
        )
        profiles.append(profile_column(field.name, column))
        tell(position / len(schema), _("Measuring columns"))
    return tuple(specs), tuple(profiles)


def tables_of(path: Path) -> "Iterator[pa.Table]":
    """The rows of a Parquet file in parts, every page checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, page_checksum_verification=True)
    for batch in file.iter_batches():
        yield pa.Table.from_batches([batch])


def write_tables(tables: "Iterable[pa.Table]", path: Path, schema: "pa.Schema") -> None:
    write_parquet((batch for table in tables for batch in table.to_batches()), path, schema=schema)


def _written(path: Path, partition: str) -> WrittenFile:
    file = SnapshotFile(digest="", rows=row_count(path), bytes=path.stat().st_size, partition=partition)
    return WrittenFile(name=path.name, file=file)


def _check_partition(staged: Path, choices: ImportChoices) -> None:
    import pyarrow.parquet as pq

    types = {field.name: type_name(field.type) for field in pq.ParquetFile(staged).schema_arrow}
    if types.get(choices.partition_by) not in (*MOMENTS, "DATE"):
        raise Invalid(
            _("{name} is no column of times").format(name=repr(choices.partition_by[:60])),
            hint=_("Rows are split over files by a column of times or days."),
            field="choices.partition_by",
        )


def _stretches(staged: Path, choices: ImportChoices) -> list[str]:
    found: set[str] = set()
    for table in tables_of(staged):
        found |= set(_stretch_of(table.column(choices.partition_by), choices.partition).unique().to_pylist())
    return sorted(found)


def _stretch_of(column: "pa.ChunkedArray", partition: Partition) -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    return pc.fill_null(pc.strftime(column, FORMATS[partition]), NO_TIME)


def _write_stretch(staged: Path, outputs: Path, name: str, choices: ImportChoices) -> WrittenFile:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = outputs / f"rows-{name}.parquet"
    rows = (
        table.filter(pc.equal(_stretch_of(table.column(choices.partition_by), choices.partition), name))
        for table in tables_of(staged)
    )
    write_tables(rows, path, pq.ParquetFile(staged).schema_arrow)
    return _written(path, name)


def _joined(before: Path, outputs: Path, after: WrittenFile) -> WrittenFile:
    import pyarrow.parquet as pq

    added = outputs / after.name
    path = added.with_name(f"grown-{added.name}")
    rows = (table for source in (before, added) for table in tables_of(source))
    write_tables(rows, path, pq.ParquetFile(added).schema_arrow)
    added.unlink()
    return _written(path, after.file.partition)
