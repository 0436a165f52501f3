"""An import from its source to the files and the report, as the job does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.parquet import row_count
from core.foundation.text import _
from core.lake.column_types import MOMENTS, type_name
from core.lake.import_values import ImportChoices
from core.lake.imports.job_spec import REJECTED, UPLOAD, Base, ImportResult, ImportSpec
from core.lake.imports.rejected import write_rejects
from core.lake.imports.snapshot_files import describe, merged, write_files, write_tables
from core.lake.imports.warnings import of_columns, of_table
from core.lake.places.place import Visit
from core.lake.places.table import place_of
from core.lake.profiles.profile import preview_files
from core.lake.readers.casting import cast_table, cast_words, casted_schema
from core.lake.readers.dispatch import read_file
from core.lake.readers.reader import Workspace as ReaderWorkspace
from core.lake.readers.table_stream import ProgressCallback, Reading, ignore_progress
from core.lake.readers.time_zones import ZoneRules, check_known
from core.lake.values import ImportReport, StagedSnapshot

STAGED = "rows.parquet"
PREVIEW_ROWS = 50


@dataclass(frozen=True)
class Workspace:
    """What a reading works with: its inputs, where its outputs go, the instant after which times lie in the future (ISO
    8601), what its place lets it in with, and where it reports how far it is."""

    inputs: Mapping[str, Path]
    outputs: Path
    now: str
    access: Mapping[str, Any] = field(default_factory=dict)
    on_progress: ProgressCallback = ignore_progress

    def part(self, start: float, end: float) -> ProgressCallback:
        """Reports the shares of a part of the work as shares of the whole."""
        return lambda share, stage: self.on_progress(start + (end - start) * share, stage)


def read_import(job_spec: ImportSpec, workspace: Workspace) -> ImportResult:
    """Reads the source and leaves its Parquet files in the outputs. Raises Invalid in words for whatever cannot be
    read."""
    with TemporaryDirectory(dir=workspace.outputs) as folder:
        reading, marks = _open(job_spec, workspace, Path(folder))
        _stage(reading, job_spec, workspace.outputs / STAGED)
    staged = workspace.outputs / STAGED
    known = marks | job_spec.choices.known
    check_known(_types(staged), known)
    of_column = of_columns(staged, now=workspace.now)
    warnings = [*reading.warnings, *of_table(staged, of_column, key=job_spec.choices.key), *chain(*of_column.values())]
    if reading.rejects:
        warnings += write_rejects(reading.rejects, workspace.outputs / REJECTED)
    read = row_count(staged)
    written = write_files(staged, workspace.outputs, choices=job_spec.choices)
    if job_spec.base.files:
        check_fits(_types(staged), job_spec.base)
        written = merged(written, job_spec.base.files, inputs=workspace.inputs, outputs=workspace.outputs)
    paths = [workspace.outputs / item.name if item.name else workspace.inputs[item.file.digest] for item in written]
    columns, profile = describe(paths, known=known, spill=workspace.outputs, on_progress=workspace.part(0.7, 1.0))
    report = ImportReport(
        rows_read=read + reading.rejected,
        rows_rejected=reading.rejected,
        reasons=tuple(reading.reasons),
        choices=tuple(reading.choices),
        warnings=tuple(warnings),
        columns=columns,
        unfit=reading.unfit,
        missing_words=reading.missing_words,
        exact_types=reading.exact_types,
        is_text=reading.is_text,
        readings=reading.readings,
        renamed=reading.renamed,
        sheets=reading.sheets,
        encoding=reading.encoding,
        notes={name: (*reading.notes.get(name, ()), *lines) for name, lines in of_column.items()},
    )
    staged_snapshot = StagedSnapshot(
        digest="",
        files=tuple(item.file for item in written),
        columns=columns,
        report=report,
        profile=profile,
        key=job_spec.choices.key,
        base=job_spec.base.snapshot_id,
        form=reading.form,
    )
    preview = preview_files(paths, limit=PREVIEW_ROWS)
    return ImportResult(kept=staged_snapshot, written=written, preview=preview, items=reading.items)


def _open(job_spec: ImportSpec, workspace: Workspace, folder: Path) -> tuple[Reading, dict[str, str]]:
    """The rows of the source, and which of its columns are known late."""
    source, choices, on_progress = job_spec.source, _as_base(job_spec), workspace.part(0.0, 0.7)
    if source.kind != "upload":
        visit = Visit(folder, access=workspace.access, choices=choices, on_progress=on_progress)
        return place_of(source).read(source.name, visit)
    into = ReaderWorkspace(choices, outputs=workspace.outputs, spill=folder, on_progress=on_progress)
    return read_file(workspace.inputs[UPLOAD], name=source.name, workspace=into), {}


def _as_base(job_spec: ImportSpec) -> ImportChoices:
    """The choices by which texts are read. They have the types of the rows that they are appended to, but for instants,
    which say by what zone they are read."""
    before = {column.name: column.type for column in job_spec.base.columns if column.type not in MOMENTS}
    return job_spec.choices.model_copy(update={"types": before | job_spec.choices.types})


def _stage(reading: Reading, job_spec: ImportSpec, staged: Path) -> None:
    """All rows as one Parquet file, in their types and with their instants."""
    schema = casted_schema(reading.schema, job_spec.choices)
    rules = ZoneRules(job_spec.choices.zones, schema)
    parts = (rules.apply(cast_table(table, job_spec.choices)) for table in reading.tables)
    write_tables(parts, staged, schema=rules.schema(schema))
    reading.choices += [*cast_words(reading.schema, job_spec.choices), *rules.words()]


def _types(staged: Path) -> dict[str, str]:
    import pyarrow.parquet as pq

    return {field.name: type_name(field.type) for field in pq.ParquetFile(staged).schema_arrow}


def check_fits(after: Mapping[str, str], base: Base) -> None:
    """Rows can be appended to rows with the same columns. `after` are the types of the new rows by column."""
    before = {column.name: column.type for column in base.columns}
    new = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    other = [name for name, kind in after.items() if name in before and before[name] != kind]
    if not (new or gone or other) and list(before) == list(after):
        return
    differences = [
        _("new: {names}").format(names=", ".join(new)) if new else "",
        _("missing: {names}").format(names=", ".join(gone)) if gone else "",
        *(
            _("{name} is {now} and was {before}").format(name=name, now=after[name], before=before[name])
            for name in other
        ),
    ]
    raise Invalid(
        _("The columns are not those of the rows before: {what}").format(
            what="; ".join(filter(None, differences)) or _("they stand in another order")
        ),
        hint=_("Choose their types as they were, or replace the rows instead of appending."),
        field="mode",
    )
