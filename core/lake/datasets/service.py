"""Datasets and their snapshots. A snapshot never changes; a dataset is its name and the line of its snapshots."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlmodel import func, select

from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.objects import ObjectRow
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.downloads import DownloadActions
from core.lake.datasets.items import ItemActions
from core.lake.datasets.records import (
    count_of,
    dataset_of,
    dataset_row,
    kept_row,
    kept_snapshots_of,
    snapshot_of,
    snapshot_row,
    snapshots_of,
    tagged,
)
from core.lake.imports.job_spec import Kept
from core.lake.profiles.profile import preview_files
from core.lake.retention.garbage_collection import SweepActions
from core.lake.retention.service import CareActions
from core.lake.tables import DatasetRow, SnapshotFileRow, SnapshotRow
from core.lake.values import (
    ColumnProfile,
    Dataset,
    DatasetFacets,
    DatasetName,
    Snapshot,
    TablePreview,
)
from core.lake.values import Limit as PreviewLimit

Description = Annotated[str, StringConstraints(max_length=4000)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20)]


class LakeService(CareActions, DownloadActions, ItemActions, SweepActions):
    domain = "lake"

    @action(permission=Permission.DATA_WRITE, says=N_("created the dataset"))
    def create_dataset(self, call: Call, *, project: str, name: DatasetName, description: Description = "") -> Dataset:
        """Create a dataset, which holds no rows yet."""
        call.may_reach_project(project)
        taken = select(DatasetRow).where(DatasetRow.project == project, DatasetRow.name == name)
        if call.session.exec(taken).first():
            raise Conflict(_("There is a dataset called {name}").format(name=name), hint=_("Choose another name."))
        dataset_id = call.create(Kind.DATASET, project=project, title=name, state="empty")
        call.about(dataset_id)
        row = DatasetRow(
            id=dataset_id,
            project=project,
            name=name,
            description=description,
            owner=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        return dataset_of(call, row)

    @action(permission=Permission.DATA_WRITE, says=N_("described"))
    def edit_dataset(
        self, call: Call, *, dataset_id: str, description: Description, owner: str = "", tags: Tags = ()
    ) -> Dataset:
        """Change what is said of a dataset: its description, its owner (empty for the same as before) and its tags."""
        call.may_reach(dataset_id)
        call.about(dataset_id)
        row = dataset_row(call, dataset_id)
        person = call.session.get(ObjectRow, owner or row.owner)
        if person is None or person.kind not in (Kind.PERSON, Kind.SERVICE_ACCOUNT):
            raise Invalid(_("There is nobody called {id}").format(id=repr(owner[:40])), field="owner")
        row.description, row.owner, row.tags = description, person.id, list(dict.fromkeys(tags))
        call.session.add(row)
        call.update(dataset_id, owner=person.id)
        return dataset_of(call, row)

    @action(permission=Permission.READ, reads=True)
    def list_datasets(
        self,
        call: Call,
        *,
        project: str = "",
        query: str = "",
        form: Literal["", "table", "files"] = "",
        owner: str = "",
        tag: Tag | Literal[""] = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Dataset]:
        """List datasets by name, narrowed by what they hold, whose they are, and a tag, whatever its case."""
        kept = conditions(call, DatasetRow, project=project, form=form, owner=owner)
        if query:
            kept.append(func.lower(DatasetRow.name).contains(query.lower(), autoescape=True))
        if tag:
            kept.append(tagged(tag))
        return page_of(
            call.session,
            DatasetRow,
            where=kept,
            order=(DatasetRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda row: dataset_of(call, row),
        )

    @action(permission=Permission.READ, reads=True)
    def dataset_facets(self, call: Call, *, project: str = "") -> DatasetFacets:
        """Show by which owners and tags the datasets can be narrowed."""
        kept = conditions(call, DatasetRow, project=project)
        rows = call.session.exec(select(DatasetRow.owner, DatasetRow.tags).where(*kept)).all()
        tags = {tag for _owner, found in rows for tag in found}
        return DatasetFacets(owners=tuple(sorted({owner for owner, _tags in rows})), tags=tuple(sorted(tags)))

    @action(permission=Permission.READ, reads=True)
    def get_dataset(self, call: Call, *, dataset_id: str) -> Dataset:
        """Show a dataset and its newest snapshot."""
        call.may_reach(dataset_id)
        return dataset_of(call, dataset_row(call, dataset_id))

    @action(permission=Permission.READ, reads=True)
    def list_snapshots(
        self, call: Call, *, dataset_id: str, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Snapshot]:
        """List the snapshots of a dataset, the newest first."""
        call.may_reach(dataset_id)
        dataset = dataset_row(call, dataset_id)
        rows = call.session.exec(snapshots_of(dataset_id).offset(offset).limit(limit))
        items = tuple(snapshot_of(row, dataset) for row in rows)
        return Listing(items=items, total=count_of(call, dataset_id), offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_snapshot(self, call: Call, *, snapshot_id: str) -> Snapshot:
        """Show a snapshot: its columns, its digests and what the import did."""
        call.may_reach(snapshot_id)
        return self.snapshot(call, snapshot_id)

    @action(permission=Permission.READ, reads=True)
    def preview(self, call: Call, *, snapshot_id: str, limit: PreviewLimit = 50) -> TablePreview:
        """Show the first rows of a snapshot."""
        call.may_reach(snapshot_id)
        row = kept_row(call, snapshot_id)
        paths = [self.foundation.store.verified_path(file["digest"]) for file in row.files]
        return preview_files(paths, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def profile(self, call: Call, *, snapshot_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every column of a snapshot."""
        call.may_reach(snapshot_id)
        return tuple(ColumnProfile.model_validate(item) for item in snapshot_row(call, snapshot_id).profile)

    def snapshot(self, call: Call, snapshot_id: str) -> Snapshot:
        """A snapshot as it is in the caller's transaction; the caller has checked that it may be read."""
        row = snapshot_row(call, snapshot_id)
        return snapshot_of(row, call.session.get_one(DatasetRow, row.dataset_id))

    def usable(self, call: Call, snapshot_id: str) -> Snapshot:
        """A snapshot of which something new may be made; the caller has checked that it may be read. Conflict for one
        in quarantine, and for one whose files are gone."""
        row = kept_row(call, snapshot_id)
        found = snapshot_of(row, call.session.get_one(DatasetRow, row.dataset_id))
        if found.quarantine:
            raise Conflict(
                _("{id} is in quarantine: {reason}").format(id=snapshot_id, reason=found.quarantine),
                hint=_("Choose another snapshot, or ask whoever put it there."),
            )
        return found

    def newest(self, call: Call, dataset_id: str) -> Snapshot | None:
        """The newest snapshot in the caller's transaction that was not deleted; None while there is none."""
        row = call.session.exec(kept_snapshots_of(dataset_id).limit(1)).first()
        return snapshot_of(row, dataset_row(call, dataset_id)) if row is not None else None

    def add_snapshot(self, call: Call, dataset_id: str, kept: Kept, *, by: str) -> Snapshot:
        """The next snapshot, or the newest one where the same content comes a second time. `by` asked for it.

        Numbers are never given twice: the next one counts on from the last, deleted or not."""
        dataset = dataset_row(call, dataset_id)
        newest, last = self.newest(call, dataset_id), call.session.exec(snapshots_of(dataset_id).limit(1)).first()
        if newest is not None and newest.digest == kept.digest:
            return newest
        version = last.version + 1 if last is not None else 1
        _check_form(dataset, kept, is_first=last is None)
        title = f"{dataset.name} v{version}"
        snapshot_id = call.create(Kind.SNAPSHOT, project=dataset.project, title=title, state="ready", owner=by)
        row = _new_row(call, snapshot_id, dataset_id, version, kept, by)
        call.session.add_all([row, dataset])
        call.session.flush()
        files = {file.digest for file in kept.files}
        call.session.add_all(SnapshotFileRow(snapshot_id=snapshot_id, digest=digest) for digest in sorted(files))
        call.link(dataset_id, snapshot_id, "holds")
        call.update(dataset_id, state="ready")
        return snapshot_of(row, dataset)


def _check_form(dataset: DatasetRow, kept: Kept, *, is_first: bool) -> None:
    """A dataset holds rows or an index of files, from its first snapshot on."""
    if is_first:
        dataset.form = kept.form
    elif dataset.form != kept.form:
        raise Conflict(
            _("{name} holds {form}, and this is {other}").format(name=dataset.name, form=dataset.form, other=kept.form),
            hint=_("Create another dataset for it."),
        )


def _new_row(call: Call, snapshot_id: str, dataset_id: str, version: int, kept: Kept, by: str) -> SnapshotRow:
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
        created_by=by,
        created_at=call.now,
        key=list(kept.key),
    )
