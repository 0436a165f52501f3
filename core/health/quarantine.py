"""Data in quarantine below objects: which of them came of a snapshot that nothing new may be made of."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select

from core.foundation.ids import Kind, kind_of
from core.foundation.objects import ObjectRow, led_to, walk
from core.foundation.reach import Reach
from core.foundation.text import _
from core.health.values import Health
from core.lake.tables import DatasetRow, SnapshotRow

# What led to the objects of one list is a few dozen edges for each.
MOST_EDGES = 50_000
# The title of a dataset is that of its row among the objects.
DATASET_ENTRY: Any = aliased(ObjectRow)
HEAVY: tuple[Any, ...] = (SnapshotRow.files, SnapshotRow.columns, SnapshotRow.report, SnapshotRow.profile)
Sources = Mapping[str, frozenset[str]]


class Quarantines:
    """Reads the snapshots within reach in the caller's transaction; what it has walked and read it knows from then
    on."""

    def __init__(self, session: Session, reach: Reach) -> None:
        self._session, self._reach = session, reach
        self._before: dict[str, list[str]] = {}
        self._walked: set[str] = set()
        self._read: dict[str, Health | None] = {}

    def below(self, objects: Collection[str]) -> dict[str, Health]:
        """By object, the first of the snapshots in quarantine that led to it; the others are left out. One walk for
        all of them."""
        sources = self._sources(objects)
        snapshots = {source for reached in sources.values() for source in reached if is_snapshot(source)}
        quarantined = self.among(snapshots)
        below = {
            object_id: [quarantined[source] for source in sorted(reached) if source in quarantined]
            for object_id, reached in sources.items()
        }
        return {object_id: quarantines[0].of(object_id) for object_id, quarantines in below.items() if quarantines}

    def among(self, snapshots: Collection[str]) -> dict[str, Health]:
        """Those of the snapshots that are in quarantine, by id."""
        self._read_new({snapshot_id for snapshot_id in snapshots if snapshot_id not in self._read})
        return {snapshot_id: health for snapshot_id in snapshots if (health := self._read[snapshot_id]) is not None}

    def _read_new(self, snapshots: Collection[str]) -> None:
        if not snapshots:
            return
        columns = select(SnapshotRow, DATASET_ENTRY.title, ObjectRow.updated_at)
        joined = columns.join(DatasetRow).join(DATASET_ENTRY, DATASET_ENTRY.id == col(DatasetRow.id))
        wanted = joined.join(ObjectRow, col(ObjectRow.id) == SnapshotRow.id).where(
            col(SnapshotRow.id).in_(snapshots), SnapshotRow.quarantine != "", *self._reach.unindexed(DatasetRow.project)
        )
        wanted = wanted.options(*(defer(name) for name in HEAVY))
        rows = self._session.exec(wanted)
        self._read |= dict.fromkeys(snapshots)
        self._read |= {row.id: _quarantined(row, dataset=dataset, since=since) for row, dataset, since in rows}

    def of_datasets(self, datasets: Collection[str], *, live: Collection[str]) -> dict[str, Health]:
        """By dataset with rows, the quarantine of its newest snapshot, else of one among the `live` objects."""
        newest = self._newest(datasets)
        columns = select(SnapshotRow.id, SnapshotRow.dataset_id)
        used = columns.where(col(SnapshotRow.id).in_(live), col(SnapshotRow.dataset_id).in_(datasets))
        pinned = self._session.exec(used.order_by(SnapshotRow.id)).all() if live else ()
        quarantined = self.among({*newest.values(), *(snapshot_id for snapshot_id, _dataset in pinned)})
        judged = {dataset_id: Health(object_id=dataset_id, state="healthy") for dataset_id in newest}
        for snapshot_id, dataset_id in (*pinned, *((newest[dataset_id], dataset_id) for dataset_id in newest)):
            if snapshot_id in quarantined:
                judged[dataset_id] = quarantined[snapshot_id].of(dataset_id)
        return judged

    def _newest(self, datasets: Collection[str]) -> dict[str, str]:
        """The newest snapshot of each dataset that was not deleted."""
        undeleted = select(SnapshotRow.id).where(
            SnapshotRow.dataset_id == DatasetRow.id, col(SnapshotRow.deleted_at).is_(None)
        )
        newest = undeleted.order_by(col(SnapshotRow.version).desc()).limit(1).correlate(DatasetRow).scalar_subquery()
        rows = self._session.exec(select(DatasetRow.id, newest).where(col(DatasetRow.id).in_(datasets)))
        return {dataset_id: snapshot_id for dataset_id, snapshot_id in rows if snapshot_id}

    def _sources(self, objects: Collection[str]) -> Sources:
        """All that led to each object, itself included."""
        new = [object_id for object_id in objects if object_id not in self._walked]
        for edge in walk(self._session, *new, upstream=True, most=MOST_EDGES) if new else ():
            self._before.setdefault(edge.target, []).append(edge.source)
            self._walked.add(edge.source)
        self._walked.update(new)
        return {object_id: led_to(object_id, self._before) for object_id in objects}


def is_snapshot(object_id: str) -> bool:
    return kind_of(object_id) is Kind.SNAPSHOT


def _quarantined(row: SnapshotRow, *, dataset: str, since: datetime) -> Health:
    words = _("{name} v{version} is in quarantine: {reason}").format(
        name=dataset, version=row.version, reason=row.quarantine
    )
    return Health(object_id=row.id, state="quarantined", reason=words, cause_id=row.id, since=since)
