"""Runs jobs in tests as processes: those of the portal's own kinds are forked from one that has loaded their libraries,
unless a test hands in an executor, and other kinds run as a worker runs them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlmodel import select

from core.compute.dispatcher import local_executor
from core.compute.executors.port import Executor
from core.compute.kinds import JobKind, Reconciler
from core.compute.tables import JobRow
from core.compute.values import Job, JobState
from core.foundation.actors import Actor
from core.portal import Portal, job_kinds, reconcilers
from core.worker import Worker
from tests.fakes.warm_executor import warm_executor

SYSTEM = Actor.system("test")
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1


def wait_until(reached: Callable[[], object], *, seconds: float = 30.0, what: str = "the condition") -> None:
    """Returns once it is true; fails after the deadline. What takes long is asked about less and less often, since
    asking takes time from what is waited for."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not reached():
        assert time.monotonic() < deadline, f"{what} was not reached in {seconds} s"
        time.sleep(pause)
        pause = min(pause * 1.25, LONGEST_PAUSE)


def real_processes(portal: Portal) -> Executor:
    """What a worker of the product has, for tests of processes and their faults."""
    return local_executor(portal.foundation)


@contextmanager
def worker_for(
    portal: Portal,
    *,
    kinds: Sequence[JobKind] | None = None,
    loops: Sequence[Reconciler] | None = None,
    executor: Executor | None = None,
    only: Sequence[str] = (),
    name: str = "",
) -> Iterator[Worker]:
    """A worker's whole loop in a thread, while the block lasts. `kinds` and `loops` default to the portal's."""
    worker = Worker(
        portal.foundation,
        kinds=job_kinds(portal) if kinds is None else kinds,
        reconcilers=reconcilers(portal) if loops is None else loops,
        executor=executor or (warm_executor(portal.foundation.settings) if kinds is None else None),
        only=only,
        name=name or f"thread-{time.monotonic_ns()}",
        on_lease_lost=lambda: worker.stop(),
    )
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join()


def wait_for_job(portal: Portal, job_id: str, *, seconds: float = 60.0) -> Job:
    """The job once it is over."""
    wait_until(lambda: state_now(portal, job_id).is_over, seconds=seconds, what=f"the end of {job_id}")
    return job_now(portal, job_id)


def state_now(portal: Portal, job_id: str) -> JobState:
    """From its row: an action would take ten times as long, and this is asked often."""
    with portal.foundation.database.read() as session:
        return JobState(session.exec(select(JobRow.state).where(JobRow.id == job_id)).one())


def job_now(portal: Portal, job_id: str) -> Job:
    return portal.compute.get_job(SYSTEM, job_id=job_id)


def run_job_here(
    portal: Portal,
    job_id: str,
    *,
    kinds: Sequence[JobKind] | None = None,
    executor: Executor | None = None,
    seconds: float = 60.0,
) -> Job:
    """Runs one queued job to its end as a process; other queued jobs stay where they are."""
    with worker_for(portal, kinds=kinds, loops=(), executor=executor, only=(job_id,)):
        return wait_for_job(portal, job_id, seconds=seconds)
