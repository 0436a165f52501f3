"""Garbage collection of the store: files that nothing references any more go, a day after they were last put. People
start it, and the worker does by schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlmodel import Session, col, delete, func, select

from core.audit.tables import AuditRow
from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict
from core.foundation.storage import Store
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.retention.references import named, still_named
from core.lake.retention.values import AgeGroup, GarbageReport, StoredFile
from core.lake.tables import SnapshotFileRow

YOUNG = timedelta(days=1)
COLLECTIONS = ("lake.sweep_store", "lake.sweep_due")
AGES = (1, 7, 30, 365)
SHOWN = 10


@dataclass(frozen=True)
class Unreferenced:
    """The files that nothing names: those that may go and those that are too young, among how many files."""

    old: tuple[StoredFile, ...]
    young: tuple[StoredFile, ...]
    files: int
    held_bytes: int


class GarbageCollectionService(Service):
    domain = "lake"

    def _find(self, call: Call) -> Unreferenced:
        call.unscoped()
        stays = named(call.session, self.foundation.store, now=call.now)
        return _unreferenced(self.foundation.store, stays, before=call.now - YOUNG)

    @action(permission=Permission.GC, reads=True)
    def plan_sweep(self, call: Call) -> GarbageReport:
        """Show what the store holds, and how many of its files nothing names any more. Nothing is removed."""
        unreferenced = self._find(call)
        return self._report(call, unreferenced, unreferenced.old, is_dry_run=True)

    @action(permission=Permission.GC, prepare=_find, says=N_("removed unreferenced files"))
    def sweep_store(self, call: Call) -> GarbageReport:
        """Remove the files of the store that nothing names and that are older than a day."""
        call.unscoped()
        return self._collect(call)

    @action(permission=Permission.SYSTEM, prepare=_find, says=N_("removed unreferenced files, on schedule"))
    def sweep_due(self, call: Call) -> GarbageReport:
        """Remove unreferenced files as scheduled. Conflict where it is not due: another worker may have been first."""
        call.unscoped()
        due = due_at(call.session, every_days=self.foundation.settings.sweep_days)
        if due is None or due > call.now:
            raise Conflict(_("Garbage collection is not due"), hint=_("Another worker was first."))
        return self._collect(call)

    @action(permission=Permission.SYSTEM, says=N_("removed the files of"))
    def note_removal(self, call: Call, *, snapshot_id: str, freed_bytes: int) -> None:
        """Record that the files of a deleted snapshot are gone, as far as nothing else holds them."""
        call.may_reach(snapshot_id)
        call.about(snapshot_id)
        call.session.exec(delete(SnapshotFileRow).where(col(SnapshotFileRow.snapshot_id) == snapshot_id))
        call.note(freed_bytes=freed_bytes)

    def _collect(self, call: Call) -> GarbageReport:
        store, unreferenced = self.foundation.store, call.prepared
        # They were found outside the lock; what was named meanwhile stays.
        stays = still_named(call.session, store, {file.digest for file in unreferenced.old}, now=call.now)
        going = [file for file in unreferenced.old if file.digest not in stays]
        before = (call.now - YOUNG).timestamp()

        def remove(_session: Session) -> None:
            for file in going:
                store.remove(file.digest, before=before)
            store.remove_unfinished(before=before)

        event.listen(call.session, "after_commit", remove, once=True)
        call.about("")
        call.note(orphans=len(going), orphan_bytes=_bytes(going))
        return self._report(call, unreferenced, going, is_dry_run=False)

    def _report(
        self, call: Call, unreferenced: Unreferenced, going: Sequence[StoredFile], *, is_dry_run: bool
    ) -> GarbageReport:
        days = self.foundation.settings.sweep_days
        return GarbageReport(
            orphans=len(going),
            orphan_bytes=_bytes(going),
            files=unreferenced.files,
            held_bytes=unreferenced.held_bytes,
            young=len(unreferenced.young),
            young_bytes=_bytes(unreferenced.young),
            ages=_ages(going, now=call.now),
            largest=tuple(sorted(going, key=lambda file: (-file.bytes, file.put_at))[:SHOWN]),
            every_days=days,
            due_at=due_at(call.session, every_days=days),
            is_dry_run=is_dry_run,
        )


def due_at(session: Session, *, every_days: int) -> datetime | None:
    """When the worker collects next: so many days after the last collection, whoever started it, or after the first
    event of the installation. None where it never does."""
    is_collection = (col(AuditRow.action).in_(COLLECTIONS), col(AuditRow.outcome) == "ok")
    last = session.exec(select(func.max(AuditRow.time)).where(*is_collection)).one()
    since = last or session.exec(select(func.min(AuditRow.time))).one()
    return since + timedelta(days=every_days) if every_days and since else None


def _unreferenced(store: Store, stays: set[str], *, before: datetime) -> Unreferenced:
    old: list[StoredFile] = []
    young: list[StoredFile] = []
    files = held = 0
    for digest, size, put in store.blobs():
        files, held = files + 1, held + size
        if digest not in stays:
            file = StoredFile(digest=digest, bytes=size, put_at=datetime.fromtimestamp(put, UTC))
            (old if file.put_at < before else young).append(file)
    return Unreferenced(tuple(old), tuple(young), files, held)


def _ages(files: Sequence[StoredFile], *, now: datetime) -> tuple[AgeGroup, ...]:
    groups: dict[int, list[StoredFile]] = {}
    for file in files:
        age = max(days for days in AGES if days == AGES[0] or file.put_at < now - timedelta(days=days))
        groups.setdefault(age, []).append(file)
    return tuple(
        AgeGroup(older_than_days=age, files=len(group), bytes=_bytes(group)) for age, group in sorted(groups.items())
    )


def _bytes(files: Sequence[Any]) -> int:
    return sum(file.bytes for file in files)
