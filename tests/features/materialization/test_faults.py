"""A worker or a job that is killed in the middle of a materialization: nothing is lost and nothing is done twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.compute.processes import kill_all, marked_with
from core.compute.values import JobState
from core.features.materialization.values import Materialization
from core.foundation.settings import Settings
from core.portal import Portal
from tests.compute.running import job_now, real_processes, wait_for_job, wait_until, worker_for
from tests.conftest import ROOT, People
from tests.features.materialization.in_process import DAY, START
from tests.features.materialization.installation import Installation


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {"portal_port": 0, "gateway_port": 0, "gateway_admin_port": 0}
    return Settings(home=tmp_path / "home", allow_failpoints=True, cpus=2, memory_mb=4096, **ports)


@pytest.fixture
def scene(portal: Portal, people: People, tmp_path: Path) -> Iterator[Installation]:
    yield Installation(portal, people, tmp_path)
    for token in tokens(portal):
        kill_all(lambda token=token: marked_with(token))


def tokens(portal: Portal) -> list[str]:
    markers = (portal.foundation.settings.home / "jobs").glob("*/*/started-*.json")
    return [path.stem.removeprefix("started-") for path in markers]


def start_worker(scene: Installation, failpoint: str) -> "subprocess.Popen[bytes]":
    home = scene.portal.foundation.settings.home
    values = {"HOME": str(home), "ALLOW_FAILPOINTS": "true", "FAILPOINTS": failpoint, "CPUS": "2", "MEMORY_MB": "4096"}
    environment = {**os.environ, **{f"CAUSEWAY_{name}": value for name, value in values.items()}}
    with (scene.folder / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "core.worker"]
        return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)


def ordered(scene: Installation) -> Materialization:
    scene.days |= {f"2013-01-{day:02}": [("c", START + day * DAY, START, day, "y")] for day in range(2, 5)}
    scene.add_snapshot()
    return scene.portal.materialization.materialize(scene.people.engineer, version_id=scene.version_id)


def assert_it_is_there_once(scene: Installation, materialization: Materialization) -> None:
    done = scene.now(materialization.id)
    assert (done.state, done.rows, done.keys, done.cause) == ("ready", 5, 3, "")
    assert scene.statuses("a", "b", "c") == ["present"] * 3
    assert scene.run(materialization.id).job_id == materialization.job_id


@pytest.mark.parametrize("moment", ["compute.after_claim", "compute.before_ingest", "compute.after_ingest"])
def test_a_worker_killed_at_any_moment_is_made_up_for_by_the_next(scene: Installation, moment: str) -> None:
    materialization = ordered(scene)
    with start_worker(scene, f"{moment}=kill") as worker:
        assert worker.wait(timeout=60) == -signal.SIGKILL
    with worker_for(scene.portal, loops=(), executor=real_processes(scene.portal)):
        assert wait_for_job(scene.portal, materialization.job_id).state is JobState.SUCCEEDED
    assert_it_is_there_once(scene, materialization)


def test_a_job_that_is_killed_is_done_again_by_its_next_attempt(scene: Installation) -> None:
    materialization = ordered(scene)
    with worker_for(scene.portal, loops=(), executor=real_processes(scene.portal)):
        wait_until(lambda: job_now(scene.portal, materialization.job_id).progress is not None, what="a job under way")
        for token in tokens(scene.portal):
            for pid in marked_with(token):
                os.kill(pid, signal.SIGKILL)
        done = wait_for_job(scene.portal, materialization.job_id)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    assert_it_is_there_once(scene, materialization)
