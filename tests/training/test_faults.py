"""A training that is killed or stopped goes on to the very same model."""

import os
import signal
from pathlib import Path

from core.compute.processes import marked_with
from core.compute.tables import JobRow
from core.compute.values import JobState
from core.foundation.digests import digest_bytes
from core.portal import Portal
from core.training.recipe import Origins
from core.training.torch_recipes.data import TrainingData
from core.training.values import Origin, Run
from tests.compute.running import SYSTEM, real_processes, wait_for_job, wait_until, worker_for
from tests.installed import People
from tests.training.flights import contract
from tests.training.runs import fitted_from, train_small
from tests.training.sets import SMALL, make_training_set, start

PARAMS = {**SMALL, "epochs": 40, "batch_size": 32, "patience": 1000, "dropout": 0.2}


def test_a_run_that_was_killed_and_then_stopped_ends_with_the_model_of_an_undisturbed_training(
    portal: Portal, people: People, tmp_path: Path, flight_data: TrainingData
) -> None:
    run = start(portal, people, make_training_set(portal, tmp_path / "splits"), params=PARAMS, seed=3)
    with worker_for(portal, loops=(), only=(run.job_id,), executor=real_processes(portal)):
        kill(portal, run)
        wait_until(lambda: progress_of_attempt(portal, run, 2) > 0, seconds=60, what="the second attempt")
        portal.training.cancel_run(people.engineer, run_id=run.id)
        assert wait_for_job(portal, run.job_id).state is JobState.CANCELLED
        assert portal.training.resume_run(people.engineer, run_id=run.id).state is JobState.QUEUED
        undisturbed = train_small(flight_data, seed=3, **PARAMS)
        job = wait_for_job(portal, run.job_id, seconds=120)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 3), job.cause
    done = portal.training.get_run(people.viewer, run_id=run.id)
    with portal.foundation.database.read() as session:
        payload = session.get_one(JobRow, run.job_id).payload
    origin = Origin.model_validate(payload["origin"])
    model, _signature = fitted_from(undisturbed).export(Origins(contract=contract(), origin=origin))
    assert (payload["origin"]["run"], done.model_digest) == (run.id, digest_bytes(model))
    assert done.metrics["steps"] == undisturbed.steps


def progress_of_attempt(portal: Portal, run: Run, attempt: int) -> float:
    job = portal.compute.get_job(SYSTEM, job_id=run.job_id)
    return (job.progress or 0.0) if job.attempt == attempt and job.stage == "training" else 0.0


def kill(portal: Portal, run: Run) -> None:
    """SIGKILL to the training process itself, once it has written a checkpoint."""
    folder = portal.compute.folder(run.job_id).attempt(1)
    wait_until(lambda: list(folder.checkpoints.glob("step-*.pt")), seconds=60, what="a checkpoint")
    with portal.foundation.database.read() as session:
        token = session.get_one(JobRow, run.job_id).launch_token
    (trainer,) = [pid for pid in marked_with(token) if b"core.training.job" in command_of(pid)]
    os.kill(trainer, signal.SIGKILL)


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
