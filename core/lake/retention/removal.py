"""Makes deleted rows go: an hour after a snapshot was deleted the worker removes its files, the items of its index and
what it was uploaded as, as far as nothing else names them. It remembers nothing, so it may be killed at any moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, exists, select

from core.foundation.actors import Actor
from core.foundation.storage import Store
from core.lake.retention.background import BackgroundWork
from core.lake.retention.freeable import sizes_of
from core.lake.retention.garbage_collection import GarbageCollectionService
from core.lake.retention.references import named
from core.lake.tables import DatasetRow, ImportRow, SnapshotFileRow, SnapshotRow

WORKER = Actor.system("worker")
# What is being put just now is named within this time.
GRACE = timedelta(hours=1)
PAUSE = timedelta(seconds=30)


class RemovalReconciler:
    """`lake.files`."""

    name = "lake.files"

    def __init__(self, collection: GarbageCollectionService) -> None:
        self._collection = collection
        self._foundation = collection.foundation
        self._work = BackgroundWork(self.name, pause=PAUSE, is_due=self._is_due, work=self.round)

    def tick(self, now: datetime) -> None:
        """Looks twice a minute, and removes in a thread of its own."""
        self._work.tick(now)

    def round(self, now: datetime) -> None:
        """Removes what is due. The files that say what else there is to remove go last."""
        store = self._foundation.store
        with self._foundation.database.read() as session:
            rows = _due(session, now)
            stays = named(session, store, now=now)
            digests = {row.id: _holds(session, store, row) for row in rows}
        before = (now - GRACE).timestamp()
        for snapshot_id, held in digests.items():
            freed = sum(store.remove(digest, before=before) for digest in held if digest not in stays)
            self._collection.note_removal(WORKER, snapshot_id=snapshot_id, freed_bytes=freed)

    def _is_due(self, now: datetime) -> bool:
        with self._foundation.database.read() as session:
            return bool(_due(session, now))


def _due(session: Session, now: datetime) -> Sequence[SnapshotRow]:
    has_files = exists().where(col(SnapshotFileRow.snapshot_id) == SnapshotRow.id)
    return session.exec(select(SnapshotRow).where(col(SnapshotRow.deleted_at) <= now - GRACE, has_files)).all()


def _holds(session: Session, store: Store, row: SnapshotRow) -> list[str]:
    sources = session.exec(select(ImportRow.source).where(ImportRow.snapshot_id == row.id))
    uploads = [digest for source in sources if (digest := source.get("digest"))]
    form = session.get_one(DatasetRow, row.dataset_id).form
    return [*uploads, *sizes_of(store, row, form=form)]
