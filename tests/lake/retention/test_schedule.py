"""Garbage is collected when it is time: once, whoever comes first, and again when it failed."""

import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.audit.service import AuditEvent
from core.foundation.actors import Actor
from core.foundation.errors import Conflict
from core.lake.retention.schedule import PAUSE, GarbageCollectionReconciler
from core.portal import Portal, build_portal
from tests.compute.running import wait_until, worker_for
from tests.conftest import People
from tests.lake.retention.test_garbage_collection import PHOTOS, add, age_all, files_of

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def happened(portal: Portal, ago: timedelta, *, action: str = "identity.create_project") -> None:
    """Something was done that long ago, so that the installation is at least as old."""
    database = portal.foundation.database
    with database.write() as session:
        portal.foundation.journal.append(
            session,
            actor=Actor.system("worker"),
            action=action,
            outcome="ok",
            subject="",
            project="",
            details={},
            now=database.now(session) - ago,
        )


def orphan(portal: Portal, content: bytes = b"nobody wants me") -> str:
    digest = portal.foundation.store.put_bytes(content)
    os.utime(portal.foundation.store.path(digest), (1000, 1000))
    return digest


def collections(portal: Portal, people: People) -> list[AuditEvent]:
    return list(portal.audit.list_events(people.sre, action="lake.sweep_due", outcome="ok").items)


def now_of(portal: Portal) -> datetime:
    return portal.foundation.clock.now()


def with_days(portal: Portal, days: int) -> Portal:
    settings = portal.foundation.settings.model_copy(update={"sweep_days": days})
    return build_portal(settings, foundation=replace(portal.foundation, settings=settings))


def test_what_is_due_is_collected_once_and_recorded_with_its_actor(portal: Portal, people: People) -> None:
    happened(portal, WEEK + HOUR)
    wanted, worker = orphan(portal), GarbageCollectionReconciler(portal.garbage_collection)
    worker.tick(now_of(portal))
    wait_until(lambda: wanted not in files_of(portal))
    (event,) = collections(portal, people)
    assert (event.actor, event.details) == ("worker", {"orphans": 1, "orphan_bytes": 15})
    later = orphan(portal)
    assert not worker.is_due(now_of(portal))
    worker.tick(now_of(portal) + PAUSE)
    assert later in files_of(portal)
    assert len(collections(portal, people)) == 1


@pytest.mark.parametrize("action", ["lake.sweep_store", "lake.sweep_due"])
def test_the_time_goes_from_the_last_collection_whoever_started_it(portal: Portal, people: People, action: str) -> None:
    worker = GarbageCollectionReconciler(portal.garbage_collection)
    happened(portal, 5 * WEEK)
    happened(portal, WEEK - HOUR, action=action)
    assert not worker.is_due(now_of(portal))
    with pytest.raises(Conflict):
        worker.round(now_of(portal))
    assert GarbageCollectionReconciler(with_days(portal, 6).garbage_collection).is_due(now_of(portal))


def test_a_young_installation_waits_for_its_first_collection(portal: Portal, people: People) -> None:
    happened(portal, WEEK - HOUR)
    wanted = orphan(portal)
    assert not GarbageCollectionReconciler(portal.garbage_collection).is_due(now_of(portal))
    due = portal.garbage_collection.plan_sweep(people.sre).due_at
    assert due is not None
    assert timedelta() < due - now_of(portal) <= HOUR
    assert wanted in files_of(portal)


def test_without_a_schedule_only_people_collect(portal: Portal, people: People) -> None:
    happened(portal, 100 * WEEK)
    unscheduled = with_days(portal, 0)
    assert not GarbageCollectionReconciler(unscheduled.garbage_collection).is_due(now_of(portal))
    assert unscheduled.garbage_collection.plan_sweep(people.sre).due_at is None
    orphan(portal)
    assert unscheduled.garbage_collection.sweep_store(people.sre).orphans == 1


def test_of_two_workers_one_collects(portal_on: Portal, people: People) -> None:
    happened(portal_on, WEEK + HOUR)
    orphan(portal_on)
    workers = [GarbageCollectionReconciler(portal_on.garbage_collection) for _number in range(2)]
    at_once = threading.Barrier(2)
    refused: list[GarbageCollectionReconciler] = []

    def race(worker: GarbageCollectionReconciler) -> None:
        assert worker.is_due(now_of(portal_on))
        at_once.wait()
        try:
            worker.round(now_of(portal_on))
        except Conflict:
            refused.append(worker)

    threads = [threading.Thread(target=race, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(collections(portal_on, people)), len(refused)) == (1, 1)


def test_a_collection_that_failed_is_still_due_and_the_worker_goes_on(
    portal: Portal, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    wanted, named = orphan(portal), age_all(portal)
    happened(portal, WEEK + HOUR)
    index, away = portal.foundation.store.path(photos.files[0].digest), portal.foundation.settings.home / "away"
    index.rename(away)
    with worker_for(
        portal, kinds=(), loops=[GarbageCollectionReconciler(portal.garbage_collection, pause=timedelta())]
    ):
        wait_until(lambda: "lake.sweep waits" in caplog.text)
        assert (collections(portal, people), wanted in files_of(portal)) == ([], True)
        away.rename(index)
        wait_until(lambda: collections(portal, people))
        wait_until(lambda: files_of(portal) == named - {wanted})
