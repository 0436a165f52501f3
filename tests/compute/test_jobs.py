"""A job from its order to its end, as a real process."""

from core.compute import JobState
from core.portal import Portal
from tests.compute.demo_kind import KINDS, submit, taken
from tests.compute.running import run_job_here
from tests.conftest import People


def test_a_job_runs_and_its_outputs_are_taken_in(portal: Portal, people: People) -> None:
    digest = portal.foundation.store.put_bytes(b"mei")
    job_id = submit(portal, way="greet", inputs={"name": digest})
    job = run_job_here(portal, job_id, kinds=KINDS)
    assert (job.state, job.attempt, job.progress, job.cause) == (JobState.SUCCEEDED, 1, 1.0, "")
    assert taken(portal, job_id) == [{"greeting.txt": "hello mei secret-ticket"}]
