"""Makes the wanted state of jobs the actual one: claims what fits, adopts what a dead worker left, monitors all."""

import logging
import os
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.compute.capacity import whole_capacity
from core.compute.executors.local import LocalExecutor
from core.compute.executors.port import Executor
from core.compute.folders import JobFolder
from core.compute.job_monitor import JobMonitor
from core.compute.job_store import ClaimedJob, ForeignJob, JobStore, Superseded
from core.compute.kinds import JobKind
from core.compute.ownership import owner_is_dead
from core.foundation.actions.call import Foundation
from core.foundation.errors import Unavailable
from core.foundation.failpoints import reach
from core.foundation.observability.logs import log_context

THREADS = 8
HOUSEKEEPING_SECONDS = 0.5
SHORTEST_HUNG_SECONDS = 3.0
logger = logging.getLogger(__name__)


class Dispatcher:
    """The jobs of one worker. `only` narrows it to those job ids."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        owner: str,
        kinds: Sequence[JobKind],
        executor: Executor | None = None,
        only: Collection[str] = (),
    ) -> None:
        self.foundation = foundation
        self.kinds = {kind.name: kind for kind in kinds}
        self.executor = executor or local_executor(foundation)
        self.job_store = JobStore(
            foundation, owner=owner, kinds=self.kinds.keys(), capacity=whole_capacity(foundation.settings)
        )
        self.monitors: dict[str, JobMonitor] = {}
        # Set whenever a slow part came to its end, so that the next round need not wait.
        self.wake = threading.Event()
        self._only = only
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="jobs")
        self._housekeeping = 0.0
        self._read_at = ""
        self._mine: Mapping[str, bool] = {}

    def tick(self) -> bool:
        """One round. True while it holds jobs, so that the next round should come soon. Of the database it asks only
        whether anything was committed; what becomes due by time alone waits for housekeeping."""
        mark = self.foundation.database.mark()
        is_due = time.monotonic() >= self._housekeeping
        if is_due:
            self._housekeeping = time.monotonic() + HOUSEKEEPING_SECONDS
            self._adopt()
        if is_due or mark != self._read_at:
            self._take_on()
            self._read_at = mark
        self._look_at_all()
        return bool(self.monitors)

    def rest(self) -> None:
        """Lets what is under way come to its end and begins nothing new; the jobs' processes run on."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def release(self) -> None:
        """Leaves the jobs to another worker."""
        self.job_store.release()

    def _take_on(self) -> None:
        self._end_cancelled()
        while (claimed := self.job_store.claim(only=self._only)) is not None:
            reach("compute.after_claim")
            self._monitor(claimed).begin()
        self._mine = self.job_store.mine()

    def _end_cancelled(self) -> None:
        for job_id, kind in self.job_store.cancelled_in_queue():
            self.job_store.cancel_queued(job_id, self.kinds[kind])

    def _adopt(self) -> None:
        for foreign_job in self.job_store.jobs_of_others():
            if not self._only or foreign_job.job_id in self._only:
                self._take_over(foreign_job)

    def _take_over(self, foreign_job: ForeignJob) -> None:
        dead = owner_is_dead(foreign_job.owner)
        if not dead and not foreign_job.lease_has_ended:
            return
        claimed = self.job_store.take_over(foreign_job.job_id, owner=foreign_job.owner, owner_is_dead=dead)
        if claimed is not None:
            self._monitor(claimed)

    def _monitor(self, claimed: ClaimedJob) -> JobMonitor:
        monitor = JobMonitor(
            claimed,
            folder=JobFolder(self.foundation.settings.home / "jobs" / claimed.job.id).attempt(claimed.job.attempt),
            kind=self.kinds[claimed.job.kind],
            job_store=self.job_store,
            executor=self.executor,
            pool=self._pool,
            on_done=self.wake.set,
        )
        self.monitors[claimed.job.id] = monitor
        return monitor

    def _look_at_all(self) -> None:
        mine = self._mine
        for job_id in mine.keys() - self.monitors.keys():
            # Ours, though nobody monitors it: a commit whose answer was lost, or a monitor that was out of step.
            self._monitor(self.job_store.claimed(job_id))
        for job_id, monitor in list(self.monitors.items()):
            if monitor.is_busy():
                continue
            if monitor.over or job_id not in mine:
                # Over, or another worker's by now: its process is not ours to touch.
                del self.monitors[job_id]
            else:
                with log_context(job=job_id):
                    self._look_at(monitor, cancel_requested=mine[job_id])

    def _look_at(self, monitor: JobMonitor, *, cancel_requested: bool) -> None:
        job_id = monitor.claimed.job.id
        try:
            monitor.tick(cancel_requested=cancel_requested)
        except Unavailable as error:
            logger.warning("%s waits: %s", job_id, error)
        except Superseded as error:
            logger.warning("%s is let go: %s", job_id, error)
            del self.monitors[job_id]
        except Exception:
            # One job that cannot be looked at must not keep the worker from the others.
            logger.exception("%s cannot be monitored", job_id)


def local_executor(foundation: Foundation) -> LocalExecutor:
    """Processes of this machine, by the settings."""
    settings = foundation.settings
    return LocalExecutor(
        log_bytes=settings.job_log_bytes,
        hung_seconds=max(SHORTEST_HUNG_SECONDS, settings.lease_seconds),
        environment=os.environ,
    )
