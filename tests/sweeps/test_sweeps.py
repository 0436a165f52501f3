"""Sweeps as people ask for them and as real workers run them."""

from typing import Any

import pytest

from core.compute.values import JobState
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.portal import Portal
from core.sweeps.values import Dimension, SweepState, Trial
from tests.compute.conftest import StartWorker
from tests.compute.running import real_processes, wait_until, worker_for
from tests.installed import People
from tests.sweeps.running import SPACE, Forgetful, process_of, start, sweep_now, trials_now


def running_trial(portal: Portal, sweep_id: str) -> Trial | None:
    """A trial that has reported, after two others came to their end."""
    trials = trials_now(portal, sweep_id)
    ended = [trial for trial in trials if trial.ended_at]
    going = [trial for trial in trials if trial.state == "running" and trial.steps]
    return going[0] if len(ended) >= 2 and going else None


def test_a_sweep_survives_its_workers_and_its_controller_and_confirms_its_winner(
    portal: Portal, people: People, training_set: str, start_worker: StartWorker
) -> None:
    """F73 and F74: the process of the controller is killed, then a worker in the middle of a trial, and the next
    controller forgets everything at every tick."""
    base = {"epochs": 8, "batch_size": 32, "patience": 50}
    sweep = start(portal, people, training_set, base_params=base, confirm_params={"epochs": 2})
    controller = start_worker(module="core.worker")
    wait_until(lambda: running_trial(portal, sweep.id), seconds=60)
    controller.kill()
    before = {trial.number: trial for trial in trials_now(portal, sweep.id) if trial.ended_at}
    with worker_for(portal, loops=[Forgetful(portal)], executor=real_processes(portal)):
        wait_until(lambda: running_trial(portal, sweep.id), seconds=60)
        victim = running_trial(portal, sweep.id)
        assert victim is not None
        process_of(portal, victim.job_id).kill()
        wait_until(lambda: sweep_now(portal, sweep.id).state.is_over, seconds=120)
    done, trials = sweep_now(portal, sweep.id), trials_now(portal, sweep.id)
    assert done.state is SweepState.FINISHED, done.cause
    _check_trials(trials, victim=victim, before=before)
    assert (done.done, done.failed) == (6, 1)
    complete = [trial for trial in trials if trial.state == "complete"]
    assert done.best == min(complete, key=lambda trial: trial.value or 9)
    _check_confirmation(portal, people, sweep.id)


def _check_trials(trials: tuple[Trial, ...], *, victim: Trial, before: dict[int, Trial]) -> None:
    """Six ends for six trials; the killed one failed and was tried once more; no finished one was touched again."""
    assert [trial.number for trial in trials] == list(range(7))
    assert {number: trials[number] for number in before} == before
    lost = trials[victim.number]
    assert (lost.state, lost.cause.startswith("signal 9")) == ("failed", True), lost.cause
    (again,) = [trial for trial in trials if trial.retry_of is not None]
    assert (again.retry_of, again.params) == (victim.number, victim.params)
    assert again.state in ("complete", "pruned")
    for trial in trials:
        assert [step for step, _value in trial.steps] == list(range(1, len(trial.steps) + 1))


def _check_confirmation(portal: Portal, people: People, sweep_id: str) -> None:
    sweep = portal.sweeps.get_sweep(people.viewer, sweep_id=sweep_id)
    runs = [portal.training.get_run(people.viewer, run_id=run_id) for run_id in sweep.confirmation.run_ids]
    assert len({run.seed for run in runs}) == 2
    assert sweep.best is not None
    assert all(run.sweep_id == sweep_id and run.state is JobState.SUCCEEDED for run in runs)
    assert all(run.params["hidden_width"] == sweep.best.params["hidden_width"] for run in runs)
    assert all((run.params["row_share"], run.params["epochs"]) == (1.0, 2) for run in runs)
    confirmation = sweep.confirmation
    assert confirmation.value is not None
    assert confirmation.value.low < confirmation.value.value < confirmation.value.high
    assert {"auc", "log_loss"} <= set(confirmation.untouched)
    importances = portal.sweeps.importances(people.viewer, sweep_id=sweep_id)
    assert not importances.trusted
    things = portal.identity.lineage(people.viewer, object_id=sweep_id).things
    assert {sweep.training_set_id, sweep_id, *(run.id for run in runs)} <= {thing.id for thing in things}


def test_a_cancelled_sweep_ends_its_workers_and_keeps_its_trials(
    portal: Portal, people: People, training_set: str
) -> None:
    slow = {"epochs": 500, "batch_size": 16, "patience": 1000}
    sweep = start(portal, people, training_set, base_params=slow, workers=1)
    with worker_for(portal):
        wait_until(lambda: any(trial.steps for trial in trials_now(portal, sweep.id)), seconds=60)
        portal.sweeps.cancel_sweep(people.engineer, sweep_id=sweep.id)
        wait_until(lambda: portal.compute.get_job(people.viewer, job_id=sweep.job_ids[0]).state.is_over, seconds=20)
    assert sweep_now(portal, sweep.id).state is SweepState.CANCELLED
    (trial,) = trials_now(portal, sweep.id)
    assert (trial.state, trial.cause) == ("failed", "its worker was stopped")
    with pytest.raises(Conflict, match="is over"):
        portal.sweeps.cancel_sweep(people.engineer, sweep_id=sweep.id)


def test_trials_that_all_fail_end_the_sweep_with_their_cause(portal: Portal, people: People, training_set: str) -> None:
    """Each step multiplies all weights by minus nine, until they are no numbers."""
    space = {"weight_decay": Dimension(type="float", low=9.0, high=10.0)}
    broken = {"learning_rate": 1.0, "schedule": "constant", "batch_size": 16, "epochs": 30, "patience": 1000}
    sweep = start(portal, people, training_set, space=space, base_params=broken, trials=2, workers=1)
    with worker_for(portal):
        wait_until(lambda: sweep_now(portal, sweep.id).state is not SweepState.RUNNING, seconds=90)
    done = sweep_now(portal, sweep.id)
    assert [trial.state for trial in trials_now(portal, sweep.id)] == ["failed", "failed"]
    assert (done.state, done.done, done.best) == (SweepState.FAILED, 2, None), done.cause
    assert "NaN" in done.cause


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"trials": 0}, "trials"),
    ({"trials": 10**7}, "trials"),
    ({"workers": 0}, "workers"),
    ({"space": {}}, "space"),
    ({"space": {"dropout": {"type": "float", "low": 0.5, "high": 0.1}}}, "space.dropout.low"),
    ({"space": {"dropout": {"type": "float", "low": 0.0, "high": 0.5, "log": True}}}, "space.dropout.low"),
    ({"space": {"dropout": {"type": "float", "low": float("nan"), "high": 0.5}}}, "space.dropout.low"),
    ({"space": {"dropout": {"type": "gauss"}}}, "space.dropout.type"),
    ({"metric": "accuracy"}, "metric"),
    ({"metric": "rmse"}, "metric"),
    ({"split": "test"}, "split"),
    ({"sampler": "annealing"}, "sampler"),
    ({"pruner": "always"}, "pruner"),
    ({"confirm_seeds": 0}, "confirm_seeds"),
    ({"seed": 2**64}, "seed"),
    ({"base_params": {"epochs": 10**9}}, "params.epochs"),
    ({"confirm_params": {"epochs": -1}}, "params.epochs"),
)


def test_b063_what_cannot_be_searched_is_refused_by_its_field(
    portal: Portal, people: People, training_set: str
) -> None:
    for choices, field in WRONG:
        with pytest.raises(Invalid) as refused:
            start(portal, people, training_set, **choices)
        assert refused.value.field == field
    assert portal.sweeps.list_sweeps(people.engineer).total == 0


def test_a_recipe_that_is_not_there_and_a_foreign_training_set_are_not_found(
    portal: Portal, people: People, training_set: str
) -> None:
    for choices in ({"recipe": "os.system"}, {"training_set_id": "TS-99"}, {"training_set_id": "DS-1"}):
        with pytest.raises(NotFound):
            start(portal, people, training_set, **choices)
    with pytest.raises(NotFound):
        portal.sweeps.start_sweep(
            people.outsider, project="PROJ-2", recipe="tabular", training_set_id=training_set, space=SPACE
        )


def test_a_new_sweep_orders_its_workers_and_tells_what_is_unwise(
    portal: Portal, people: People, training_set: str
) -> None:
    space = {"learning_rate": Dimension(type="float", low=1e-5, high=1e-1)}
    sweep = start(portal, people, training_set, space=space, trials=3, workers=9, title="  First  ")
    assert (sweep.state, sweep.title, len(sweep.job_ids)) == (SweepState.RUNNING, "First", 3)
    assert len(sweep.warnings) == 2
    assert portal.sweeps.list_sweeps(people.viewer, training_set_id=training_set).items == (sweep,)
    with portal.foundation.database.read() as session:
        from core.compute.tables import JobRow

        row = session.get_one(JobRow, sweep.job_ids[0])
        assert set(row.inputs) == {"train", "validation"}  # Nobody looks at the test rows.


def test_only_its_owner_or_who_runs_production_stops_a_sweep(portal: Portal, people: People, training_set: str) -> None:
    sweep = start(portal, people, training_set)
    with pytest.raises(NotAllowed):
        portal.sweeps.cancel_sweep(people.other_engineer, sweep_id=sweep.id)
    with pytest.raises(NotFound):
        portal.sweeps.get_sweep(people.outsider, sweep_id=sweep.id)
    assert portal.sweeps.cancel_sweep(people.sre, sweep_id=sweep.id).state is SweepState.CANCELLED
