"""Rows of imports as values, and how they are found."""

from collections.abc import Sequence

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState
from core.lake.tables import DatasetRow, ImportRow
from core.lake.values import StagedSnapshot, TablePreview


def import_row(call: Call, import_id: str) -> ImportRow:
    return call.session.get_one(ImportRow, import_id)


def import_of(call: Call, row: ImportRow) -> Import:
    return imports_of(call, [row])[0]


def imports_of(call: Call, rows: Sequence[ImportRow]) -> tuple[Import, ...]:
    """Imports as values. Asks as often for many as for one."""
    named = select(DatasetRow).where(col(DatasetRow.id).in_({row.dataset_id for row in rows}))
    datasets = {dataset.id: dataset for dataset in call.session.exec(named)}
    return tuple(_value(row, datasets[row.dataset_id]) for row in rows)


def _value(row: ImportRow, dataset: DatasetRow) -> Import:
    # What an earlier reading reported stands for corrections when a later one failed.
    staged = StagedSnapshot.model_validate(row.kept) if row.kept and row.state != ImportState.READING else None
    return Import(
        **row.model_dump(exclude={"source", "choices", "confirm", "kept", "preview"}),
        dataset=dataset.name,
        dataset_title=dataset.entry.title,
        source=ImportSource.model_validate(row.source),
        choices=ImportChoices.model_validate(row.choices),
        report=staged.report if staged else None,
        preview=TablePreview.model_validate(row.preview) if staged else None,
        unanswered=unanswered(staged) if staged and row.state == ImportState.READY else (),
    )


def unanswered(staged: StagedSnapshot) -> tuple[str, ...]:
    """The columns of times without a zone for which somebody has to say that UTC is meant. Rows are appended only to
    rows of the same types: for those it was said when the rows before were confirmed."""
    return () if staged.base else tuple(column.name for column in staged.columns if column.type == "TIMESTAMP")
