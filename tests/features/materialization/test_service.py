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
def kept(portal: Portal, people: People, tmp_path: Path) -> Installation:
    return Installation(portal, people, tmp_path)


def jobs_of(kept: Installation) -> int:
    with kept.portal.foundation.database.read() as session:
        return len(session.exec(select(JobRow.id)).all())


def tick(kept: Installation) -> None:
    MaterializationReconciler(kept.portal.materialization).tick(kept.portal.foundation.clock.now())


def make_due(kept: Installation, made: Materialization, *, missed: float = 0.0) -> None:
    """As if its time had come, and `missed` more times had passed."""
    due = kept.portal.foundation.clock.now() - made.every_seconds * missed * timedelta(seconds=1) - MINUTE
    kept.change(MaterializationRow, made.id, due_at=due)


def test_a_version_is_brought_online_and_answers(kept: Installation) -> None:
    made = kept.materialize()
    assert (made.state, made.cause, made.behind, made.rows, made.keys) == ("ready", "", False, 2, 2)
    assert (made.watermark, made.version_id, made.view) == (START, kept.version_id, "totals")
    assert made.as_of is not None
    a, b, nobody = kept.portal.materialization.get_online(
        kept.people.viewer, version_id=kept.version_id, keys=({"k": "a"}, {"k": "b"}, {"k": "z"})
    )
    assert (a.status, a.values, a.event_time) == ("present", {"grade": None, "total": None, "seen": 0.0}, START)
    assert b.created_time == START
    assert (nobody.status, nobody.event_time) == ("not_found", None)


def test_new_data_are_seen_and_brought_by_the_next_run(kept: Installation) -> None:
    made = kept.materialize()
    kept.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    newest = kept.tell()
    assert kept.now(made.id).behind
    assert kept.statuses("c") == ["not_found"]
    done = kept.run(made.id)
    assert (done.behind, done.snapshots, done.rows, done.watermark) == (False, {"events": newest}, 3, START + DAY)
    assert kept.statuses("a", "c") == ["present", "present"]


def test_a_run_without_news_needs_no_job(kept: Installation) -> None:
    made = kept.materialize()
    before = jobs_of(kept)
    again = kept.run(made.id)
    assert jobs_of(kept) == before
    assert again.as_of is not None
    assert made.as_of is not None
    assert again.as_of > made.as_of


def test_a_store_that_has_lost_everything_is_filled_again(kept: Installation) -> None:
    made = kept.materialize()
    (kept.portal.foundation.settings.home / "online" / "live.sqlite").unlink()
    kept.portal.materialization.live_store.store.close()
    assert kept.run(made.id, whole=True).keys == 2
    assert kept.statuses("a", "b") == ["present", "present"]


def test_a_version_has_one_materialization_and_one_run_at_a_time(kept: Installation) -> None:
    portal, engineer = kept.portal, kept.people.engineer
    first = portal.materialization.materialize(engineer, version_id=kept.version_id)
    again = portal.materialization.materialize(engineer, version_id=kept.version_id, every_seconds=3600)
    assert (again.id, again.every_seconds, again.job_id) == (first.id, 3600, first.job_id)
    with pytest.raises(Conflict, match=first.job_id):
        portal.materialization.run_materialization(engineer, materialization_id=first.id)
    make_due(kept, again)
    tick(kept)
    assert kept.now(first.id).job_id == first.job_id
    assert portal.materialization.list_materializations(engineer, version_id=kept.version_id).total == 1
    run_job_here(kept.portal, first.job_id)
    tick(kept)
    assert kept.now(first.id).state == "ready"


def test_what_is_due_runs_by_itself_and_missed_times_are_made_up_by_one_run(kept: Installation) -> None:
    made = kept.materialize(every_seconds=3600)
    kept.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    kept.tell()
    tick(kept)
    assert kept.now(made.id).job_id == made.job_id
    make_due(kept, made, missed=30.0)
    tick(kept)
    running = kept.now(made.id)
    assert running.state == "running"
    assert running.due_at is not None
    assert timedelta() < running.due_at - kept.portal.foundation.clock.now() <= timedelta(hours=1)
    tick(kept)
    assert kept.now(made.id).job_id == running.job_id
    assert kept.finished(running).rows == 3


def test_a_run_that_fails_says_why_and_the_next_time_is_another_try(kept: Installation) -> None:
    made = kept.materialize(every_seconds=3600)
    good = dict(kept.days)
    kept.tell({"2013-01-01": pa.table({"k": ["a"], "nothing": [1]})})
    make_due(kept, made)
    tick(kept)
    failed = kept.finished(kept.now(made.id))
    assert failed.state == "failed"
    assert "not found" in failed.cause
    assert failed.due_at is not None
    assert kept.statuses("a") == ["present"]
    kept.days = good | {"2013-01-02": [("c", START + DAY, START + DAY, 3, "y")]}
    kept.tell()
    make_due(kept, made)
    tick(kept)
    assert (kept.finished(kept.now(made.id)).state, kept.statuses("a", "c")) == ("ready", ["present", "present"])


def test_a_run_that_cannot_start_says_why_and_is_tried_again(kept: Installation) -> None:
    made = kept.materialize(every_seconds=3600)
    (snapshot_id,) = kept.now(made.id).snapshots.values()
    kept.change(SnapshotRow, snapshot_id, quarantine="wrong rows")
    make_due(kept, made)
    tick(kept)
    row = kept.due(made.id)
    assert row.state == "failed"
    assert "No snapshot" in row.cause
    assert row.due_at is not None
    assert row.due_at > kept.portal.foundation.clock.now()
    assert kept.now(made.id).behind


def test_a_paused_materialization_waits_until_it_is_resumed(kept: Installation) -> None:
    portal, engineer = kept.portal, kept.people.engineer
    made = kept.materialize(every_seconds=3600)
    paused = portal.materialization.pause_materialization(engineer, materialization_id=made.id)
    assert (paused.state, paused.due_at) == ("paused", None)
    kept.days["2013-01-02"] = [("c", START + DAY, START + DAY, 3, "y")]
    kept.tell()
    tick(kept)
    assert kept.now(made.id).state == "paused"
    resumed = portal.materialization.resume_materialization(engineer, materialization_id=made.id)
    assert resumed.state == "ready"
    tick(kept)
    assert kept.finished(kept.now(made.id)).rows == 3
    by_hand = kept.materialize(every_seconds=0)
    with pytest.raises(Conflict, match="no schedule"):
        portal.materialization.pause_materialization(engineer, materialization_id=by_hand.id)


def test_what_a_retired_version_has_left_is_cleared(kept: Installation) -> None:
    made = kept.materialize(every_seconds=3600)
    other = kept.version(
        snapshot_id=next(iter(made.snapshots.values())),
        sql="SELECT k, happened, written, x FROM events",
        kinds={"x": "number"},
    )
    kept.materialize(other)
    kept.change(FeatureVersionRow, kept.version_id, state="retired")
    tick(kept)
    removed = kept.now(made.id)
    assert (removed.state, removed.keys, removed.due_at) == ("removed", 0, None)
    assert kept.statuses("a") == ["not_found"]
    assert kept.statuses("a", version_id=other) == ["present"]
    with pytest.raises(Conflict, match="is retired"):
        kept.run(made.id)


def test_rows_that_another_version_shares_stay_when_one_is_retired(kept: Installation) -> None:
    made = kept.materialize()
    twin = kept.version(snapshot_id=next(iter(made.snapshots.values())), digest=f"{kept.version_id}{'x' * 64}"[:64])
    with kept.portal.foundation.database.read() as session:
        digest = session.get_one(FeatureVersionRow, kept.version_id).digest
    kept.change(FeatureVersionRow, twin, digest=digest)
    kept.materialize(twin)
    kept.change(FeatureVersionRow, kept.version_id, state="retired")
    tick(kept)
    assert kept.now(made.id).state == "removed"
    assert kept.statuses("a", version_id=twin) == ["present"]


@pytest.mark.parametrize("state", ["draft", "building", "failed", "retired"])
def test_only_versions_that_are_built_are_kept_online(kept: Installation, state: str) -> None:
    kept.change(FeatureVersionRow, kept.version_id, state=state)
    with pytest.raises(Conflict, match=f"is {state}"):
        kept.portal.materialization.materialize(kept.people.engineer, version_id=kept.version_id)


def test_keys_are_named_as_the_view_names_them(kept: Installation) -> None:
    for key in ({}, {"key": "a"}, {"k": "a", "more": 1}, {"k": ["a"]}):
        with pytest.raises(Invalid):
            kept.portal.materialization.get_online(kept.people.viewer, version_id=kept.version_id, keys=(key,))
    assert kept.statuses("a", None) == ["not_found", "not_found"]


def test_a_viewer_looks_and_another_project_sees_nothing(kept: Installation) -> None:
    made = kept.materialize()
    with pytest.raises(NotAllowed):
        kept.portal.materialization.materialize(kept.people.viewer, version_id=kept.version_id)
    with pytest.raises(NotFound):
        kept.portal.materialization.get_materialization(kept.people.outsider, materialization_id=made.id)
    with pytest.raises(NotFound):
        kept.portal.materialization.get_online(kept.people.outsider, version_id=kept.version_id, keys=({"k": "a"},))
    assert kept.portal.materialization.list_materializations(kept.people.outsider).total == 0
