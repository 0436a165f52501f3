"""Makes the wanted state of jobs the actual one: claims what fits, adopts what a dead worker left, attends to all."""

import logging
import os
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.compute.capacity import whole_room
from core.compute.executors.local import LocalExecutor
from core.compute.executors.port import Executor
from core.compute.folders import JobFolder
from core.compute.job_monitor import Attendant
from core.compute.job_store import Held, Ledger, Left, Superseded
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
        self.ledger = Ledger(foundation, owner=owner, kinds=self.kinds.keys(), room=whole_room(foundation.settings))
        self.attendants: dict[str, Attendant] = {}
        # Set whenever a slow part came to its end, so that the next round need not wait.
        self.wake = threading.Event()
        self._only = only
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="jobs")
        self._housekeeping = 0.0

    def tick(self) -> bool:
        """One round. True while it holds jobs, so that the next round should come soon."""
        if time.monotonic() >= self._housekeeping:
            self._housekeeping = time.monotonic() + HOUSEKEEPING_SECONDS
            self._end_cancelled()
            self._adopt()
        while (held := self.ledger.claim(only=self._only)) is not None:
            reach("compute.after_claim")
            self._attend(held).begin()
        self._look_at_all()
        return bool(self.attendants)

    def rest(self) -> None:
        """Lets what is under way come to its end and begins nothing new; the jobs' processes run on."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def release(self) -> None:
        """Leaves the jobs to another worker."""
        self.ledger.release()

    def _end_cancelled(self) -> None:
        for job_id, kind in self.ledger.cancelled_in_queue():
            self.ledger.cancel_queued(job_id, self.kinds[kind])

    def _adopt(self) -> None:
        for left in self.ledger.left_by_others():
            if not self._only or left.job_id in self._only:
                self._take_over(left)

    def _take_over(self, left: Left) -> None:
        dead = owner_is_dead(left.owner)
        if not dead and not left.lease_has_ended:
            return
        held = self.ledger.take_over(left.job_id, owner=left.owner, owner_is_dead=dead)
        if held is not None:
            self._attend(held)

    def _attend(self, held: Held) -> Attendant:
        attendant = Attendant(
            held,
            folder=JobFolder(self.foundation.settings.home / "jobs" / held.job.id).attempt(held.job.attempt),
            kind=self.kinds[held.job.kind],
            ledger=self.ledger,
            executor=self.executor,
            pool=self._pool,
            on_done=self.wake.set,
        )
        self.attendants[held.job.id] = attendant
        return attendant

    def _look_at_all(self) -> None:
        mine = self.ledger.mine()
        for job_id in mine.keys() - self.attendants.keys():
            # Ours, though nobody attends: a commit whose answer was lost, or an attendant that was out of step.
            self._attend(self.ledger.held(job_id))
        for job_id, attendant in list(self.attendants.items()):
            if attendant.is_busy():
                continue
            if attendant.over or job_id not in mine:
                # Over, or another worker's by now: its process is not ours to touch.
                del self.attendants[job_id]
            else:
                with log_context(job=job_id):
                    self._look_at(attendant, cancel_requested=mine[job_id])

    def _look_at(self, attendant: Attendant, *, cancel_requested: bool) -> None:
        job_id = attendant.held.job.id
        try:
            attendant.tick(cancel_requested=cancel_requested)
        except Unavailable as error:
            logger.warning("%s waits: %s", job_id, error)
        except Superseded as error:
            logger.warning("%s is let go: %s", job_id, error)
            del self.attendants[job_id]
        except Exception:
            # One job that cannot be looked at must not keep the worker from the others.
            logger.exception("%s cannot be attended to", job_id)


def local_executor(foundation: Foundation) -> LocalExecutor:
    """Processes of this machine, by the settings."""
    settings = foundation.settings
    return LocalExecutor(
        log_bytes=settings.job_log_bytes,
        hung_seconds=max(SHORTEST_HUNG_SECONDS, settings.lease_seconds),
        environment=os.environ,
    )
