"""What runs now: jobs under way and waiting, in the visitor's projects."""

from app.session import actor, portal
from core.compute import Job, JobState

MOST = 20


def running_now() -> tuple[Job, ...]:
    """Jobs that run, then those that wait, the newest first."""
    states = (JobState.RUNNING, JobState.QUEUED)
    listings = [portal().compute.list_jobs(actor(), state=state.value, limit=MOST) for state in states]
    return tuple(job for listing in listings for job in listing.items)
