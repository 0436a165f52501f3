"""What the end of snapshots frees: their files, and the items of an index of files, where nothing else holds them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from core.foundation.storage import Store
from core.lake.retention.item_index import items_in
from core.lake.retention.references import indexes, named_by
from core.lake.tables import SnapshotFileRow, SnapshotRow


def sizes_of(store: Store, row: SnapshotRow, *, form: str) -> dict[str, int]:
    """Digest and size in bytes of all that a snapshot holds, its own files last."""
    files = {file["digest"]: int(file["bytes"]) for file in row.files}
    paths = [store.path(digest) for digest in files] if form == "files" else []
    # Where the end of an index was begun it may be gone already, and its items with it.
    return dict(items_in([path for path in paths if path.exists()])) | files


def freed_by(
    session: Session, store: Store, going: Sequence[SnapshotRow], *, form: str, now: datetime
) -> dict[str, int]:
    """Bytes that go with each snapshot when all these go, the oldest first: what several of them share is counted with
    the first."""
    sizes = {row.id: sizes_of(store, row, form=form) for row in going}
    digests = {digest for files in sizes.values() for digest in files}
    counted = _referenced(session, store, digests, without=sizes, form=form, now=now)
    freed = {}
    for snapshot_id, files in sizes.items():
        freed[snapshot_id] = sum(size for digest, size in files.items() if digest not in counted)
        counted |= files.keys()
    return freed


def _referenced(
    session: Session, store: Store, digests: set[str], *, without: Collection[str], form: str, now: datetime
) -> set[str]:
    """Those that other snapshots, imports not yet confirmed, or jobs that wait or run hold."""
    if not digests:
        return set()
    stored = select(SnapshotFileRow).join(SnapshotRow).where(col(SnapshotRow.deleted_at).is_(None))
    referenced = {row.digest for row in session.exec(stored) if row.snapshot_id not in without}
    referenced.update(named_by(session, "imports", "kept", now=now), named_by(session, "jobs", "inputs", now=now))
    for files in indexes(session, without=without) if form == "files" else ():
        referenced.update(digest for digest, _bytes in items_in([store.verified_path(file) for file in files]))
    return digests & referenced
