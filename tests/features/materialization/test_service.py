"""Materializations through the portal's actions, its worker and its schedule."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlmodel import select

from core.compute.tables import JobRow
from core.features.materialization.kind import MaterializationReconciler
from core.features.materialization.values import Materialization
from core.features.tables import FeatureVersionRow, MaterializationRow
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.lake.tables import SnapshotRow
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.features.materialization.in_process import DAY, START
from tests.features.materialization.installation import Installation

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene(portal: Portal, people: People, tmp_path: Path) -> Installation:
    return Installation(portal, people, tmp_path)


def jobs_of(scene: Installation) -> int:
    with scene.portal.foundation.database.read() as session:
        return len(session.exec(select(JobRow.id)).all())


def tick(scene: Installation) -> None:
    MaterializationReconciler(scene.portal.materialization).tick(scene.portal.foundation.clock.now())


def make_due(scene: Installation, materialization: Materialization, *, missed: float = 0.0) -> None:
    """As if its time had come, and `missed` more times had passed."""
    due = scene.portal.foundation.clock.now() - materialization.every_seconds * missed * timedelta(seconds=1) - MINUTE
    scene.change(MaterializationRow, materialization.id, due_at=due)


def test_a_version_is_brought_online_and_answers(scene: Installation) -> None:
    materialization = scene.materialize()
    assert (
        materialization.state,
        materialization.cause,
        materialization.behind,
        materialization.rows,
        materialization.keys,
    ) == ("ready", "", False, 2, 2)
    assert (materialization.watermark, materialization.version_id, materialization.view) == (
        START,
        scene.version_id,
        "totals",
    )
    assert materialization.as_of is not None
    a, b, nobody = scene.portal.materialization.get_online(
        scene.people.viewer, version_id=scene.version_id, keys=({"k": "a"}, {"k": "b"}, {"k": "z"})
    )
    assert (a.status, a.values, a.event_time) == ("present", {"grade": None, "total": None, "seen": 0.0}, START)
    assert b.created_time == START
    assert (nobody.status, nobody.event_time) == ("not_found", None)


def test_new_data_are_seen_and_brought_by_the_next_run(scene: Installation) -> None:
    materialization = scene.materialize()
    scene.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    newest = scene.add_snapshot()
    assert scene.now(materialization.id).behind
    assert scene.statuses("c") == ["not_found"]
    done = scene.run(materialization.id)
    assert (done.behind, done.snapshots, done.rows, done.watermark) == (False, {"events": newest}, 3, START + DAY)
    assert scene.statuses("a", "c") == ["present", "present"]


def test_a_run_without_news_needs_no_job(scene: Installation) -> None:
    materialization = scene.materialize()
    before = jobs_of(scene)
    again = scene.run(materialization.id)
    assert jobs_of(scene) == before
    assert again.as_of is not None
    assert materialization.as_of is not None
    assert again.as_of > materialization.as_of


def test_a_store_that_has_lost_everything_is_filled_again(scene: Installation) -> None:
    materialization = scene.materialize()
    (scene.portal.foundation.settings.home / "online" / "live.sqlite").unlink()
    scene.portal.materialization.live_store.store.close()
    assert scene.run(materialization.id, whole=True).keys == 2
    assert scene.statuses("a", "b") == ["present", "present"]


def test_a_version_has_one_materialization_and_one_run_at_a_time(scene: Installation) -> None:
    portal, engineer = scene.portal, scene.people.engineer
    first = portal.materialization.materialize(engineer, version_id=scene.version_id)
    again = portal.materialization.materialize(engineer, version_id=scene.version_id, every_seconds=3600)
    assert (again.id, again.every_seconds, again.job_id) == (first.id, 3600, first.job_id)
    with pytest.raises(Conflict, match=first.job_id):
        portal.materialization.run_materialization(engineer, materialization_id=first.id)
    make_due(scene, again)
    tick(scene)
    assert scene.now(first.id).job_id == first.job_id
    assert portal.materialization.list_materializations(engineer, version_id=scene.version_id).total == 1
    run_job_here(scene.portal, first.job_id)
    tick(scene)
    assert scene.now(first.id).state == "ready"


def test_what_is_due_runs_by_itself_and_missed_times_are_made_up_by_one_run(scene: Installation) -> None:
    materialization = scene.materialize(every_seconds=3600)
    scene.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    scene.add_snapshot()
    tick(scene)
    assert scene.now(materialization.id).job_id == materialization.job_id
    make_due(scene, materialization, missed=30.0)
    tick(scene)
    running = scene.now(materialization.id)
    assert running.state == "running"
    assert running.due_at is not None
    assert timedelta() < running.due_at - scene.portal.foundation.clock.now() <= timedelta(hours=1)
    tick(scene)
    assert scene.now(materialization.id).job_id == running.job_id
    assert scene.finished(running).rows == 3


def test_a_run_that_fails_says_why_and_the_next_time_is_another_try(scene: Installation) -> None:
    materialization = scene.materialize(every_seconds=3600)
    good = dict(scene.days)
    scene.add_snapshot({"2013-01-01": pa.table({"k": ["a"], "nothing": [1]})})
    make_due(scene, materialization)
    tick(scene)
    failed = scene.finished(scene.now(materialization.id))
    assert failed.state == "failed"
    assert "not found" in failed.cause
    assert failed.due_at is not None
    assert scene.statuses("a") == ["present"]
    scene.days = good | {"2013-01-02": [("c", START + DAY, START + DAY, 3, "y")]}
    scene.add_snapshot()
    make_due(scene, materialization)
    tick(scene)
    assert (scene.finished(scene.now(materialization.id)).state, scene.statuses("a", "c")) == (
        "ready",
        ["present", "present"],
    )


def test_a_run_that_cannot_start_says_why_and_is_tried_again(scene: Installation) -> None:
    materialization = scene.materialize(every_seconds=3600)
    (snapshot_id,) = scene.now(materialization.id).snapshots.values()
    scene.change(SnapshotRow, snapshot_id, quarantine="wrong rows")
    make_due(scene, materialization)
    tick(scene)
    row = scene.due(materialization.id)
    assert row.state == "failed"
    assert "No snapshot" in row.cause
    assert row.due_at is not None
    assert row.due_at > scene.portal.foundation.clock.now()
    assert scene.now(materialization.id).behind


def test_a_paused_materialization_waits_until_it_is_resumed(scene: Installation) -> None:
    portal, engineer = scene.portal, scene.people.engineer
    materialization = scene.materialize(every_seconds=3600)
    paused = portal.materialization.pause_materialization(engineer, materialization_id=materialization.id)
    assert (paused.state, paused.due_at) == ("paused", None)
    scene.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    scene.add_snapshot()
    tick(scene)
    assert scene.now(materialization.id).state == "paused"
    resumed = portal.materialization.resume_materialization(engineer, materialization_id=materialization.id)
    assert resumed.state == "ready"
    tick(scene)
    assert scene.finished(scene.now(materialization.id)).rows == 3
    by_hand = scene.materialize(every_seconds=0)
    with pytest.raises(Conflict, match="no schedule"):
        portal.materialization.pause_materialization(engineer, materialization_id=by_hand.id)


def test_what_a_retired_version_has_left_is_cleared(scene: Installation) -> None:
    materialization = scene.materialize(every_seconds=3600)
    other = scene.version(
        snapshot_id=next(iter(materialization.snapshots.values())),
        sql="SELECT k, happened, written, x FROM events",
        kinds={"x": "number"},
    )
    scene.materialize(other)
    scene.change(FeatureVersionRow, scene.version_id, state="retired")
    tick(scene)
    removed = scene.now(materialization.id)
    assert (removed.state, removed.keys, removed.due_at) == ("removed", 0, None)
    assert scene.statuses("a") == ["not_found"]
    assert scene.statuses("a", version_id=other) == ["present"]
    with pytest.raises(Conflict, match="is retired"):
        scene.run(materialization.id)


def test_what_a_view_that_was_put_away_keeps_online_grows_no_more_and_goes_with_it(scene: Installation) -> None:
    materialization, keeping = scene.materialize(every_seconds=3600), scene.portal.keeping
    make_due(scene, materialization)
    jobs = jobs_of(scene)
    keeping.archive(scene.people.engineer, object_id=scene.view_id)
    tick(scene)
    assert (jobs_of(scene), scene.statuses("a")) == (jobs, ["present"])
    keeping.bring_back(scene.people.engineer, object_id=scene.view_id)
    keeping.delete(scene.people.engineer, object_id=scene.view_id, reason="It was a trial")
    tick(scene)
    assert (scene.now(materialization.id).state, jobs_of(scene)) == ("removed", jobs)
    assert scene.statuses("a") == ["not_found"]


def test_rows_that_another_version_shares_stay_when_one_is_retired(scene: Installation) -> None:
    materialization = scene.materialize()
    twin = scene.version(
        snapshot_id=next(iter(materialization.snapshots.values())), digest=f"{scene.version_id}{'x' * 64}"[:64]
    )
    with scene.portal.foundation.database.read() as session:
        digest = session.get_one(FeatureVersionRow, scene.version_id).digest
    scene.change(FeatureVersionRow, twin, digest=digest)
    scene.materialize(twin)
    scene.change(FeatureVersionRow, scene.version_id, state="retired")
    tick(scene)
    assert scene.now(materialization.id).state == "removed"
    assert scene.statuses("a", version_id=twin) == ["present"]


@pytest.mark.parametrize("state", ["draft", "building", "failed", "retired"])
def test_only_versions_that_are_built_are_kept_online(scene: Installation, state: str) -> None:
    scene.change(FeatureVersionRow, scene.version_id, state=state)
    with pytest.raises(Conflict, match=rf"^totals v1 (is )?{state}"):
        scene.portal.materialization.materialize(scene.people.engineer, version_id=scene.version_id)


def test_keys_are_named_as_the_view_names_them(scene: Installation) -> None:
    for key in ({}, {"key": "a"}, {"k": "a", "more": 1}, {"k": ["a"]}):
        with pytest.raises(Invalid):
            scene.portal.materialization.get_online(scene.people.viewer, version_id=scene.version_id, keys=(key,))
    assert scene.statuses("a", None) == ["not_found", "not_found"]


def test_a_viewer_looks_and_another_project_sees_nothing(scene: Installation) -> None:
    materialization = scene.materialize()
    with pytest.raises(NotAllowed):
        scene.portal.materialization.materialize(scene.people.viewer, version_id=scene.version_id)
    with pytest.raises(NotFound):
        scene.portal.materialization.get_materialization(scene.people.outsider, materialization_id=materialization.id)
    with pytest.raises(NotFound):
        scene.portal.materialization.get_online(scene.people.outsider, version_id=scene.version_id, keys=({"k": "a"},))
    assert scene.portal.materialization.list_materializations(scene.people.outsider).total == 0
