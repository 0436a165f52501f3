"""Rows of the lake's tables as values, and how they are found."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Text, cast
from sqlmodel import col, func, or_, select, tuple_

from core.foundation.actions.call import Call
from core.foundation.errors import Conflict
from core.foundation.listings import row_of
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.lake.import_values import ImportState
from core.lake.tables import DatasetRow, ImportRow, SnapshotRow
from core.lake.values import ColumnSpec, Dataset, ImportReport, Snapshot, SnapshotFile


def dataset_row(call: Call, dataset_id: str) -> DatasetRow:
    return row_of(call, DatasetRow, dataset_id, refusal=_("{id} is no dataset"), field="dataset_id")


def snapshot_row(call: Call, snapshot_id: str) -> SnapshotRow:
    return row_of(call, SnapshotRow, snapshot_id, refusal=_("{id} is no snapshot"), field="snapshot_id")


def kept_row(call: Call, snapshot_id: str) -> SnapshotRow:
    """A snapshot whose rows are there. Conflict for a deleted one."""
    row = snapshot_row(call, snapshot_id)
    if row.deleted_at is not None:
        raise Conflict(_("{id} was deleted").format(id=snapshot_id), hint=_("Choose another snapshot."))
    return row


def snapshots_of(dataset_id: str):  # type: ignore[no-untyped-def]
    newest_first = col(SnapshotRow.version).desc()
    return select(SnapshotRow).where(SnapshotRow.dataset_id == dataset_id).order_by(newest_first)


def kept_snapshots_of(dataset_id: str):  # type: ignore[no-untyped-def]
    """Those that were not deleted, the newest first."""
    return snapshots_of(dataset_id).where(col(SnapshotRow.deleted_at).is_(None))


def count_of(call: Call, dataset_id: str) -> int:
    query = select(func.count()).select_from(SnapshotRow).where(SnapshotRow.dataset_id == dataset_id)
    return call.session.exec(query).one()


def tagged(tag: str) -> ColumnElement[bool]:
    """The datasets with a tag. SQLite keeps its letters escaped in JSON, PostgreSQL as they are."""
    stored_tags = func.lower(cast(col(DatasetRow.tags), Text))
    forms = {json.dumps(tag, ensure_ascii=escaped).lower() for escaped in (True, False)}
    return or_(*(stored_tags.contains(form, autoescape=True) for form in sorted(forms)))


def dataset_of(call: Call, row: DatasetRow) -> Dataset:
    return datasets_of(call, [row])[0]


def datasets_of(call: Call, rows: Sequence[DatasetRow]) -> tuple[Dataset, ...]:
    """Datasets as values. Asks as often for many as for one."""
    ids = [row.id for row in rows]
    of_dataset = select(SnapshotRow.version).where(SnapshotRow.dataset_id == DatasetRow.id)
    newest = of_dataset.order_by(col(SnapshotRow.version).desc()).limit(1).correlate(DatasetRow).scalar_subquery()
    shown = of_dataset.where(col(SnapshotRow.deleted_at).is_(None)).order_by(col(SnapshotRow.version).desc())
    undeleted = shown.limit(1).correlate(DatasetRow).scalar_subquery()
    numbers_query = select(DatasetRow.id, newest, undeleted).where(col(DatasetRow.id).in_(ids))
    numbers = {dataset_id: (last, undeleted) for dataset_id, last, undeleted in call.session.exec(numbers_query)}
    wanted = [(dataset_id, undeleted) for dataset_id, (_last, undeleted) in numbers.items() if undeleted]
    is_latest = tuple_(col(SnapshotRow.dataset_id), col(SnapshotRow.version)).in_(wanted)
    latest = {row.dataset_id: row for row in call.session.exec(select(SnapshotRow).where(is_latest))}
    waiting = _waiting(call, ids)
    return tuple(
        Dataset(
            **row.model_dump(exclude={"tags"}),
            title=row.entry.title,
            tags=tuple(row.tags),
            waiting=waiting.get(row.id, 0),
            latest=snapshot_of(latest[row.id], row) if row.id in latest else None,
            snapshots=numbers[row.id][0] or 0,
        )
        for row in rows
    )


def _waiting(call: Call, dataset_ids: Collection[str]) -> dict[str, int]:
    """How many imports into each dataset wait to be confirmed, where any does."""
    ready = (col(ImportRow.dataset_id).in_(dataset_ids), ImportRow.state == ImportState.READY)
    counted = select(ImportRow.dataset_id, func.count()).where(*ready).group_by(ImportRow.dataset_id)
    return dict(call.session.exec(counted).all())


def snapshot_of(row: SnapshotRow, dataset: DatasetRow) -> Snapshot:
    return Snapshot(
        **row.model_dump(exclude={"columns", "files", "report", "profile", "key"}),
        key=tuple(row.key),
        title=row.entry.title,
        dataset=dataset.name,
        project=dataset.project,
        columns=tuple(ColumnSpec.model_validate(column) for column in row.columns),
        files=tuple(SnapshotFile.model_validate(file) for file in row.files),
        report=ImportReport.model_validate(row.report),
    )


def import_title(source: str, dataset: str) -> str:
    """What an import is called: what is read, and the title of the dataset it is read into."""
    return _("{source} into {dataset}").format(source=source[:120], dataset=dataset)


def rename_imports(call: Call, dataset_id: str, title: str) -> None:
    """Imports are called by the title that their dataset has now."""
    imports = select(ObjectRow, ImportRow.source).join(ImportRow, col(ImportRow.id) == col(ObjectRow.id))
    for row, source in call.session.exec(imports.where(ImportRow.dataset_id == dataset_id)):
        row.title = import_title(source["name"], title)
        call.session.add(row)
