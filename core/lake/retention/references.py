"""Which blobs of the store anything still names. It errs on the side of keeping: every text in the database that looks
like a digest names a blob, and so does every one in a small JSON blob that is itself named."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, String, Text, cast, column, func, inspect, literal_column, table, text
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from core.foundation.storage import DIGEST, Store
from core.lake.import_values import ImportState
from core.lake.retention.item_index import items_in
from core.lake.tables import DatasetRow, ImportRow, SnapshotRow

# The audit log tells what was; it keeps nothing.
UNREAD = ("audit_events",)
DELETED = "SELECT id FROM snapshots WHERE deleted_at IS NOT NULL"
EVER = "1 = 1"
# Which rows of a table, or of one of its columns, keep what they name. A snapshot's own digest stays for the chain.
# Jobs that are over read what others name: what a resumed run reads is named by its training set.
KEEPING = {
    "snapshots": "deleted_at IS NULL",
    "snapshots.digest": EVER,
    "snapshot_files": f"snapshot_id NOT IN ({DELETED})",
    "imports.kept": "state NOT IN ('confirmed', 'discarded')",
    "imports.preview": "state NOT IN ('confirmed', 'discarded')",
    "imports.source": f"state <> 'discarded' AND snapshot_id NOT IN ({DELETED})",
    "jobs": "state IN ('queued', 'running')",
    "queries": "created_at > :week_ago",
}
WAITING = (ImportState.READING, ImportState.READY, ImportState.FAILED)
LARGEST_DOCUMENT = 8 * 2**20
PART = 500


def named(session: Session, store: Store, *, now: datetime) -> set[str]:
    """The digests of all that must stay. NotFound or Unavailable where the index of a kept snapshot of files cannot be
    read, for then nobody knows which files it names."""
    digests = in_database(session, now=now)
    _add_documents(store, digests, closed=_deleted_manifests(session))
    for index in indexes(session):
        digests.update(item for item, _bytes in items_in([store.verified_path(digest) for digest in index]))
    return digests


def still_named(session: Session, store: Store, digests: set[str], *, now: datetime) -> set[str]:
    """Those of the digests that rows name by now, and what they name among them as documents."""
    named_digests = digests & in_database(session, now=now)
    _add_documents(store, named_digests, closed=_deleted_manifests(session))
    return named_digests


def in_database(session: Session, *, now: datetime) -> set[str]:
    """The digests that rows of any table name, read a part at a time."""
    digests: set[str] = set()
    for name, of in list(columns_with_text(session)):
        digests.update(named_by(session, name, of, now=now))
    return digests


def indexes(session: Session, *, without: Collection[str] = ()) -> Iterator[list[str]]:
    """The files of every index whose items must stay: of snapshots, less those named, and of imports that may become
    one."""
    snapshots = (
        select(SnapshotRow).join(DatasetRow).where(DatasetRow.form == "files", col(SnapshotRow.deleted_at).is_(None))
    )
    for row in session.exec(snapshots):
        if row.id not in without:
            yield [file["digest"] for file in row.files]
    for waiting in session.exec(select(ImportRow).where(col(ImportRow.state).in_(WAITING))):
        if waiting.kept.get("form") == "files":
            yield [file["digest"] for file in waiting.kept["files"]]


def named_by(session: Session, name: str, of: str, *, now: datetime) -> Iterator[str]:
    """The digests in a column of a table, in the rows that keep what they name."""
    for digests, _ids in rows_naming(session, name, of, ids=(), now=now):
        yield from digests


def rows_naming(
    session: Session, name: str, of: str, *, ids: Sequence[str], now: datetime
) -> Iterator[tuple[list[str], tuple[Any, ...]]]:
    """The same by rows, each with what it has in the columns `ids`."""
    value = cast(column(of), Text)
    condition = KEEPING.get(f"{name}.{of}", KEEPING.get(name, EVER))
    where = text(condition)
    if ":week_ago" in condition:
        where = where.bindparams(week_ago=now - timedelta(days=7))
    long_enough = func.length(value) >= literal_column("64")
    rows: Any = select_columns(value, *map(column, ids)).select_from(table(name)).where(long_enough, where)
    for value_text, *of_row in session.connection().execute(rows, execution_options={"yield_per": PART}):
        yield DIGEST.findall(value_text), tuple(of_row)


def columns_with_text(session: Session) -> Iterator[tuple[str, str]]:
    """Table and column of every text and JSON document that is in the database, ours or not."""
    inspector = inspect(session.connection())
    for name in inspector.get_table_names():
        texts = [
            described["name"]
            for described in inspector.get_columns(name)
            if isinstance(described["type"], String | JSON)
        ]
        yield from ((name, of) for of in texts if name not in UNREAD)


def _deleted_manifests(session: Session) -> set[str]:
    """What is made of a snapshot names its manifest; that alone must not keep the rows of a deleted one."""
    return set(session.exec(select(SnapshotRow.digest).where(col(SnapshotRow.deleted_at).is_not(None))))


def _add_documents(store: Store, digests: set[str], *, closed: Collection[str]) -> None:
    """Adds what the small JSON blobs among the found name, and what those name in turn."""
    waiting = [digest for digest in digests if digest not in closed]
    while waiting:
        more = set(in_document(store, waiting.pop())) - digests
        digests |= more
        waiting.extend(more.difference(closed))


def in_document(store: Store, digest: str) -> list[str]:
    """The digests in a small JSON blob. Unavailable where one is damaged: what it named is not known any more."""
    path = store.path(digest)
    if not path.is_file() or path.stat().st_size > LARGEST_DOCUMENT:
        return []
    with path.open("rb") as file:
        may_be_document = file.read(1) in (b"", b"{", b"[")
    return DIGEST.findall(store.read(digest).decode("utf-8", "replace")) if may_be_document else []
