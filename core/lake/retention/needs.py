"""What needs which files of the store: the files that rows cannot do without, and the objects that refer to one of
them, by their own rows or by a manifest or an index of files that names it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from core.foundation.errors import PortalError
from core.foundation.ids import is_id
from core.foundation.objects import ObjectRow, Thing, thing_of
from core.foundation.storage import Manifest, Store
from core.lake.retention.item_index import items_in
from core.lake.retention.references import columns_with_text, in_database, in_document, named_by, rows_naming
from core.lake.tables import DatasetRow, SnapshotRow

# Columns whose digests are those of files that must be there; others may be the digests of anything.
FILES = (
    ("snapshot_files", "digest"),
    ("feature_versions", "rows_digest"),
    ("training_sets", "splits"),
    ("model_versions", "model_digest"),
    ("load_tests", "windows"),
)
MANIFESTS = (("model_versions", "digest"), ("runs", "manifest"))
MOST_THINGS = 20


def needed(session: Session, store: Store, *, now: datetime) -> Iterator[str]:
    """The digests of files that must be there, some of them more than once."""
    for name, of in FILES:
        yield from named_by(session, name, of, now=now)
    for name, of in MANIFESTS:
        for manifest in list(named_by(session, name, of, now=now)):
            yield from (manifest, *_files_of(store, manifest))
    for _snapshot_id, items in _items_of_snapshots(session, store):
        yield from items


def things_needing(
    session: Session, store: Store, digests: Collection[str], *, now: datetime
) -> Mapping[str, tuple[Thing, ...]]:
    """The objects that refer to each of these files, at most twenty for each."""
    ids: dict[str, set[str]] = defaultdict(set)
    holders = _holders(session, store, digests, now=now)
    for named, object_ids in _rows(session, now=now):
        for digest in {file for name in named for file in holders.get(name, ())}:
            ids[digest].update(object_ids)
    for snapshot_id, items in _items_of_snapshots(session, store):
        for digest in set(digests).intersection(items):
            ids[digest].add(snapshot_id)
    return {digest: _things(session, object_ids) for digest, object_ids in ids.items()}


def _rows(session: Session, *, now: datetime) -> Iterator[tuple[list[str], set[str]]]:
    """The digests that each row names, and the ids of the objects that it is about."""
    inspector = inspect(session.connection())
    for name, of in list(columns_with_text(session)):
        columns = [described["name"] for described in inspector.get_columns(name)]
        ids = ["id"] if "id" in columns else [column for column in columns if column.endswith("_id")]
        for named, values in rows_naming(session, name, of, ids=ids, now=now):
            yield named, {value for value in values if isinstance(value, str) and is_id(value)}


def _holders(
    session: Session, store: Store, digests: Collection[str], *, now: datetime
) -> Mapping[str, Collection[str]]:
    """For each of the files, and each document that names one or names another that does: the files."""
    files = {digest: {digest} for digest in digests}
    named_in = _documents(store, in_database(session, now=now))
    is_new = True
    while is_new:
        is_new = False
        for document, names in named_in.items():
            held = {file for name in names for file in files.get(name, ())}
            is_new = is_new or not held <= files.get(document, set())
            files.setdefault(document, set()).update(held)
    return files


def _documents(store: Store, digests: Iterable[str]) -> dict[str, list[str]]:
    """What each small JSON blob names, among those with these digests and those that they name in turn."""
    named_in: dict[str, list[str]] = {}
    waiting = list(digests)
    while waiting:
        digest = waiting.pop()
        if digest not in named_in and (names := _names_in(store, digest)):
            named_in[digest] = names
            waiting.extend(names)
    return named_in


def _names_in(store: Store, digest: str) -> list[str]:
    """Nothing for a document that is itself damaged."""
    try:
        return in_document(store, digest)
    except (PortalError, OSError):
        return []


def _files_of(store: Store, manifest: str) -> list[str]:
    """One that is missing or damaged is found by itself."""
    try:
        files: Manifest = store.manifest(manifest)
    except PortalError:
        return []
    return [file.sha256 for file in files.files]


def _items_of_snapshots(session: Session, store: Store) -> Iterator[tuple[str, Iterator[str]]]:
    """The files that the index of each snapshot of files names; without an index that cannot be read."""
    of_files = select(SnapshotRow).join(DatasetRow).where(DatasetRow.form == "files")
    for row in session.exec(of_files.where(col(SnapshotRow.deleted_at).is_(None))):
        try:
            paths = [store.verified_path(file["digest"]) for file in row.files]
        except PortalError:
            continue
        yield row.id, (item for item, _bytes in items_in(paths))


def _things(session: Session, ids: Collection[str]) -> tuple[Thing, ...]:
    rows = session.exec(
        select(ObjectRow).where(col(ObjectRow.id).in_(sorted(ids)[:MOST_THINGS])).order_by(ObjectRow.id)
    )
    return tuple(thing_of(row) for row in rows)
