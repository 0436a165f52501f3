"""From rows on their way in to the files of a snapshot: Parquet, split by time where somebody asked for it. Nothing
here holds more than one part of the rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.parquet import row_count, write_parquet
from core.foundation.text import _
from core.foundation.values import Value
from core.lake.column_types import MOMENTS, type_name
from core.lake.finite import in_calendar
from core.lake.import_values import ImportChoices, Partition
from core.lake.imports.job_spec import WrittenFile
from core.lake.profiles.profile import profile_files
from core.lake.readers.table_stream import ProgressCallback
from core.lake.values import ColumnProfile, ColumnSpec, SnapshotFile

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
NO_TIME = "none"
# Every partition has an open file while the rows are split.
MOST_PARTITIONS = 800


class SnapshotManifest(Value):
    """What a snapshot's digest covers: the bytes of its files in their order, and what its columns mean."""

    files: tuple[SnapshotFile, ...]
    columns: tuple[ColumnSpec, ...]


def write_files(staged: Path, outputs: Path, *, choices: ImportChoices) -> tuple[WrittenFile, ...]:
    """The files of a snapshot made of the rows in one Parquet file: that file, or one for each time window."""
    if not choices.partition:
        return (_written(staged, ""),)
    _check_partition(staged, choices)
    with TemporaryDirectory(dir=outputs) as folder:
        split = _split(staged, Path(folder), choices)
        return tuple(_canonical(path, outputs, name) for name, path in sorted(split.items()))


def merged(
    written: Sequence[WrittenFile], base: Sequence[SnapshotFile], *, inputs: Mapping[str, Path], outputs: Path
) -> tuple[WrittenFile, ...]:
    """The files of the base with the new ones after them. A time window that has rows in both is one new file; all
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
    paths: Sequence[Path], *, known: Mapping[str, str], spill: Path, on_progress: ProgressCallback
) -> tuple[tuple[ColumnSpec, ...], tuple[ColumnProfile, ...]]:
    """The columns of a table in several files and their distributions."""
    import pyarrow.parquet as pq

    schema = pq.ParquetFile(paths[0]).schema_arrow
    rows = sum(row_count(path) for path in paths)
    profiles = []
    for profile in profile_files(paths, spill=spill):
        profiles.append(profile)
        on_progress(len(profiles) / len(schema), _("Measuring columns"))
    specs = [
        ColumnSpec(
            name=field.name,
            type=type_name(field.type),
            null_share=round(profile.nulls / rows, 6),
            known=known.get(field.name, ""),
        )
        for field, profile in zip(schema, profiles, strict=True)
    ]
    return tuple(specs), tuple(profiles)


def tables_of(path: Path) -> "Iterator[pa.Table]":
    """The rows of a Parquet file in parts, every page checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, page_checksum_verification=True)
    for batch in file.iter_batches():
        yield pa.Table.from_batches([batch])


def write_tables(tables: "Iterable[pa.Table]", path: Path, *, schema: "pa.Schema") -> None:
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


def _split(staged: Path, folder: Path, choices: ImportChoices) -> dict[str, Path]:
    """The rows of every time window in a file of its own, in one pass over all of them."""
    import pyarrow.parquet as pq

    schema = pq.ParquetFile(staged).schema_arrow
    writers: dict[str, Any] = {}
    with ExitStack() as stack:
        for name, rows in _slices(staged, choices):
            if name not in writers:
                _check_count(len(writers) + 1)
                writers[name] = stack.enter_context(pq.ParquetWriter(folder / name, schema))
            writers[name].write_table(rows)
    return {name: folder / name for name in writers}


def _slices(staged: Path, choices: ImportChoices) -> "Iterator[tuple[str, pa.Table]]":
    import pyarrow.compute as pc

    for table in tables_of(staged):
        partitions = _partition_of(table.column(choices.partition_by), choices.partition)
        for name in partitions.unique().to_pylist():
            yield name, table.filter(pc.equal(partitions, name))


def _check_count(partitions: int) -> None:
    if partitions > MOST_PARTITIONS:
        raise Invalid(
            _("The rows lie in more than {most} time windows").format(most=MOST_PARTITIONS),
            hint=_("Split by month, or not at all."),
            field="choices.partition",
        )


def _canonical(path: Path, outputs: Path, name: str) -> WrittenFile:
    """The same rows in row groups that do not depend on what stood before them, so that the same rows are the same
    bytes."""
    import pyarrow.parquet as pq

    target = outputs / f"rows-{name}.parquet"
    write_tables(tables_of(path), target, schema=pq.ParquetFile(path).schema_arrow)
    return _written(target, name)


def _partition_of(column: "pa.ChunkedArray", partition: Partition) -> "pa.ChunkedArray":
    """The time windows of times; those outside the years 1 to 9999 have none."""
    import pyarrow.compute as pc

    return pc.if_else(pc.fill_null(in_calendar(column), False), pc.strftime(column, FORMATS[partition]), NO_TIME)


def _joined(before: Path, outputs: Path, after: WrittenFile) -> WrittenFile:
    import pyarrow.parquet as pq

    added = outputs / after.name
    path = added.with_name(f"grown-{added.name}")
    rows = (table for source in (before, added) for table in tables_of(source))
    write_tables(rows, path, schema=pq.ParquetFile(added).schema_arrow)
    added.unlink()
    return _written(path, after.file.partition)
