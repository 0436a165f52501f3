"""What nothing names goes, what anything names stays: garbage collection, and the end of deleted rows."""

import os
from datetime import timedelta

import pytest

from core.foundation.digests import canonical
from core.foundation.errors import NotFound
from core.lake.import_values import Import
from core.lake.retention.removal import RemovalReconciler
from core.lake.retention.values import AgeGroup
from core.lake.values import Snapshot
from core.portal import Portal
from tests.compute.running import wait_until
from tests.installed import People
from tests.lake.imports.in_process import imported, read_here
from tests.lake.readers.test_zip import packed, picture
from tests.registry.onnx_files import register_tiny

WHY = "It must be said"
ROWS = b"id,x\n1,2\n2,5\n"
SHARED, OWN = picture(shade=1), picture(shade=2)
PHOTOS = packed([("cat/1.png", SHARED), ("cat/2.png", OWN)])
TWO_HOURS = timedelta(hours=2)


def age_all(portal: Portal) -> set[str]:
    """Every file of the store is as old as the epoch; their digests."""
    digests = {digest for digest, _size, _put in portal.foundation.store.blobs()}
    for digest in digests:
        os.utime(portal.foundation.store.path(digest), (1000, 1000))
    return digests


def files_of(portal: Portal) -> set[str]:
    return {digest for digest, _size, _put in portal.foundation.store.blobs()}


def add(portal: Portal, people: People, name: str, content: bytes, *, filename: str = "t.csv") -> Snapshot:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name=name)
    return imported(portal, people.engineer, dataset_id=dataset.id, filename=filename, content=content)


def waiting(portal: Portal, people: People, dataset_id: str, content: bytes, *, filename: str) -> Import:
    begun = portal.imports.start_upload(people.engineer, dataset_id=dataset_id, filename=filename, content=content)
    return read_here(portal, begun)


def take_away(portal: Portal, people: People, snapshot: Snapshot) -> None:
    """Deleted, and the worker came by two hours later."""
    portal.retention.delete_snapshot(people.engineer, snapshot_id=snapshot.id, reason=WHY)
    age_all(portal)
    RemovalReconciler(portal.garbage_collection).round(portal.foundation.clock.now() + TWO_HOURS)


def test_what_anything_names_stays_and_orphans_go(portal_on: Portal, people: People) -> None:
    portal, store = portal_on, portal_on.foundation.store
    rows = add(portal, people, "departures", ROWS)
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    later = [
        waiting(portal, people, rows.dataset_id, b"id,x\n7,7\n", filename="more.csv"),
        waiting(portal, people, photos.dataset_id, packed([("dog/1.png", picture(shade=3))]), filename="more.zip"),
    ]
    version = register_tiny(portal, people.engineer, rows=50)
    named = age_all(portal)
    orphans = [store.put_bytes(b"nobody wants me"), store.put_bytes(canonical({"names": next(iter(named))}))]
    age_all(portal)
    young = store.put_bytes(b"nobody wants me yet")
    plan = portal.garbage_collection.plan_sweep(people.sre)
    sizes = {digest: size for digest, size, _put in store.blobs()}
    assert (plan.orphans, plan.orphan_bytes) == (2, sum(sizes[digest] for digest in orphans))
    assert (plan.files, plan.held_bytes, plan.is_dry_run) == (len(named) + 3, sum(sizes.values()), True)
    assert (plan.young, plan.young_bytes) == (1, sizes[young])
    assert plan.ages == (AgeGroup(older_than_days=365, files=2, bytes=plan.orphan_bytes),)
    assert [file.digest for file in plan.largest] == sorted(orphans, key=sizes.__getitem__, reverse=True)
    assert files_of(portal) == named | {*orphans, young}
    assert portal.garbage_collection.sweep_store(people.sre).orphans == 2
    assert files_of(portal) == named | {young}
    assert portal.registry.examine(version.digest)
    confirmed = [portal.imports.confirm_import(people.engineer, import_id=pending.id) for pending in later]
    items = portal.datasets.search_items(people.viewer, snapshot_id=confirmed[1].id).items
    assert portal.datasets.item(people.viewer, snapshot_id=confirmed[1].id, digest=items[0].digest).content
    assert portal.garbage_collection.plan_sweep(people.sre).orphans == 0


def test_what_is_put_again_between_look_and_removal_stays(portal: Portal, people: People) -> None:
    store = portal.foundation.store
    orphan = store.put_bytes(b"nobody wants me")
    age_all(portal)
    store.put_bytes(b"nobody wants me")
    assert portal.garbage_collection.sweep_store(people.sre).orphans == 0
    assert store.read(orphan)


def test_a_given_up_import_leaves_nothing_behind(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")
    begun = waiting(portal, people, dataset.id, ROWS, filename="t.csv")
    age_all(portal)
    assert portal.garbage_collection.sweep_store(people.sre).orphans == 0
    portal.imports.discard_import(people.engineer, import_id=begun.id)
    assert portal.garbage_collection.sweep_store(people.sre).orphans == 3
    assert files_of(portal) == set()


def test_a_lost_index_stops_the_collection(portal: Portal, people: People) -> None:
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    named = age_all(portal)
    portal.foundation.store.path(photos.files[0].digest).unlink()
    with pytest.raises(NotFound):
        portal.garbage_collection.sweep_store(people.sre)
    assert files_of(portal) == named - {photos.files[0].digest}


def test_deleted_rows_go_for_good_with_what_they_were_uploaded_as(portal: Portal, people: People) -> None:
    remaining, gone = add(portal, people, "kept", b"id,x\n1,3\n"), add(portal, people, "gone", ROWS)
    before = files_of(portal)
    portal.retention.delete_snapshot(people.engineer, snapshot_id=gone.id, reason=WHY)
    worker = RemovalReconciler(portal.garbage_collection)
    age_all(portal)
    worker.round(portal.foundation.clock.now() + timedelta(minutes=30))
    assert files_of(portal) == before
    worker.round(portal.foundation.clock.now() + TWO_HOURS)
    upload = portal.imports.list_imports(people.viewer, dataset_id=gone.dataset_id).items[0].source.digest
    assert before - files_of(portal) == {gone.files[0].digest, upload}
    assert portal.datasets.preview(people.viewer, snapshot_id=remaining.id).rows
    worker.round(portal.foundation.clock.now() + TWO_HOURS)
    assert portal.datasets.get_snapshot(people.viewer, snapshot_id=gone.id).digest in files_of(portal)


def test_files_and_items_that_others_hold_outlive_a_deleted_snapshot(portal: Portal, people: People) -> None:
    first = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    other = add(portal, people, "others", packed([("cat/1.png", SHARED)]), filename="others.zip")
    copy = add(portal, people, "copies", PHOTOS, filename="photos.zip")
    before = files_of(portal)
    take_away(portal, people, first)
    assert files_of(portal) == before
    own = {item.digest for item in portal.datasets.search_items(people.viewer, snapshot_id=copy.id).items}
    take_away(portal, people, copy)
    (shared,) = (item.digest for item in portal.datasets.search_items(people.viewer, snapshot_id=other.id).items)
    assert own & files_of(portal) == {shared}


def test_a_removal_that_was_killed_is_carried_on(portal: Portal, people: People) -> None:
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    items = portal.datasets.search_items(people.viewer, snapshot_id=photos.id).items
    portal.foundation.store.path(items[0].digest).unlink()
    take_away(portal, people, photos)
    assert files_of(portal) == {photos.digest}


def test_a_plan_tells_what_really_goes(portal: Portal, people: People) -> None:
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    add(portal, people, "others", packed([("cat/1.png", SHARED)]), filename="others.zip")
    newer = packed([("dog/1.png", picture(shade=4))])
    imported(portal, people.engineer, dataset_id=photos.dataset_id, filename="photos.zip", content=newer)
    rule = {"dataset_id": photos.dataset_id, "keep_last": 1, "older_than_days": 0}
    plan = portal.retention.plan_retention(people.viewer, **rule)
    assert plan.freed_bytes == photos.files[0].bytes + len(OWN)
    portal.retention.apply_retention(people.sre, **rule, plan_digest=plan.digest)
    age_all(portal)
    before = {digest: size for digest, size, _put in portal.foundation.store.blobs()}
    RemovalReconciler(portal.garbage_collection).round(portal.foundation.clock.now() + TWO_HOURS)
    gone = before.keys() - files_of(portal)
    upload = len(PHOTOS)
    assert sum(before[digest] for digest in gone) == plan.freed_bytes + upload


def test_the_worker_looks_by_itself_and_no_more_often_than_it_must(portal: Portal, people: People) -> None:
    gone, worker = add(portal, people, "gone", ROWS), RemovalReconciler(portal.garbage_collection)
    now = portal.foundation.clock.now()
    worker.tick(now + TWO_HOURS)
    portal.retention.delete_snapshot(people.engineer, snapshot_id=gone.id, reason=WHY)
    age_all(portal)
    worker.tick(now + TWO_HOURS + timedelta(seconds=1))
    assert gone.files[0].digest in files_of(portal)
    worker.tick(now + TWO_HOURS + timedelta(minutes=1))
    wait_until(lambda: gone.files[0].digest not in files_of(portal))
    wait_until(lambda: portal.audit.list_events(people.admin, action="lake.note_removal").total == 1)
