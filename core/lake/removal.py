"""Makes deleted rows go: an hour after a snapshot was deleted the worker removes its files, the items of its index and
what it was uploaded as, as far as nothing else names them. It remembers nothing, so it may be killed at any moment."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, exists, select

from core.foundation.actors import Actor
from core.foundation.errors import PortalError
from core.lake.freeing import sizes_of
from core.lake.naming import named
from core.lake.service import LakeService
from core.lake.tables import DatasetRow, ImportRow, SnapshotFileRow, SnapshotRow

WORKER = Actor.system("worker")
# What is being put just now is named within this time.
GRACE = timedelta(hours=1)
PAUSE = timedelta(seconds=30)
logger = logging.getLogger(__name__)


class RemovalReconciler:
    """`lake.files`."""

    name = "lake.files"

    def __init__(self, lake: LakeService) -> None:
        self._lake = lake
        self._foundation = lake.foundation
        self._thread: threading.Thread | None = None
        self._next: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Looks twice a minute, and removes in a thread of its own."""
        if (self._next and now < self._next) or (self._thread and self._thread.is_alive()):
            return
        self._next = now + PAUSE
        with self._foundation.database.read() as session:
            is_due = bool(_due(session, now))
        if is_due:
            self._thread = threading.Thread(target=self._try, args=(now,), name=self.name, daemon=True)
            self._thread.start()

    def round(self, now: datetime) -> None:
        """Removes what is due. The files that say what else there is to remove go last."""
        store = self._foundation.store
        with self._foundation.database.read() as session:
            rows = _due(session, now)
            stays = named(session, store, now=now)
            digests = {row.id: _holds(session, self._lake, row) for row in rows}
        before = (now - GRACE).timestamp()
        for snapshot_id, found in digests.items():
            freed = sum(store.remove(digest, before=before) for digest in found if digest not in stays)
            self._lake.note_removal(WORKER, snapshot_id=snapshot_id, freed_bytes=freed)

    def _try(self, now: datetime) -> None:
        try:
            self.round(now)
        except PortalError as error:
            logger.warning("the files of deleted snapshots stay for now: %s", error)


def _due(session: Session, now: datetime) -> Sequence[SnapshotRow]:
    has_files = exists().where(col(SnapshotFileRow.snapshot_id) == SnapshotRow.id)
    return session.exec(select(SnapshotRow).where(col(SnapshotRow.deleted_at) <= now - GRACE, has_files)).all()


def _holds(session: Session, lake: LakeService, row: SnapshotRow) -> list[str]:
    imports = session.exec(select(ImportRow).where(ImportRow.snapshot_id == row.id))
    uploads = [digest for each in imports if (digest := each.source.get("digest"))]
    form = session.get_one(DatasetRow, row.dataset_id).form
    return [*uploads, *sizes_of(lake.foundation.store, row, form=form)]
