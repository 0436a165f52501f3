"""A job from its order to its end, as a real process."""

import os
from collections.abc import Mapping

import pytest

from core.compute.executors.local import LocalExecutor
from core.compute.processes import marked_with
from core.compute.values import JobState, Resources
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.portal import Portal
from tests.compute.demo_kind import KINDS, ingested, queue_again, row_of, submit
from tests.compute.running import SYSTEM, job_now, run_job_here, wait_for_job, wait_until, worker_for
from tests.conftest import People


def executor(*, grace_seconds: float = 5.0, environment: Mapping[str, str] = os.environ) -> LocalExecutor:
    return LocalExecutor(log_bytes=100_000, hung_seconds=5, grace_seconds=grace_seconds, environment=environment)


pytestmark = pytest.mark.usefixtures("people")


def test_a_job_runs_and_its_outputs_are_taken_in(portal: Portal) -> None:
    digest = portal.foundation.store.put_bytes(b"mei")
    job_id = submit(portal, way="greet", inputs={"name": digest})
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert (job.state, job.attempt, job.progress, job.cause) == (JobState.SUCCEEDED, 1, 1.0, "")
    assert ingested(portal, job_id) == [{"greeting.txt": "hello mei secret-ticket"}]


def test_a_ticket_is_in_no_database_and_gone_from_the_folder_at_the_end(portal: Portal) -> None:
    job_id = submit(portal, way="greet")
    run_job_here(portal, job_id, kinds=KINDS)
    assert "ticket" not in row_of(portal, job_id).payload
    assert not portal.compute.folder(job_id).attempt(1).job_spec.exists()


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("fail", "there is nothing to count"),
        ("crash", "code: ZeroDivisionError: by zero"),
        ("not_a_number", "not a number: FloatingPointError: the loss is NaN at step 7"),
        ("fill_the_disk", "no space: the disk"),
        ("eat_memory", "out of memory: its limit is 128 MB"),
    ],
)
def test_a_failure_says_its_cause(portal: Portal, way: str, words: str) -> None:
    job_id = submit(portal, way=way, resources=Resources(memory_mb=128), max_attempts=3)
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert job.state is JobState.FAILED
    assert job.cause.startswith(words)
    assert not any(part in job.cause for part in ("Traceback", "File ", "\n", str(portal.foundation.settings.home)))
    assert job.attempt == 1
    assert ingested(portal, job_id, "ended") == [{"state": "failed", "cause": job.cause}]


def test_a_job_that_takes_longer_than_it_may_is_ended(portal: Portal) -> None:
    job_id = submit(portal, way="stubborn", resources=Resources(memory_mb=512, seconds=1), max_attempts=3)
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert job.cause.startswith("out of time: its limit is 1 s")
    assert marked_with(row_of(portal, job_id).launch_token) == []


def test_outputs_that_the_domain_refuses_fail_the_job_with_its_words(portal: Portal) -> None:
    job_id = submit(portal, way="refused_outputs")
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert (job.state, job.cause) == (JobState.FAILED, "the outputs are wrong\nwrite others")
    assert ingested(portal, job_id, "outputs") == []


def test_a_damaged_input_is_refused_before_the_job_starts(portal: Portal) -> None:
    digest = portal.foundation.store.put_bytes(b"good bytes")
    path = portal.foundation.store.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"evil bytes")
    job = run_job_here(portal, submit(portal, way="greet", inputs={"name": digest}), kinds=KINDS)
    assert job.state is JobState.FAILED
    assert "is damaged" in job.cause


def test_f05_a_killed_process_is_tried_again_from_its_checkpoint(portal: Portal) -> None:
    job_id = submit(portal, way="count", steps=5, die_at=3, max_attempts=2)
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    steps = [(event["step"], event["attempt"]) for event in ingested(portal, job_id, "step")]
    assert steps == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]


def test_f05_without_attempts_left_it_fails_with_the_signal(portal: Portal) -> None:
    job = run_job_here(portal, submit(portal, way="count", steps=5, die_at=3), kinds=KINDS)
    assert job.state is JobState.FAILED
    assert job.cause.startswith("signal 9 (SIGKILL)")


def test_progress_is_seen_while_the_job_runs(portal: Portal) -> None:
    job_id = submit(portal, way="count", steps=1_000_000, pause=0.02)
    with worker_for(portal, kinds=KINDS):
        wait_until(lambda: (job_now(portal, job_id).progress or 0) > 0, what="progress")
        assert job_now(portal, job_id).stage == "counting"
        portal.compute.cancel_job(SYSTEM, job_id=job_id)
        assert wait_for_job(portal, job_id).state is JobState.CANCELLED


def test_messages_reach_a_running_job_in_order(portal: Portal) -> None:
    job_id = submit(portal, way="wait")
    portal.compute.send(job_id, {"number": 1})
    with worker_for(portal, kinds=KINDS):
        wait_until(lambda: ingested(portal, job_id, "ready"))
        portal.compute.send(job_id, {"number": 2})
        portal.compute.send(job_id, {"number": 3, "go": True})
        assert wait_for_job(portal, job_id).state is JobState.SUCCEEDED
    assert [event["number"] for event in ingested(portal, job_id, "heard")] == [1, 2, 3]


def test_a_queued_job_is_cancelled_without_ever_starting(portal: Portal) -> None:
    job_id = submit(portal, way="wait")
    portal.compute.cancel_job(SYSTEM, job_id=job_id)
    with worker_for(portal, kinds=KINDS):
        job = wait_for_job(portal, job_id)
    assert (job.state, job.attempt) == (JobState.CANCELLED, 0)
    assert ingested(portal, job_id, "ended")


def test_cancelling_leaves_no_process_of_the_job(portal: Portal) -> None:
    """Neither one that ignores the signal, nor its child, nor a child with a session of its own."""
    job_id = submit(portal, way="stubborn")
    with worker_for(portal, kinds=KINDS, executor=executor(grace_seconds=0.3)):
        wait_until(lambda: ingested(portal, job_id, "ready"))
        token = row_of(portal, job_id).launch_token
        assert len(marked_with(token)) == 4
        portal.compute.cancel_job(SYSTEM, job_id=job_id)
        assert wait_for_job(portal, job_id).state is JobState.CANCELLED
    wait_until(lambda: not marked_with(token), what="the end of the supervisor")


def test_what_is_over_cannot_be_cancelled(portal: Portal) -> None:
    job_id = submit(portal, way="greet")
    run_job_here(portal, job_id, kinds=KINDS)
    with pytest.raises(Conflict, match="is over"):
        portal.compute.cancel_job(SYSTEM, job_id=job_id)


def test_a_job_learns_no_secret_of_the_portal(portal: Portal) -> None:
    ours = {**os.environ, "CAUSEWAY_DATABASE_URL": "postgresql://secret", "AWS_SECRET_ACCESS_KEY": "secret"}
    job_id = submit(portal, way="show_environment", resources=Resources(cpus=2))
    run_job_here(portal, job_id, kinds=KINDS, executor=executor(environment=ours))
    (event,) = ingested(portal, job_id, "environment")
    names = event["names"]
    assert [name for name in names if name.startswith("CAUSEWAY_")] == ["CAUSEWAY_LAUNCH_TOKEN"]
    assert "secret" not in str(names)
    assert (names["OMP_NUM_THREADS"], names["CUDA_VISIBLE_DEVICES"], names["DO_NOT_TRACK"]) == ("2", "", "1")


def test_a_cancelled_job_goes_on_from_its_checkpoint_when_it_is_queued_again(portal: Portal) -> None:
    job_id = submit(portal, way="count", steps=1_000_000, pause=0.02)
    with worker_for(portal, kinds=KINDS):
        wait_until(lambda: len(ingested(portal, job_id, "step")) >= 3)
        portal.compute.cancel_job(SYSTEM, job_id=job_id)
        wait_for_job(portal, job_id)
        queue_again(portal, job_id)
        wait_until(lambda: ingested(portal, job_id, "step")[-1]["attempt"] == 2)
        portal.compute.send(job_id, {"enough": True})
        assert wait_for_job(portal, job_id).state is JobState.SUCCEEDED
    steps = [event["step"] for event in ingested(portal, job_id, "step")]
    assert steps == list(range(1, len(steps) + 1))


def test_what_can_never_fit_is_refused_with_the_largest_that_would(portal: Portal) -> None:
    with pytest.raises(Invalid) as refused:
        submit(portal, way="greet", resources=Resources(cpus=5))
    assert "The largest that can: 4 cores, 4096 MB, 0 GPUs." in refused.value.hint


def test_engineers_stop_their_own_jobs_and_sres_any(portal: Portal, people: People) -> None:
    own, other = submit(portal, way="wait", actor=people.engineer), submit(portal, way="wait", actor=people.engineer)
    with pytest.raises(NotAllowed, match="only your own jobs"):
        portal.compute.cancel_job(people.other_engineer, job_id=own)
    assert portal.compute.cancel_job(people.engineer, job_id=own).cancel_requested
    assert portal.compute.cancel_job(people.sre, job_id=other).cancel_requested
