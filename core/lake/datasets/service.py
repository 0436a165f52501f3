"""Datasets and their snapshots. A snapshot never changes; a dataset is its name and the line of its snapshots."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlmodel import select

from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotFound
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions
from core.foundation.naming.names import RENAMED, entitled, named, refuse_taken, rename
from core.foundation.naming.texts import ONE_LINE, Description
from core.foundation.naming.titles import Title
from core.foundation.objects import ObjectRow, are_kept
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.comparison.diff import diff
from core.lake.comparison.values import SnapshotDiff
from core.lake.datasets.items import Digest, Pixels, Search, Side, find_items, read_item
from core.lake.datasets.quarantine import quarantined_sources
from core.lake.datasets.records import (
    count_of,
    dataset_of,
    dataset_row,
    datasets_of,
    kept_row,
    kept_snapshots_of,
    rename_imports,
    snapshot_of,
    snapshot_row,
    snapshots_of,
    tagged,
)
from core.lake.profiles.profile import preview_files
from core.lake.tables import DatasetRow, SnapshotFileRow, SnapshotRow
from core.lake.values import (
    ColumnName,
    ColumnProfile,
    Dataset,
    DatasetFacets,
    DatasetName,
    Item,
    ItemContent,
    Snapshot,
    SnapshotFile,
    StagedSnapshot,
    TablePreview,
)
from core.lake.values import Limit as PreviewLimit

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), ONE_LINE]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20)]
Key = Annotated[tuple[ColumnName, ...], Field(max_length=8)]


class DatasetService(Service):
    domain = "lake"

    @action(permission=Permission.DATA_WRITE, says=N_("created the dataset"))
    def create_dataset(
        self,
        call: Call,
        *,
        project: str,
        name: DatasetName | None = None,
        title: Title | None = None,
        description: Description = "",
    ) -> Dataset:
        """Create a dataset, which holds no rows yet. Without a name queries call it by what follows from its title."""
        call.may_reach_project(project)
        naming = named(call, Kind.DATASET, project=project, name=name, title=title)
        words, hint = _("There is a dataset called {name}"), _("Choose another name.")
        refuse_taken(call, Kind.DATASET, project=project, name=naming.name, words=words, hint=hint)
        dataset_id = call.create(Kind.DATASET, project=project, title=naming.title, name=naming.name, state="empty")
        call.about(dataset_id)
        row = DatasetRow(
            id=dataset_id,
            project=project,
            name=naming.name,
            description=description,
            owner=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        return dataset_of(call, row)

    @action(permission=Permission.DATA_WRITE, says=RENAMED)
    def rename_dataset(self, call: Call, *, dataset_id: str, title: Title) -> Dataset:
        """Give a dataset another title. The name by which queries call it stays."""
        call.may_reach(dataset_id)
        row = dataset_row(call, dataset_id)
        rename(call, dataset_id, title)
        rename_imports(call, dataset_id, title)
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
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Dataset]:
        """List datasets by name, narrowed by what they hold, whose they are, and a tag, whatever its case."""
        filters = conditions(call, DatasetRow, project=project, form=form, owner=owner)
        filters.append(are_kept(DatasetRow.id, kind=Kind.DATASET, archived=archived))
        if query:
            filters.append(entitled(DatasetRow, query, kind=Kind.DATASET))
        if tag:
            filters.append(tagged(tag))
        return batch_of(
            call.session,
            DatasetRow,
            where=filters,
            order=(DatasetRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda rows: datasets_of(call, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def dataset_facets(self, call: Call, *, project: str = "") -> DatasetFacets:
        """Show by which owners and tags the datasets can be narrowed."""
        filters = conditions(call, DatasetRow, project=project)
        rows = call.session.exec(select(DatasetRow.owner, DatasetRow.tags).where(*filters)).all()
        tags = {tag for _owner, named in rows for tag in named}
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
        return preview_files(self._paths(kept_row(call, snapshot_id)), limit=limit)

    @action(permission=Permission.READ, reads=True)
    def profile(self, call: Call, *, snapshot_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every column of a snapshot."""
        call.may_reach(snapshot_id)
        return tuple(ColumnProfile.model_validate(item) for item in snapshot_row(call, snapshot_id).profile)

    @action(permission=Permission.READ, reads=True)
    def diff(self, call: Call, *, left_id: str, right_id: str, key: Key = ()) -> SnapshotDiff:
        """Compare two snapshots: rows by key, schema, and the distribution of every column.

        Without `key` the one that a snapshot names is taken, or a column that proves to be one."""
        for snapshot_id in (left_id, right_id):
            call.may_reach(snapshot_id)
        rows = kept_row(call, left_id), kept_row(call, right_id)
        left, right = (self._value(call, row) for row in rows)
        paths = self._paths(rows[0]), self._paths(rows[1])
        # What is slow now needs no database: its connection goes back meanwhile.
        call.session.close()
        return diff(left, right, paths=paths, key=key)

    @action(permission=Permission.READ, reads=True)
    def search_items(
        self,
        call: Call,
        *,
        snapshot_id: str,
        query: Search = "",
        label: Search = "",
        media_type: Search = "",
        least_pixels: Pixels = 0,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Item]:
        """Find files of a snapshot by name, label, media type ("image" is all images) and size in pixels."""
        call.may_reach(snapshot_id)
        wanted = {"query": query, "label": label, "media_type": media_type, "least": least_pixels}
        return find_items(self._index(call, snapshot_id), wanted=wanted, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def item(self, call: Call, *, snapshot_id: str, digest: Digest, side: Side = 0) -> ItemContent:
        """Show a file of a snapshot; with `side` a picture of an image, at most so many pixels wide and high."""
        call.may_reach(snapshot_id)
        content = read_item(self.foundation.store, index=self._index(call, snapshot_id), digest=digest, side=side)
        if content is None:
            raise NotFound(_("{id} has no such file").format(id=snapshot_id))
        return content

    @action(permission=Permission.ARTIFACT_READ, says=N_("downloaded rows of"))
    def download_file(
        self, call: Call, *, snapshot_id: str, number: Annotated[int, Field(ge=0, le=10**9)] = 0
    ) -> SnapshotFile:
        """Download one of a snapshot's files, counted from 0; the download is recorded.

        The answer names the Parquet file; its bytes are at GET /api/v1/files/snapshot/<snapshot>/<number>."""
        call.may_reach(snapshot_id, even_put_away=True)
        row = kept_row(call, snapshot_id)
        if number >= len(row.files):
            raise Invalid(_("{id} has {count} files").format(id=snapshot_id, count=len(row.files)), field="number")
        file = SnapshotFile.model_validate(row.files[number])
        call.about(snapshot_id)
        call.note(digest=file.digest, rows=file.rows)
        return file

    def snapshot(self, call: Call, snapshot_id: str) -> Snapshot:
        """A snapshot as it is in the caller's transaction; the caller has checked that it may be read."""
        return self._value(call, snapshot_row(call, snapshot_id))

    def usable(self, call: Call, snapshot_id: str) -> Snapshot:
        """A snapshot of which something new may be made; the caller has checked that it may be read. Conflict for one
        in quarantine, and for one whose files are gone."""
        row = kept_row(call, snapshot_id)
        if row.quarantine:
            raise Conflict(
                _("{id} is in quarantine: {reason}").format(id=snapshot_id, reason=row.quarantine),
                hint=_("Choose another snapshot, or ask whoever put it there."),
            )
        return self._value(call, row)

    def refuse_quarantined(self, call: Call, object_id: str) -> None:
        """Conflict where something came from a snapshot in quarantine, so that nothing new is made of it; the caller
        has checked that it may be read."""
        for source in quarantined_sources(call, {object_id}):
            raise Conflict(
                _("{id} came from {title} ({snapshot}), which is in quarantine: {reason}").format(
                    id=object_id, title=source.title, snapshot=source.snapshot_id, reason=source.reason
                ),
                hint=_("Choose another one, or ask whoever put the snapshot there."),
            )

    def newest(self, call: Call, dataset_id: str) -> Snapshot | None:
        """The newest snapshot in the caller's transaction that was not deleted; None while there is none."""
        row = call.session.exec(kept_snapshots_of(dataset_id).limit(1)).first()
        return snapshot_of(row, dataset_row(call, dataset_id)) if row is not None else None

    def add_snapshot(self, call: Call, dataset_id: str, staged: StagedSnapshot, *, by: str) -> Snapshot:
        """The next snapshot, or the newest one where the same content comes a second time. `by` asked for it. Conflict
        where the dataset was put away while the rows were read.

        Numbers are never given twice: the next one counts on from the last, deleted or not."""
        dataset = dataset_row(call, dataset_id)
        call.refuse_put_away(dataset.entry)
        newest, last = self.newest(call, dataset_id), call.session.exec(snapshots_of(dataset_id).limit(1)).first()
        if newest is not None and newest.digest == staged.digest:
            return newest
        version = last.version + 1 if last is not None else 1
        _check_form(dataset, staged, is_first=last is None)
        names = {"title": f"{dataset.entry.title} v{version}", "name": f"{dataset.name} v{version}"}
        snapshot_id = call.create(Kind.SNAPSHOT, project=dataset.project, state="ready", owner=by, **names)
        row = _new_row(call, snapshot_id, dataset_id, version, staged, by)
        call.session.add_all([row, dataset])
        call.session.flush()
        files = {file.digest for file in staged.files}
        call.session.add_all(SnapshotFileRow(snapshot_id=snapshot_id, digest=digest) for digest in sorted(files))
        call.link(dataset_id, snapshot_id, "holds")
        call.update(dataset_id, state="ready")
        return snapshot_of(row, dataset)

    def _value(self, call: Call, row: SnapshotRow) -> Snapshot:
        return snapshot_of(row, call.session.get_one(DatasetRow, row.dataset_id))

    def _paths(self, row: SnapshotRow) -> list[Path]:
        return [self.foundation.store.verified_path(file["digest"]) for file in row.files]

    def _index(self, call: Call, snapshot_id: str) -> list[Path]:
        row = kept_row(call, snapshot_id)
        if call.session.get_one(DatasetRow, row.dataset_id).form != "files":
            raise Invalid(_("{id} holds rows, not files").format(id=snapshot_id), field="snapshot_id")
        return self._paths(row)


def _check_form(dataset: DatasetRow, staged: StagedSnapshot, *, is_first: bool) -> None:
    """A dataset holds rows or an index of files, from its first snapshot on."""
    if is_first:
        dataset.form = staged.form
    elif dataset.form != staged.form:
        raise Conflict(
            _("{name} holds {form}, and this is {other}").format(
                name=dataset.name, form=dataset.form, other=staged.form
            ),
            hint=_("Create another dataset for it."),
        )


def _new_row(
    call: Call, snapshot_id: str, dataset_id: str, version: int, staged: StagedSnapshot, by: str
) -> SnapshotRow:
    return SnapshotRow(
        id=snapshot_id,
        dataset_id=dataset_id,
        version=version,
        digest=staged.digest,
        files=[file.model_dump(mode="json") for file in staged.files],
        rows=sum(file.rows for file in staged.files),
        bytes=sum(file.bytes for file in staged.files),
        columns=[column.model_dump(mode="json") for column in staged.columns],
        report=staged.report.model_dump(mode="json"),
        profile=[profile.model_dump(mode="json") for profile in staged.profile],
        created_by=by,
        created_at=call.now,
        key=list(staged.key),
    )
