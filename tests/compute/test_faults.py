"""Real worker processes, killed at the worst moments. What a job did is counted by its launch tokens and effects."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.compute.folders import read_json
from core.compute.processes import Identity, identity_of, is_alive, marked_with, send_signal
from core.compute.values import JobState
from core.portal import Portal
from tests.compute.conftest import StartWorker
from tests.compute.demo_kind import KINDS, ingested, row_of, submit
from tests.compute.running import SYSTEM, job_now, wait_for_job, wait_until, worker_for

pytestmark = pytest.mark.usefixtures("people")
ENDLESS = {"steps": 1_000_000, "pause": 0.02}


def launches(portal: Portal, job_id: str) -> list[Path]:
    return sorted(portal.compute.folder(job_id).path.glob("*/started-*.json"))


def processes_of(portal: Portal, job_id: str) -> list[int]:
    """The living processes of every launch the job ever had."""
    tokens = [path.stem.removeprefix("started-") for path in launches(portal, job_id)]
    return [pid for token in tokens for pid in marked_with(token)]


def ended(worker: "subprocess.Popen[bytes]") -> int:
    return worker.wait(timeout=30)


def assert_it_ran_once(portal: Portal, job_id: str) -> None:
    job = wait_for_job(portal, job_id)
    assert (job.state, job.attempt, job.cause) == (JobState.SUCCEEDED, 1, "")
    steps = [event["step"] for event in ingested(portal, job_id, "step")]
    assert steps == list(range(1, len(steps) + 1))
    assert ingested(portal, job_id, "outputs") == [{"counted.txt": str(len(steps))}]
    wait_until(lambda: not processes_of(portal, job_id), what="the end of its processes")


def test_f01_a_worker_killed_after_the_claim_starts_the_job_once(portal: Portal, start_worker: StartWorker) -> None:
    job_id = submit(portal, way="count", steps=3)
    assert ended(start_worker(failpoint="compute.after_claim=kill")) == -signal.SIGKILL
    assert job_now(portal, job_id).state is JobState.RUNNING
    assert launches(portal, job_id) == []
    start_worker()
    assert_it_ran_once(portal, job_id)


def test_f02_a_worker_killed_after_the_spawn_leaves_a_job_that_is_adopted(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="count", **ENDLESS)
    assert ended(start_worker(failpoint="compute.after_spawn=kill")) == -signal.SIGKILL
    start_worker()
    wait_until(lambda: ingested(portal, job_id, "step"))
    assert len(processes_of(portal, job_id)) == 2  # Its supervisor and itself.
    portal.compute.send(job_id, {"enough": True})
    assert_it_ran_once(portal, job_id)
    assert len(launches(portal, job_id)) == 1


def test_f03_a_worker_killed_while_the_job_runs_is_followed_by_one_that_adopts_it(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="count", **ENDLESS)
    worker = start_worker()
    wait_until(lambda: len(ingested(portal, job_id, "step")) > 5)
    before = processes_of(portal, job_id)
    worker.kill()
    start_worker()
    seen = len(ingested(portal, job_id, "step"))
    wait_until(lambda: len(ingested(portal, job_id, "step")) > seen, what="adoption")
    assert processes_of(portal, job_id) == before
    portal.compute.send(job_id, {"enough": True})
    assert_it_ran_once(portal, job_id)


@pytest.mark.parametrize("moment", ["compute.after_events", "compute.before_ingest", "compute.after_ingest"])
def test_f03_a_worker_killed_between_reading_and_taking_in_takes_nothing_twice(
    portal: Portal, start_worker: StartWorker, moment: str
) -> None:
    job_id = submit(portal, way="count", steps=40, pause=0.01)
    assert ended(start_worker(failpoint=f"{moment}=kill")) == -signal.SIGKILL
    start_worker()
    assert_it_ran_once(portal, job_id)


def test_a_result_that_finds_no_space_waits_for_it_and_the_job_has_not_run_in_vain(portal: Portal) -> None:
    """A folder in its place stands for the disk that is full: the file cannot be written there."""
    job_id = submit(portal, way="greet")
    attempt = portal.compute.folder(job_id).attempt(1)
    result, greeting = attempt.result, attempt.outputs / "greeting.txt"
    (result / "in the way").mkdir(parents=True)
    with worker_for(portal, kinds=KINDS):
        wait_until(lambda: greeting.exists() and len(processes_of(portal, job_id)) < 2, what="the end of the job")
        beat = attempt.heartbeat.stat().st_mtime_ns
        wait_until(
            lambda: attempt.heartbeat.stat().st_mtime_ns != beat or not processes_of(portal, job_id),
            what="a sign of who waits",
        )
        (result / "in the way").rmdir()
        result.rmdir()
        assert wait_for_job(portal, job_id).state == JobState.SUCCEEDED
    assert job_now(portal, job_id).attempt == 1


@pytest.mark.parametrize("lease_seconds", [4])
def test_f09_an_attempt_that_was_paused_past_its_lease_is_fenced_and_ended(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="count", max_attempts=2, **ENDLESS)
    start_worker()
    wait_until(lambda: len(ingested(portal, job_id, "step")) > 5)
    (first,) = launches(portal, job_id)
    paused = processes_of(portal, job_id)
    for pid in paused:
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: job_now(portal, job_id).attempt == 2, what="the second attempt")
    step_count = len([event for event in ingested(portal, job_id, "step") if event["attempt"] == 1])
    for pid in paused:
        _go_on(pid, first)
    wait_until(lambda: not marked_with(first.stem.removeprefix("started-")), seconds=10, what="its end")
    wait_until(lambda: ingested(portal, job_id, "step")[-1]["attempt"] == 2)
    portal.compute.send(job_id, {"enough": True})
    assert wait_for_job(portal, job_id).state is JobState.SUCCEEDED
    steps = ingested(portal, job_id, "step")
    assert len([event for event in steps if event["attempt"] == 1]) == step_count
    assert ingested(portal, job_id, "outputs") == [{"counted.txt": str(steps[-1]["step"])}]


def _go_on(pid: int, first: Path) -> None:
    if first.stem.removeprefix("started-") in _environment(pid):
        os.kill(pid, signal.SIGCONT)


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text()
    except OSError:
        return ""


def test_f09_a_supervisor_whose_attempt_was_given_up_ends_within_10_seconds(portal: Portal) -> None:
    """Nobody kills it: it sees by itself that another launch is the current one."""
    job_id = submit(portal, way="stubborn")
    with worker_for(portal, kinds=KINDS):
        wait_until(lambda: ingested(portal, job_id, "ready"))
    assert len(processes_of(portal, job_id)) == 4
    portal.compute.folder(job_id).current.write_text("another launch")
    wait_until(lambda: not processes_of(portal, job_id), seconds=10, what="its end")
    assert not portal.compute.folder(job_id).attempt(1).result.exists()


@pytest.mark.parametrize("lease_seconds", [4])
def test_f12_a_worker_that_cannot_renew_its_lease_stops_itself_and_the_job_goes_on(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="count", **ENDLESS)
    worker = start_worker()
    wait_until(lambda: ingested(portal, job_id, "step"))
    blocker = sqlite3.connect(portal.foundation.settings.home / "causeway.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        assert worker.wait(timeout=3 * portal.foundation.settings.lease_seconds) == 75
        assert processes_of(portal, job_id)
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    start_worker()
    portal.compute.send(job_id, {"enough": True})
    assert_it_ran_once(portal, job_id)


def test_f13_a_stranger_with_the_pid_of_a_dead_job_is_neither_adopted_nor_killed(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="wait", max_attempts=2)
    worker = start_worker()
    wait_until(lambda: ingested(portal, job_id, "ready"))
    worker.kill()
    worker.wait()
    (launch,) = launches(portal, job_id)
    _end_processes(portal, job_id)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        start_record = read_json(launch)
        assert start_record is not None
        launch.write_text(launch.read_text().replace(f'"pid": {start_record["pid"]}', f'"pid": {stranger.pid}'))
        start_worker()
        wait_until(lambda: job_now(portal, job_id).attempt == 2, what="the second attempt")
        portal.compute.cancel_job(SYSTEM, job_id=job_id)
        assert wait_for_job(portal, job_id).state is JobState.CANCELLED
        assert stranger.poll() is None
        stranger.kill()


def _end_processes(portal: Portal, job_id: str) -> None:
    for pid in processes_of(portal, job_id):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_of(portal, job_id))


def test_f13_a_signal_reaches_the_process_that_was_meant_or_nobody() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        who = identity_of(other.pid)
        assert who is not None
        earlier = Identity(pid=who.pid, ticks=who.ticks - 1, boot=who.boot)
        another_boot = Identity(pid=who.pid, ticks=who.ticks, boot="another")
        assert not send_signal(earlier, signal.SIGKILL)
        assert not send_signal(another_boot, signal.SIGKILL)
        assert is_alive(who)
        assert send_signal(who, signal.SIGKILL)
        other.wait()
        assert not is_alive(who)


def test_a_worker_that_is_told_to_stop_leaves_its_jobs_to_the_next_at_once(
    portal: Portal, start_worker: StartWorker
) -> None:
    job_id = submit(portal, way="count", **ENDLESS)
    worker = start_worker()
    wait_until(lambda: ingested(portal, job_id, "step"))
    worker.terminate()
    assert ended(worker) == 0
    lease = row_of(portal, job_id).lease_until
    with portal.foundation.database.read() as session:
        assert lease is not None
        assert lease <= portal.foundation.database.now(session)
    start_worker()
    portal.compute.send(job_id, {"enough": True})
    assert_it_ran_once(portal, job_id)


def test_the_worker_of_the_product_starts_and_stops(portal: Portal, start_worker: StartWorker) -> None:
    signed = portal.foundation.settings.home / "audit" / "checkpoints.jsonl"
    signed.unlink(missing_ok=True)
    worker = start_worker(module="core.worker")
    wait_until(signed.exists, what="the checkpoint of the audit log")
    worker.terminate()
    assert ended(worker) == 0


@pytest.mark.parametrize("wrong", ["compute.nowhere=kill", "compute.after_claim=explode"])
def test_an_unknown_failpoint_is_refused(start_worker: StartWorker, wrong: str) -> None:
    assert ended(start_worker(failpoint=wrong)) == 1
