"""Rows of imports as values, and how they are found."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import col, func, select, tuple_

from core.foundation.actions.call import Call
from core.lake.column_types import DECIMAL
from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState
from core.lake.imports.outcome import NOTHING, Newest, outcome_of
from core.lake.schema_changes import schema_changes
from core.lake.tables import DatasetRow, ImportRow, SnapshotRow
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.values import ColumnSpec, StagedSnapshot, TablePreview


def import_row(call: Call, import_id: str) -> ImportRow:
    return call.session.get_one(ImportRow, import_id)


def import_of(call: Call, row: ImportRow) -> Import:
    return imports_of(call, [row])[0]


def imports_of(call: Call, rows: Sequence[ImportRow]) -> tuple[Import, ...]:
    """Imports as values. Asks as often for many as for one."""
    named = select(DatasetRow).where(col(DatasetRow.id).in_({row.dataset_id for row in rows}))
    datasets = {dataset.id: dataset for dataset in call.session.exec(named)}
    newest = _newest(call, {row.dataset_id for row in rows if row.state == ImportState.READY})
    return tuple(_value(row, datasets[row.dataset_id], newest.get(row.dataset_id, NOTHING)) for row in rows)


def _newest(call: Call, dataset_ids: Collection[str]) -> dict[str, Newest]:
    """The newest snapshot of each dataset that has one."""
    undeleted = (col(SnapshotRow.dataset_id).in_(dataset_ids), col(SnapshotRow.deleted_at).is_(None))
    last = select(SnapshotRow.dataset_id, func.max(SnapshotRow.version)).where(*undeleted)
    keys = call.session.exec(last.group_by(SnapshotRow.dataset_id)).all() if dataset_ids else []
    is_newest = tuple_(col(SnapshotRow.dataset_id), col(SnapshotRow.version)).in_(keys)
    of_row = select(SnapshotRow.dataset_id, SnapshotRow.version, SnapshotRow.rows, SnapshotRow.columns)
    rows = call.session.exec(of_row.where(is_newest)) if keys else ()
    return {
        dataset_id: Newest(version, count, tuple(map(ColumnSpec.model_validate, columns)))
        for dataset_id, version, count, columns in rows
    }


def _value(row: ImportRow, dataset: DatasetRow, newest: Newest) -> Import:
    # What an earlier reading reported stands for corrections when a later one failed.
    staged = StagedSnapshot.model_validate(row.kept) if row.kept and row.state != ImportState.READING else None
    choices = ImportChoices.model_validate(row.choices)
    value = Import(
        **row.model_dump(exclude={"source", "choices", "confirm", "kept", "preview"}),
        dataset=dataset.name,
        dataset_title=dataset.entry.title,
        source=ImportSource.model_validate(row.source),
        choices=choices,
        report=staged.report if staged else None,
        preview=TablePreview.model_validate(row.preview) if staged else None,
    )
    if staged is None or value.state is not ImportState.READY:
        return value
    return value.model_copy(update=_waiting(value, staged, newest))


def _waiting(value: Import, staged: StagedSnapshot, newest: Newest) -> dict[str, Any]:
    """What is to be known of an import that waits to be confirmed."""
    pending = unanswered(staged, value.choices)
    replaced = newest.columns if value.mode == "replace" else ()
    return {
        "unanswered": pending,
        "schema_changes": schema_changes(replaced, staged.columns) if replaced else (),
        "outcome": outcome_of(staged, newest, mode=value.mode, unanswered=pending),
    }


def unanswered(staged: StagedSnapshot, choices: ImportChoices) -> tuple[str, ...]:
    """The columns about which somebody has to say something first, and the names of the sheet and of the encoding if it
    is about these."""
    sheet = staged.report.sheets[:1] if several_sheets(staged, choices) else ()
    return tuple(dict.fromkeys((*open_encoding(staged), *sheet, *without_zone(staged), *in_doubt(staged))))


def open_encoding(staged: StagedSnapshot) -> tuple[str, ...]:
    """The encoding of which somebody has to say that it is right, if it is open."""
    encoding = staged.report.encoding
    return (encoding.reading.encoding,) if encoding and encoding.is_asked else ()


def several_sheets(staged: StagedSnapshot, choices: ImportChoices) -> tuple[str, ...]:
    """The sheets of which somebody has to choose one."""
    return staged.report.sheets if len(staged.report.sheets) > 1 and not choices.sheet else ()


def without_zone(staged: StagedSnapshot) -> tuple[str, ...]:
    """The columns of times without a zone for which somebody has to say that UTC is meant. Rows are appended only to
    rows of the same types: for those it was said when the rows before were confirmed."""
    return () if staged.base else tuple(column.name for column in staged.columns if column.type == "TIMESTAMP")


def in_doubt(staged: StagedSnapshot) -> tuple[str, ...]:
    """The columns that can be read in more than one way."""
    return tuple(reading.column for reading in staged.report.readings if reading.is_asked)


def as_read(choices: ImportChoices, staged: StagedSnapshot) -> ImportChoices:
    """The choices with the sheet that was read, and how each column was: rows that come later are read alike, whatever
    their texts leave open."""
    readings = {item.column: item.reading for item in staged.report.readings}
    shown = {name: reading.notation for name, reading in readings.items() if reading.notation}
    plain = {name: DECIMAL_POINT.name for name, reading in readings.items() if _has_fractions(reading.type)}
    sheet = choices.sheet or next(iter(several_sheets(staged, choices)), "")
    read = {"notations": plain | shown | choices.notations, "sheet": sheet}
    return ImportChoices.model_validate(choices.model_dump() | read)


def _has_fractions(kind: str) -> bool:
    return kind in ("DOUBLE", "FLOAT") or DECIMAL.fullmatch(kind) is not None
