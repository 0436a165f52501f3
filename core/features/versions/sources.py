"""The snapshots that features are made of, read in the caller's transaction."""

from collections.abc import Collection, Mapping

from sqlmodel import col, func, select

from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.objects import are_kept
from core.foundation.text import _
from core.lake.datasets.named_tables import newest_named
from core.lake.datasets.service import DatasetService
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import Snapshot


class SourceSnapshots:
    """Snapshots by the names that logic calls them."""

    def __init__(self, lake: DatasetService) -> None:
        self._lake = lake

    def digests(self, call: Call, sources: Mapping[str, str]) -> dict[str, str]:
        """The digest of every snapshot, by its name in the logic."""
        return {name: self._lake.snapshot(call, id_).digest for name, id_ in sorted(sources.items())}

    def usable(self, call: Call, sources: Mapping[str, str], *, project: str) -> dict[str, Snapshot]:
        """The snapshots that logic of a project may read. Conflict for one in quarantine."""
        return {name: self._lake.usable(call, of_project(call, id_, project)) for name, id_ in sources.items()}

    def named_in(self, call: Call, sql: str, *, project: str) -> dict[str, Snapshot]:
        """The newest snapshots of the datasets of a project that the SQL names. Conflict for one in quarantine."""
        return newest_named(call, self._lake, project=project, sql=sql)

    def newest(self, call: Call, sources: Mapping[str, str]) -> dict[str, str]:
        """The newest snapshot that may be used of each one's dataset; empty where there is none."""
        newest = self.newest_of(call, set(sources.values()))
        return {name: newest[id_] for name, id_ in sources.items()}

    def newest_of(self, call: Call, snapshot_ids: Collection[str]) -> dict[str, str]:
        """For each snapshot the newest one of its dataset that may be used; empty where there is none."""
        named = select(SnapshotRow.id, SnapshotRow.dataset_id).where(col(SnapshotRow.id).in_(snapshot_ids))
        datasets = dict(call.session.exec(named).all()) if snapshot_ids else {}
        newest = _newest_by_dataset(call, set(datasets.values()))
        return {snapshot_id: newest[dataset_id] for snapshot_id, dataset_id in datasets.items()}

    def newest_indexes(self, call: Call, *, project: str, most: int) -> dict[str, Snapshot]:
        """The newest snapshots that may be used of a project's datasets of files, by their ids: of so many datasets,
        those that were created last."""
        query = select(DatasetRow.id).where(
            DatasetRow.project == project,
            DatasetRow.form == "files",
            are_kept(DatasetRow.id, kind=Kind.DATASET, archived=False),
        )
        dataset_ids = call.session.exec(query.order_by(col(DatasetRow.created_at).desc()).limit(most)).all()
        newest = _newest_by_dataset(call, dataset_ids)
        ids = [newest[dataset_id] for dataset_id in dataset_ids]
        return self.usable(call, {id_: id_ for id_ in ids if id_}, project=project)

    def newest_snapshots(self, call: Call, sources: Mapping[str, str]) -> dict[str, Snapshot]:
        """The same as values. Conflict when none of a dataset may be used."""
        newest = self.newest(call, sources)
        if lost := [name for name, id_ in newest.items() if not id_]:
            raise Conflict(
                _("No snapshot of {name} may be used").format(name=lost[0]), hint=_("Release one, or import it again.")
            )
        return {name: self._lake.snapshot(call, id_) for name, id_ in newest.items()}

    def refuse_quarantined(self, call: Call, object_id: str) -> None:
        """Conflict where the object came from a snapshot in quarantine."""
        self._lake.refuse_quarantined(call, object_id)


def _newest_by_dataset(call: Call, dataset_ids: Collection[str]) -> dict[str, str]:
    usable = (
        SnapshotRow.dataset_id == DatasetRow.id,
        SnapshotRow.quarantine == "",
        col(SnapshotRow.deleted_at).is_(None),
    )
    newest = select(SnapshotRow.id).where(*usable).order_by(col(SnapshotRow.version).desc()).limit(1)
    # Asked from the datasets: each looks its newest snapshot up in the index, whatever lies behind it.
    ids = select(DatasetRow.id, func.coalesce(newest.correlate(DatasetRow).scalar_subquery(), ""))
    return dict(call.session.exec(ids.where(col(DatasetRow.id).in_(dataset_ids))).all())


def of_project(call: Call, object_id: str, project: str) -> str:
    """The id, once the caller may read the object and it belongs to the project: what is made of it must not show it
    to other people."""
    if call.may_reach(object_id).project != project:
        raise Invalid(_("{id} belongs to another project").format(id=object_id), hint=_("Import it into this project."))
    return object_id


def link_sources(call: Call, target: str, snapshots: Mapping[str, Snapshot]) -> None:
    """The edges of the chain from the snapshots to what is made of them."""
    for snapshot in snapshots.values():
        call.link(snapshot.id, target, "feeds")
