"""The sweep of the store: files that nothing names any more go, a day after they were last put."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import event
from sqlmodel import Session, col, delete

from core.foundation.actions import Call, Service, action
from core.foundation.storage import Store
from core.identity.permissions import Permission
from core.lake.care_values import SweepReport
from core.lake.naming import named, still_named
from core.lake.tables import SnapshotFileRow

YOUNG = timedelta(days=1)


@dataclass(frozen=True)
class Orphans:
    """Digest and size in bytes of each file that nothing names, among how many files."""

    sizes: dict[str, int]
    files: int


class SweepActions(Service):
    domain = "lake"

    def _find(self, call: Call) -> Orphans:
        call.unscoped()
        stays = named(call.session, self.foundation.store, now=call.now)
        return _orphans(self.foundation.store, stays, before=_limit(call.now))

    @action(permission=Permission.GC, reads=True)
    def plan_sweep(self, call: Call) -> SweepReport:
        """Show how many files of the store nothing names any more. Nothing is removed."""
        found = self._find(call)
        return _report(found.sizes, found.files, is_dry_run=True)

    @action(permission=Permission.GC, prepare=_find)
    def sweep_store(self, call: Call) -> SweepReport:
        """Remove the files of the store that nothing names and that are older than a day."""
        call.unscoped()
        store, found = self.foundation.store, call.prepared
        # They were found outside the lock; what was named meanwhile stays.
        stays = still_named(call.session, store, set(found.sizes), now=call.now)
        going = {digest: size for digest, size in found.sizes.items() if digest not in stays}
        before = _limit(call.now)

        def remove(_session: Session) -> None:
            for digest in going:
                store.remove(digest, before=before)

        event.listen(call.session, "after_commit", remove, once=True)
        call.note(orphans=len(going), orphan_bytes=sum(going.values()))
        return _report(going, found.files, is_dry_run=False)

    @action(permission=Permission.SYSTEM)
    def note_removal(self, call: Call, *, snapshot_id: str, freed_bytes: int) -> None:
        """Take in that the files of a deleted snapshot are gone, as far as nothing else holds them."""
        call.within(snapshot_id)
        call.session.exec(delete(SnapshotFileRow).where(col(SnapshotFileRow.snapshot_id) == snapshot_id))
        call.note(freed_bytes=freed_bytes)


def _limit(now: datetime) -> float:
    return (now - YOUNG).timestamp()


def _orphans(store: Store, stays: set[str], *, before: float) -> Orphans:
    sizes, files = {}, 0
    for digest, size, put in store.blobs():
        files += 1
        if put < before and digest not in stays:
            sizes[digest] = size
    return Orphans(sizes=sizes, files=files)


def _report(sizes: dict[str, int], files: int, *, is_dry_run: bool) -> SweepReport:
    return SweepReport(orphans=len(sizes), orphan_bytes=sum(sizes.values()), files=files, is_dry_run=is_dry_run)
