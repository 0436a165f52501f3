"""Which failures are somebody's own, why, and what makes them good."""

from datetime import date, timedelta

import pytest

from core.compute.capacity import whole_capacity
from core.compute.job_store import JobStore
from core.compute.ownership import my_name
from core.compute.tables import JobRow
from core.compute.values import JobState
from core.features.training_sets.values import EntityQuery, Split
from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.health.failures import MOST
from core.portal import Portal, job_kinds
from core.sweeps.tables import SweepRow
from core.training.tables import RunRow
from tests.health.installation import DATASET, SNAPSHOT, TRAINING_SET, VIEW, change
from tests.lake.imports.in_process import imported, read_here
from tests.registry.onnx_files import calling
from tests.upgrade.home import PEOPLE

SYSTEM = Actor.system("test")
MEI, ARJUN = PEOPLE.engineer, PEOPLE.other_engineer


def failures(portal: Portal, actor: Actor = MEI) -> dict[str, str]:
    return {failure.object_id: failure.cause for failure in portal.health.own_failures(actor)}


def fail(portal: Portal, job_id: str, cause: str) -> None:
    """The job's end, as the worker writes it down."""
    kinds = {kind.name: kind for kind in job_kinds(portal)}
    base = portal.foundation
    store = JobStore(base, owner=my_name(), kinds=list(kinds), capacity=whole_capacity(base.settings))
    claimed = store.claim(only=(job_id,))
    assert claimed is not None
    store.end(claimed, kinds[claimed.job.kind], state=JobState.FAILED, cause=cause)


def come_to(portal: Portal, object_id: str, state: str) -> None:
    with calling(portal, SYSTEM) as call:
        call.update(object_id, state=state)


def failed_run(portal: Portal, actor: Actor = MEI) -> str:
    run = portal.training.start_run(actor, project="PROJ-1", recipe="tabular", training_set_id=TRAINING_SET)
    fail(portal, run.job_id, "Out of memory.")
    return run.id


def test_a_failed_run_is_told_to_who_started_it_until_another_one_succeeds(whole_on: Portal) -> None:
    run_id = failed_run(whole_on)
    assert failures(whole_on) == {run_id: "Out of memory."}
    assert failures(whole_on, ARJUN) == {}
    again = whole_on.training.start_run(MEI, project="PROJ-1", recipe="tabular", training_set_id=TRAINING_SET)
    assert failures(whole_on) == {run_id: "Out of memory."}
    come_to(whole_on, again.id, "succeeded")
    assert failures(whole_on) == {}


def test_a_success_before_the_failure_makes_nothing_good(whole: Portal) -> None:
    """The installation has runs of the same recipe and training set that succeeded."""
    run_id = failed_run(whole)
    assert failures(whole) == {run_id: "Out of memory."}


def test_a_run_of_a_sweep_is_left_to_the_sweep(whole: Portal) -> None:
    change(whole, ObjectRow, "RUN-3", state="failed", updated_at=whole.foundation.clock.now())
    assert failures(whole) == {}
    change(whole, SweepRow, "SW-1", state="failed", cause="Every trial failed.")
    change(whole, ObjectRow, "SW-1", state="failed", updated_at=whole.foundation.clock.now())
    assert failures(whole) == {"SW-1": "Every trial failed."}


def test_what_may_not_be_seen_hides_nothing_that_may(whole: Portal) -> None:
    run_id = failed_run(whole)
    with calling(whole, SYSTEM) as call:
        for number in range(MOST):
            call.create(Kind.IMPORT, project="PROJ-2", title=f"Import {number}", state="failed", owner=MEI.person_id)
    assert failures(whole) == {run_id: "Out of memory."}


def test_the_trials_of_a_sweep_hide_no_other_failure(whole: Portal) -> None:
    run_id = failed_run(whole)
    with calling(whole, SYSTEM) as call:
        trial = call.session.get_one(RunRow, "RUN-3")
        for number in range(MOST):
            trial_id = call.create(
                Kind.RUN, project="PROJ-1", title=f"Trial {number}", state="failed", owner=MEI.person_id
            )
            call.session.add(RunRow(**{**trial.model_dump(), "id": trial_id}))
    assert failures(whole) == {run_id: "Out of memory."}


def test_a_failed_import_is_made_good_by_the_next_one_of_its_dataset(whole_on: Portal) -> None:
    started = whole_on.imports.start_upload(
        MEI, dataset_id=DATASET, filename="t.parquet", content=b"none", mode="replace"
    )
    read = read_here(whole_on, started)
    assert failures(whole_on) == {read.id: read.cause}
    assert read.cause
    imported(whole_on, MEI, dataset_id=DATASET, content=b"id,x\n1,2\n")
    assert failures(whole_on) == {}


@pytest.mark.parametrize("state", ["archived", "deleted"])
def test_what_failed_of_something_put_away_is_nobodys_failure(whole: Portal, state: str) -> None:
    started = whole.imports.start_upload(MEI, dataset_id=DATASET, filename="t.parquet", content=b"none", mode="replace")
    read_here(whole, started)
    failed_run(whole)
    version = whole.feature_drafts.create_version(
        MEI, view_id=VIEW, sql="SELECT 1 AS carrier, 2 AS at", sources={"flights": SNAPSHOT}, event_time="at"
    )
    fail(whole, version.job_id, "It took too long.")
    training_set = join(whole)
    assert len(failures(whole)) == 4
    for thing in (DATASET, VIEW, TRAINING_SET, training_set):
        change(whole, ObjectRow, thing, put_away=state)
    assert failures(whole) == {}


def test_a_failed_training_set_is_made_good_by_one_of_its_name(whole_on: Portal) -> None:
    first, second = (join(whole_on) for _attempt in range(2))
    assert failures(whole_on) == {first: "No row was left.", second: "No row was left."}
    come_to(whole_on, second, "ready")
    assert failures(whole_on) == {}


def join(portal: Portal) -> str:
    query = EntityQuery(
        sql="SELECT * FROM flights", sources={"flights": SNAPSHOT}, row_id="id", event_time="due", numbers=("x",)
    )
    splits = (Split(name="train", start=date(2013, 1, 1), end=date(2013, 2, 1)),)
    training_set = portal.training_sets.create_training_set(
        MEI, project="PROJ-1", name="again", entity=query, uses=(), splits=splits
    )
    fail(portal, training_set.job_id, "No row was left.")
    return training_set.id


def test_a_failed_build_of_a_feature_version_is_told(whole: Portal) -> None:
    version = whole.feature_drafts.create_version(
        MEI, view_id=VIEW, sql="SELECT 1 AS carrier, 2 AS at", sources={"flights": SNAPSHOT}, event_time="at"
    )
    fail(whole, version.job_id, "It took too long.")
    assert failures(whole) == {version.id: "It took too long."}


@pytest.mark.parametrize(("days", "count"), [(6, 1), (8, 0)])
def test_only_what_failed_lately_is_told(whole: Portal, days: int, count: int) -> None:
    run_id = failed_run(whole)
    change(whole, ObjectRow, run_id, updated_at=whole.foundation.clock.now() - timedelta(days=days))
    assert len(failures(whole)) == count


def test_a_failure_without_a_reported_cause_is_told_too(whole: Portal) -> None:
    run_id = failed_run(whole)
    change(whole, JobRow, whole.training.get_run(MEI, run_id=run_id).job_id, cause="")
    assert failures(whole) == {run_id: ""}
