"""F78: whatever way jobs end, the machine's capacity comes back; what a domain does wrong fails its own job only."""

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from core.compute.capacity import free_capacity, whole_capacity
from core.compute.job_monitor import read_events
from core.compute.job_store import JobStore, Superseded
from core.compute.values import Job, JobSpec, JobState, Resources
from core.foundation.actions.call import Call
from core.foundation.ids import Kind
from core.portal import Portal
from tests.compute.demo_kind import KINDS, DemoKind, ingested, row_of, submit, writing
from tests.compute.running import SYSTEM, job_now, wait_for_job, wait_until, worker_for
from tests.conftest import People

pytestmark = pytest.mark.usefixtures("people")


def free_cores(portal: Portal) -> int:
    with portal.foundation.database.read() as session:
        return free_capacity(session, whole_capacity(portal.foundation.settings)).cpus


def cancel_when_ready(portal: Portal, job_id: str) -> None:
    wait_until(lambda: ingested(portal, job_id, "ready"))
    portal.compute.cancel_job(SYSTEM, job_id=job_id)


def leave(portal: Portal, job_id: str) -> None:
    return None


def test_f78_five_jobs_ended_in_each_of_six_ways_leave_every_core_free(portal: Portal) -> None:
    ways: list[tuple[dict[str, Any], Callable[[Portal, str], None], JobState]] = [
        ({"way": "greet"}, leave, JobState.SUCCEEDED),
        ({"way": "fail"}, leave, JobState.FAILED),
        ({"way": "count", "steps": 3, "die_at": 1}, leave, JobState.FAILED),
        ({"way": "count", "steps": 3, "die_at": 1, "max_attempts": 2}, leave, JobState.SUCCEEDED),
        ({"way": "refused_outputs"}, leave, JobState.FAILED),
        ({"way": "wait"}, cancel_when_ready, JobState.CANCELLED),
    ]
    with worker_for(portal, kinds=KINDS, loops=()):
        for fields, then, state in ways:
            jobs = [submit(portal, **fields) for _number in range(5)]
            for job_id in jobs:
                then(portal, job_id)
            assert {wait_for_job(portal, job_id).state for job_id in jobs} == {state}
            assert free_cores(portal) == 4


class Clumsy(DemoKind):
    """A kind with a mistake in one of its parts."""

    name = "test.clumsy"

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        self._stumble("ingest_events")

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        self._stumble("at_launch")
        return {}

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        self._stumble("ingest_outputs")

    def ended(self, call: Call, job: Job) -> None:
        self._stumble("ended")

    def _stumble(self, part: str) -> None:
        if part in self.wrong.split():
            raise RuntimeError(f"a mistake in {part}")


@pytest.mark.parametrize("wrong", ["at_launch", "ingest_events", "ingest_outputs", "ingest_events ended"])
def test_a_mistake_of_a_domain_fails_its_job_and_stops_no_other(
    portal: Portal, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    bad = submit(portal, way="count", steps=3, kind="test.clumsy")
    with worker_for(portal, kinds=[*KINDS, Clumsy(wrong)], loops=()):
        job = wait_for_job(portal, bad)
        good = submit(portal, way="greet")
        assert wait_for_job(portal, good).state is JobState.SUCCEEDED
    assert job.state is JobState.FAILED
    words, error_id = job.cause.split("; error ")
    assert words == f"RuntimeError: a mistake in {wrong.split()[0]}"
    # Under that id operators find where it happened.
    assert [record.exc_info is not None for record in caplog.records if error_id == vars(record).get("error")] == [True]
    assert free_cores(portal) == 4


def test_fit_says_now_later_or_never(portal: Portal, people: People) -> None:
    def verdict(cpus: int) -> str:
        return portal.compute.fit(people.viewer, resources=Resources(cpus=cpus, memory_mb=256)).verdict

    assert [verdict(cpus) for cpus in (1, 4, 5)] == ["now", "now", "never"]
    job_id = submit(portal, way="wait")
    with worker_for(portal, kinds=KINDS, loops=()):
        wait_until(lambda: ingested(portal, job_id, "ready"))
        assert [verdict(cpus) for cpus in (1, 4, 5)] == ["now", "later", "never"]
        portal.compute.cancel_job(SYSTEM, job_id=job_id)
        wait_for_job(portal, job_id)


def test_a_commit_whose_answer_was_lost_is_found_again(portal: Portal) -> None:
    """The events were ingested, the worker does not know: it goes on from what the database says, without a repeat."""
    job_id = submit(portal, way="count", steps=1_000_000, pause=0.02)
    with worker_for(portal, kinds=KINDS, loops=()) as worker:
        wait_until(lambda: len(ingested(portal, job_id, "step")) > 3)
        wait_until(lambda: _committed_behind_its_back(portal, worker.dispatcher.job_store, job_id))
        portal.compute.send(job_id, {"enough": True})
        assert wait_for_job(portal, job_id).state is JobState.SUCCEEDED
    steps = [event["step"] for event in ingested(portal, job_id, "step")]
    assert steps == list(range(1, len(steps) + 1))


def _committed_behind_its_back(portal: Portal, job_store: JobStore, job_id: str) -> bool:
    claimed = job_store.claimed(job_id)
    report = read_events(portal.compute.folder(job_id).attempt(1), start=claimed.events_offset)
    try:
        job_store.report(claimed, report, kind=KINDS[0])
    except Superseded:
        return False
    return bool(report.events)


def test_a_job_stopped_with_its_machine_goes_on_and_keeps_its_attempts(portal: Portal) -> None:
    job_id = submit(portal, way="count", steps=1_000_000, pause=0.02)
    with worker_for(portal, kinds=KINDS, loops=()):
        wait_until(lambda: len(ingested(portal, job_id, "step")) > 3)
        launch = portal.compute.folder(job_id).attempt(1)
        supervisor = launch.started(row_of(portal, job_id).launch_token)
        os.kill(int(supervisor.read_text().split('"pid": ')[1].split(",")[0]), signal.SIGTERM)
        wait_until(lambda: ingested(portal, job_id, "step")[-1]["attempt"] == 2)
        portal.compute.send(job_id, {"enough": True})
        job = wait_for_job(portal, job_id)
    assert (job.state, job.attempt, job.max_attempts) == (JobState.SUCCEEDED, 2, 1)
    steps = [event["step"] for event in ingested(portal, job_id, "step")]
    assert steps == list(range(1, len(steps) + 1))


def test_the_audit_log_tells_every_state_of_a_job_once(portal: Portal, people: People) -> None:
    job_id = submit(portal, way="count", steps=2, die_at=1, max_attempts=2)
    with worker_for(portal, kinds=KINDS, loops=()):
        wait_for_job(portal, job_id)
    events = portal.audit.list_events(people.sre, subject=job_id, action="compute.").items
    assert [event.action.partition(".")[2] for event in reversed(events)] == [
        "job_started",
        "job_retried",
        "job_started",
        "job_succeeded",
    ]


def test_submitting_leaves_the_audit_event_about_what_was_made(portal: Portal) -> None:
    with writing(portal) as call:
        run_id = call.create(Kind.RUN, project="PROJ-1", title="a run", state="queued")
        job_spec = JobSpec(kind="test.demo", project="PROJ-1", title="train", subject=run_id)
        call.about(run_id)
        job = portal.compute.submit(call, job_spec)
        assert (call.is_about(run_id), job.requested_by) == (True, "test")
    assert [listed.id for listed in portal.compute.list_jobs(SYSTEM, subject=run_id).items] == [job.id]
    assert job_now(portal, job.id).state is JobState.QUEUED
