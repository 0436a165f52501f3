"""Each trial is given out once, whoever asks at the same moment, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sqlmodel import select

from core.compute.tables import JobRow
from core.compute.values import Job, JobState
from core.portal import Portal
from core.registry.tables import OutboxRow
from core.sweeps.kind import SweepWorkerKind
from core.sweeps.tables import SweepRow
from core.sweeps.trials import assign_new, assign_waiting
from core.sweeps.values import Sweep
from core.training.values import NewRun
from tests.conftest import People
from tests.registry.onnx_files import calling
from tests.sweeps.running import SYSTEM, start, sweep_now, trials_now
from tests.training.sets import make_training_set


@pytest.fixture
def sweep(portal_on: Portal, people: People, tmp_path: Path) -> Sweep:
    return start(portal_on, people, make_training_set(portal_on, tmp_path / "splits"), trials=3)


def give(portal: Portal, sweep: Sweep, number: int, worker: int) -> bool:
    return assign_new(
        portal.foundation, sweep.id, number=number, params={"hidden_width": 8}, job_id=sweep.job_ids[worker]
    )


def ended(portal: Portal, job_id: str, state: JobState = JobState.FAILED, cause: str = "signal 9") -> None:
    """As compute tells the domain that a worker is gone."""
    job = portal.compute.get_job(SYSTEM, job_id=job_id).model_copy(update={"state": state, "cause": cause})
    with calling(portal, SYSTEM) as call:
        SweepWorkerKind(portal.registry).ended(call, job)


def ingest(portal: Portal, job_id: str, *events: dict[str, Any]) -> None:
    job: Job = portal.compute.get_job(SYSTEM, job_id=job_id)
    with calling(portal, SYSTEM) as call:
        SweepWorkerKind(portal.registry).ingest_events(call, job, events)


def test_a_number_is_given_once_and_a_worker_has_one_trial_at_a_time(portal_on: Portal, sweep: Sweep) -> None:
    assert give(portal_on, sweep, 0, 0)
    assert not give(portal_on, sweep, 0, 1)  # The number is taken.
    assert not give(portal_on, sweep, 1, 0)  # The worker is busy.
    assert not give(portal_on, sweep, 2, 1)  # Not the next number.
    assert give(portal_on, sweep, 1, 1)
    ingest(portal_on, sweep.job_ids[0], {"kind": "complete", "number": 0, "value": 0.5})
    assert give(portal_on, sweep, 2, 0)
    ingest(portal_on, sweep.job_ids[1], {"kind": "pruned", "number": 1, "value": None})
    assert not give(portal_on, sweep, 3, 1)  # The budget is spent.
    assert [trial.state for trial in trials_now(portal_on, sweep.id)] == ["complete", "pruned", "running"]


def test_of_controllers_that_ask_at_the_same_moment_one_wins(portal_on: Portal, sweep: Sweep) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda place: give(portal_on, sweep, 0, place % 2), range(16)))
    assert won.count(True) == 1
    assert len(trials_now(portal_on, sweep.id)) == 1


def test_a_lost_trial_is_tried_once_more_and_not_a_third_time(portal_on: Portal, people: People, sweep: Sweep) -> None:
    give(portal_on, sweep, 0, 0)
    ingest(
        portal_on,
        sweep.job_ids[0],
        {"kind": "started", "number": 0},
        {"kind": "step", "number": 0, "step": 1, "value": 1.5},
    )
    ended(portal_on, sweep.job_ids[0])
    lost, waiting = trials_now(portal_on, sweep.id)
    assert (lost.state, lost.cause, lost.steps) == ("failed", "signal 9", ((1, 1.5),))
    assert (waiting.state, waiting.retry_of, waiting.params) == ("waiting", 0, lost.params)
    assert assign_waiting(portal_on.foundation, sweep.id, number=1, job_id=sweep.job_ids[1])
    assert not assign_waiting(portal_on.foundation, sweep.id, number=1, job_id=sweep.job_ids[0])
    ended(portal_on, sweep.job_ids[1])
    assert [trial.state for trial in trials_now(portal_on, sweep.id)] == ["failed", "failed"]
    assert sweep_now(portal_on, sweep.id).done == 1


def test_what_a_worker_tells_of_a_trial_that_is_no_longer_its_own_is_not_taken(portal_on: Portal, sweep: Sweep) -> None:
    give(portal_on, sweep, 0, 0)
    nonsense = ({"kind": "complete", "number": 7, "value": 0.1}, {"kind": "gossip"}, {"kind": "step", "number": -1})
    ingest(portal_on, sweep.job_ids[0], *nonsense)
    ingest(portal_on, sweep.job_ids[1], {"kind": "complete", "number": 0, "value": 0.1})
    (trial,) = trials_now(portal_on, sweep.id)
    assert (trial.state, trial.value) == ("running", None)


def test_an_end_without_a_number_is_a_failure(portal_on: Portal, sweep: Sweep) -> None:
    give(portal_on, sweep, 0, 0)
    ingest(portal_on, sweep.job_ids[0], {"kind": "complete", "number": 0, "value": float("nan")})
    (trial,) = trials_now(portal_on, sweep.id)
    assert (trial.state, trial.cause) == ("failed", "its value is no number")


def test_trials_took_as_long_as_their_workers_say_and_the_rest_is_judged_by_it(portal_on: Portal, sweep: Sweep) -> None:
    give(portal_on, sweep, 0, 0)
    complete = {"kind": "complete", "number": 0, "value": 0.5, "ran_seconds": 90.0}
    ingest(portal_on, sweep.job_ids[0], {"kind": "started", "number": 0}, complete)
    (trial,) = trials_now(portal_on, sweep.id)
    assert trial.ran_seconds == 90.0
    assert sweep_now(portal_on, sweep.id).eta_seconds == 90.0 * (sweep.trials - 1) / sweep.workers
    (record,) = [message for message in records(portal_on) if message["run_id"] == f"{sweep.id}/0"]
    began, over = (datetime.fromisoformat(record[name]) for name in ("started_at", "ended_at"))
    assert over - began == timedelta(seconds=90)


def test_a_sweep_took_what_its_jobs_measured_those_of_its_confirmation_included(
    portal_on: Portal, people: People, sweep: Sweep
) -> None:
    assert sweep_now(portal_on, sweep.id).ran_seconds is None
    new = NewRun(project=sweep.project, recipe=sweep.recipe, training_set_id=sweep.training_set_id)
    with calling(portal_on, people.engineer) as call:
        run = portal_on.training.start(call, new)
        call.session.get_one(SweepRow, sweep.id).run_ids = [run.id]
        for job_id, seconds in zip((*sweep.job_ids, run.job_id), (60.0, None, 5.5), strict=True):
            call.session.get_one(JobRow, job_id).total_ran_seconds = seconds
    assert sweep_now(portal_on, sweep.id).ran_seconds == 65.5


def test_a_cancelled_sweep_gives_no_trial(portal_on: Portal, people: People, sweep: Sweep) -> None:
    portal_on.sweeps.cancel_sweep(people.engineer, sweep_id=sweep.id)
    assert not give(portal_on, sweep, 0, 0)


def test_a_sweep_is_taken_along_as_a_study(portal: Portal, people: People, tmp_path: Path) -> None:
    sweep = start(portal, people, make_training_set(portal, tmp_path / "splits"), trials=3)
    give(portal, sweep, 0, 0)
    ingest(portal, sweep.job_ids[0], {"kind": "complete", "number": 0, "value": 0.6})
    file = portal.sweeps.export_study(people.viewer, sweep_id=sweep.id)
    path = tmp_path / file.filename
    path.write_bytes(file.content)
    study = optuna.load_study(study_name=sweep.id, storage=JournalStorage(JournalFileBackend(str(path))))
    assert [(trial.value, trial.params) for trial in study.trials] == [(0.6, {"hidden_width": 8})]
    assert (study.user_attrs["recipe"], study.user_attrs["training_set_id"]) == ("tabular", sweep.training_set_id)


def records(portal: Portal) -> list[dict[str, Any]]:
    with portal.foundation.database.read() as session:
        return [row.message for row in session.exec(select(OutboxRow).order_by(OutboxRow.id))]


def test_mlflow_hears_of_a_sweep_and_of_each_trial_that_is_over(portal: Portal, people: People, tmp_path: Path) -> None:
    sweep = start(portal, people, make_training_set(portal, tmp_path / "splits"), trials=3)
    give(portal, sweep, 0, 0)
    give(portal, sweep, 1, 1)
    steps = [{"kind": "step", "number": 0, "step": step, "value": value} for step, value in ((1, 0.7), (2, 0.6))]
    ingest(portal, sweep.job_ids[0], *steps, {"kind": "complete", "number": 0, "value": 0.6})
    ingest(portal, sweep.job_ids[1], {"kind": "pruned", "number": 1})
    portal.sweeps.cancel_sweep(people.engineer, sweep_id=sweep.id)
    begun, complete, pruned, cancelled = records(portal)
    assert [begun["state"], complete["state"], pruned["state"], cancelled["state"]] == [
        "running",
        "finished",
        "killed",
        "killed",
    ]
    assert (complete["run_id"], complete["parent"]) == (f"{sweep.id}/0", begun["run_id"])
    points = [(point["name"], point["step"], point["value"]) for point in complete["metrics"]]
    assert points == [("log_loss", 1, 0.7), ("log_loss", 2, 0.6), ("objective", 0, 0.6)]
    assert (complete["params"]["hidden_width"], pruned["tags"]["state"]) == (8, "pruned")
