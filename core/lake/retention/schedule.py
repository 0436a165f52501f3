"""Garbage collection of the store by schedule. When it was done last is in the audit log, so that any number of workers
do it once."""

from datetime import datetime, timedelta

from core.foundation.actors import Actor
from core.lake.retention.background import BackgroundWork
from core.lake.retention.garbage_collection import GarbageCollectionService, due_at

WORKER = Actor.system("worker")
PAUSE = timedelta(minutes=10)


class GarbageCollectionReconciler:
    """`lake.sweep`."""

    name = "lake.sweep"

    def __init__(self, collection: GarbageCollectionService, *, pause: timedelta = PAUSE) -> None:
        self._collection = collection
        self._work = BackgroundWork(self.name, pause=pause, is_due=self.is_due, work=self.round)

    def tick(self, now: datetime) -> None:
        """Looks every ten minutes, and collects in a thread of its own."""
        self._work.tick(now)

    def is_due(self, _now: datetime) -> bool:
        """By the database's time: workers agree on it."""
        database = self._collection.foundation.database
        with database.read() as session:
            due = due_at(session, every_days=self._collection.foundation.settings.sweep_days)
            return due is not None and due <= database.now(session)

    def round(self, _now: datetime) -> None:
        """Collects. Conflict where another worker was first."""
        self._collection.sweep_due(WORKER)
