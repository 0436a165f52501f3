"""Runs jobs in tests, with the real executor and real processes."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from core.compute.executors.port import Executor
from core.compute.kinds import JobKind, Reconciler
from core.compute.values import Job
from core.foundation.actors import Actor
from core.portal import Portal, job_kinds, reconcilers
from core.worker import Worker

SYSTEM = Actor.system("test")
PAUSE = 0.02


def wait_until(reached: Callable[[], object], *, seconds: float = 30.0, what: str = "the condition") -> None:
    """Returns once it is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"{what} was not reached in {seconds} s"
        time.sleep(PAUSE)


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
        executor=executor,
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
    wait_until(lambda: job_now(portal, job_id).state.is_over, seconds=seconds, what=f"the end of {job_id}")
    return job_now(portal, job_id)


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
    """Runs one queued job to its end as a real process; other queued jobs stay where they are."""
    with worker_for(portal, kinds=kinds, loops=(), executor=executor, only=(job_id,)):
        return wait_for_job(portal, job_id, seconds=seconds)
