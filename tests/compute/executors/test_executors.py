"""What the port promises, held against every executor."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.compute.executors.local import LocalExecutor
from core.compute.executors.port import Executor, Launch, LaunchStatus
from core.compute.folders import JobFolder, read_json, write_json
from core.compute.processes import kill_all, marked_with
from tests.compute.running import wait_until
from tests.fakes.instant_executor import InstantExecutor


def local() -> LocalExecutor:
    return LocalExecutor(log_bytes=100_000, hung_seconds=3, grace_seconds=0.3, environment=os.environ)


@pytest.fixture(params=[local, InstantExecutor], ids=["local", "instant"])
def executor(request: pytest.FixtureRequest) -> Executor:
    executor_under_test: Executor = request.param()
    return executor_under_test


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    folder = JobFolder(tmp_path / "JOB-1").attempt(1)
    token = uuid.uuid4().hex
    yield Launch(token=token, module="tests.compute.demo_job", folder=folder, cpus=1, memory_mb=256)
    kill_all(lambda: marked_with(token))


def write_job_spec(launch: Launch, **payload: object) -> None:
    launch.folder.prepare()
    write_json(launch.folder.job_spec, {"id": "JOB-1", "attempt": 1, "cpus": 1, "payload": payload, "inputs": {}})


def is_ready(launch: Launch) -> bool:
    """The job runs and has said so."""
    return launch.folder.events.exists() and launch.folder.events.stat().st_size > 0


def test_what_was_never_started_is_absent(executor: Executor, launch: Launch) -> None:
    assert executor.look(launch) is LaunchStatus.ABSENT


def test_what_has_ended_is_seen_with_its_result(executor: Executor, launch: Launch) -> None:
    write_job_spec(launch, way="greet")
    executor.start(launch)
    wait_until(lambda: executor.look(launch) is LaunchStatus.ENDED)
    result = read_json(launch.folder.result)
    assert result is not None
    assert (result["rc"], result["signal"], result["token"]) == (0, 0, launch.token)


def test_what_was_prevented_never_starts(executor: Executor, launch: Launch) -> None:
    assert executor.prevent(launch)
    write_job_spec(launch, way="greet")
    executor.start(launch)
    wait_until(lambda: executor.look(launch) in (LaunchStatus.LOST, LaunchStatus.ABSENT))
    assert read_json(launch.folder.result) is None
    assert not launch.folder.log.exists() or not list(launch.folder.log.iterdir())


def test_what_has_started_cannot_be_prevented(executor: Executor, launch: Launch) -> None:
    write_job_spec(launch, way="greet")
    executor.start(launch)
    wait_until(lambda: executor.look(launch) is LaunchStatus.ENDED)
    assert not executor.prevent(launch)


def test_the_same_launch_started_twice_runs_once(executor: Executor, launch: Launch) -> None:
    write_job_spec(launch, way="count", steps=3)
    executor.start(launch)
    executor.start(launch)
    wait_until(lambda: executor.look(launch) is LaunchStatus.ENDED)
    assert len(list(launch.folder.path.glob("started-*.json"))) == 1
    lines = launch.folder.events.read_text().splitlines() if launch.folder.events.exists() else []
    assert len([line for line in lines if '"step"' in line and "progress" not in line]) in (0, 3)


def test_another_executor_sees_the_launch_that_the_first_one_made(launch: Launch) -> None:
    """As a new worker does after the death of the old one."""
    write_job_spec(launch, way="wait")
    first, second = local(), local()
    first.start(launch)
    wait_until(lambda: is_ready(launch) and second.look(launch) is LaunchStatus.ALIVE)
    second.stop(launch)
    wait_until(lambda: second.look(launch) is LaunchStatus.ENDED)
    result = read_json(launch.folder.result)
    assert result is not None
    assert (result["rc"], result["reason"]) == (143, "stopped")
    assert result["max_rss_mb"] > 5
    assert result["cpu_seconds"] > 0
    assert 0 < result["ran_seconds"] < 60


def test_a_supervisor_that_was_killed_is_lost_and_destroying_ends_what_it_left(launch: Launch) -> None:
    write_job_spec(launch, way="wait")
    executor = local()
    executor.start(launch)
    wait_until(lambda: is_ready(launch) and executor.look(launch) is LaunchStatus.ALIVE)
    start_record = read_json(launch.folder.started(launch.token))
    assert start_record is not None
    os.kill(start_record["pid"], signal.SIGKILL)
    wait_until(lambda: executor.look(launch) is LaunchStatus.LOST)
    assert len(marked_with(launch.token)) == 1
    assert executor.destroy(launch)
    assert marked_with(launch.token) == []


def test_a_supervisor_without_a_heartbeat_is_lost(launch: Launch) -> None:
    write_job_spec(launch, way="wait")
    executor = local()
    executor.start(launch)
    wait_until(lambda: is_ready(launch) and executor.look(launch) is LaunchStatus.ALIVE)
    for pid in marked_with(launch.token):
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: executor.look(launch) is LaunchStatus.LOST, seconds=10)
    assert executor.destroy(launch)


def test_a_module_that_does_not_exist_says_so_to_operators_alone(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "JOB-1").attempt(1)
    launch = Launch(token=uuid.uuid4().hex, module="no.such.module", folder=folder, cpus=1, memory_mb=256)
    write_job_spec(launch)
    executor = local()
    executor.start(launch)
    wait_until(lambda: executor.look(launch) is LaunchStatus.ENDED)
    assert "No module named 'no'" in (folder.errors / f"{0:015d}").read_text()
    assert not list(folder.log.iterdir())
