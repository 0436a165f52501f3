"""One worker: it makes what is wanted of jobs, endpoints and rollouts come true. Any number may run; jobs belong to
whoever claimed them, and one worker at a time ticks the reconcilers. It may be killed at any moment: what it began goes
on, and the next worker adopts it."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from core import garbage
from core.audit.journal import AuditJournal
from core.compute.dispatcher import Dispatcher
from core.compute.executors.port import Executor
from core.compute.kinds import JobKind, Reconciler
from core.compute.lease import Lease, leave_at_once
from core.compute.ownership import my_name, owner_is_dead
from core.foundation.actions.call import Foundation
from core.foundation.database import Database
from core.foundation.errors import PortalError, Unavailable
from core.foundation.failpoints import arm
from core.foundation.observability.health import FINE
from core.foundation.observability.metrics import (
    CONTENT_TYPE,
    RECONCILER_FAILURES,
    WORKER_LEADS,
    WORKER_ROUND,
    exposition,
)
from core.foundation.observability.operator_server import OperatorServer, Reply, health_reply
from core.foundation.settings import load_settings
from core.foundation.text import _
from core.health.readiness import health_of
from core.portal import Portal, build_portal, job_kinds, reconcilers

BUSY_SECONDS, IDLE_SECONDS = 0.1, 0.2
RECONCILE_SECONDS, REST_SECONDS = 0.5, 5.0
# Where nobody has committed anything for a while, only time makes something due.
CALM_AFTER_SECONDS, CALM_ROUND_SECONDS = 5.0, 2.0
RETRY_SECONDS = 1.0
# Longer than any round should take, a database that does not answer included.
HUNG_SECONDS = 120.0
# The folder of the files that say where workers answer, each named after its worker.
ADDRESSES, SLASH = "workers", "~"
CHECKPOINT_EVERY = timedelta(hours=1)
logger = logging.getLogger(__name__)


class Checkpoints:
    """Signs the head of the audit log: at least hourly, and what is signed at once where that did not succeed."""

    name = "audit.checkpoints"

    def __init__(self, foundation: Foundation) -> None:
        self._database, self._journal = foundation.database, AuditJournal(foundation.settings.home)
        self._signed_at: datetime | None = None

    def tick(self, now: datetime) -> None:
        # A clock that was set back must not put the next one off.
        if self._signed_at is None or not timedelta() <= now - self._signed_at < CHECKPOINT_EVERY:
            self._journal.write_checkpoint(self._database)
            self._signed_at = now
        self._journal.sign_what_is_due(self._database)


class Calm:
    """Whether a round may be left out because nothing has changed lately."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mark = ""
        self._changed_at = self._round_at = 0.0

    def lasts(self) -> bool:
        """True while the database stands still and the last round is not long ago; a round follows whenever it is
        not. Raises Unavailable."""
        mark, now = self._database.mark(), time.monotonic()
        if mark != self._mark:
            self._mark, self._changed_at = mark, now
        if now - self._changed_at >= CALM_AFTER_SECONDS and now - self._round_at < CALM_ROUND_SECONDS:
            return True
        self._round_at = now
        return False


class Worker:
    """The loop, until `stop` is called."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        kinds: Sequence[JobKind],
        reconcilers: Sequence[Reconciler] = (),
        name: str = "",
        executor: Executor | None = None,
        only: Collection[str] = (),
        on_lease_lost: Callable[[], None] = leave_at_once,
    ) -> None:
        self.foundation = foundation
        self.name = name or my_name()
        self.dispatcher = Dispatcher(foundation, owner=self.name, kinds=kinds, executor=executor, only=only)
        self.lease = Lease(self.dispatcher.job_store, on_lost=on_lease_lost)
        self._reconcilers = tuple(reconcilers)
        self._resting: dict[str, float] = {}
        self._last_round = time.monotonic()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until stopped; jobs are then left running for the next worker. Without a database it waits for one."""
        while not self._begin():
            if self._stopped.wait(RETRY_SECONDS):
                return
        # In a thread of their own: a rollout that thinks for a while delays no job.
        reconciling = threading.Thread(target=self._reconcile, name="reconcilers")
        reconciling.start()
        try:
            self._work()
        finally:
            self._stopped.set()
            reconciling.join()
        self._leave()

    def stop(self) -> None:
        self._stopped.set()
        self.dispatcher.wake.set()

    def heartbeat(self) -> str:
        """`ok` while the loop turns, else for how long it has not."""
        silent = time.monotonic() - self._last_round
        return FINE if silent < HUNG_SECONDS else _("No round for {seconds} s").format(seconds=int(silent))

    def _begin(self) -> bool:
        """Whether the lease could be taken."""
        self._last_round = time.monotonic()
        try:
            self.lease.start()
        except PortalError as error:
            logger.warning("the worker waits: %s", error)
            return False
        return True

    def _work(self) -> None:
        while not self._stopped.is_set():
            pause = self._round()
            self.dispatcher.wake.wait(pause)
            self.dispatcher.wake.clear()

    def _leave(self) -> None:
        self.dispatcher.rest()
        self.lease.stop()
        try:
            self.lease.release()
            self.dispatcher.release()
        except Unavailable as error:
            logger.warning("the lease ends by itself: %s", error)

    def _round(self) -> float:
        """One round, and the seconds until the next."""
        self._last_round = time.monotonic()
        WORKER_ROUND.set_to_current_time()
        WORKER_LEADS.set(self.lease.leads)
        try:
            return BUSY_SECONDS if self.dispatcher.tick() else IDLE_SECONDS
        except (Unavailable, OSError) as error:
            # A disk that is full or gone, or a database that does not answer: what is there goes on.
            logger.warning("the worker waits: %s", error)
            return RETRY_SECONDS

    def _reconcile(self) -> None:
        calm = Calm(self.foundation.database)
        while not self._stopped.wait(RECONCILE_SECONDS):
            if self._may_rest(calm):
                continue
            awake = [
                reconciler
                for reconciler in self._reconcilers
                if time.monotonic() >= self._resting.get(reconciler.name, 0.0)
            ]
            for reconciler in awake:
                self._tick(reconciler)

    def _may_rest(self, calm: Calm) -> bool:
        """Whatever goes wrong in asking, the round is not left out."""
        try:
            return calm.lasts()
        except Exception as error:
            logger.warning("whether anything has changed is unknown: %s", error)
            return False

    def _tick(self, reconciler: Reconciler) -> None:
        """One that fails rests a little and is tried again; the others go on."""
        try:
            if self.lease.leads:
                reconciler.tick(self.foundation.clock.now())
        except Exception as error:
            RECONCILER_FAILURES.labels(reconciler.name).inc()
            self._resting[reconciler.name] = time.monotonic() + REST_SECONDS
            if isinstance(error, Unavailable):
                logger.warning("%s waits: %s", reconciler.name, error)
            else:
                logger.exception("%s fails", reconciler.name)


def build_worker(portal: Portal) -> Worker:
    """A worker with everything the portal knows."""
    return Worker(
        portal.foundation,
        kinds=job_kinds(portal),
        reconcilers=(Checkpoints(portal.foundation), *reconcilers(portal)),
    )


def serve(build: Callable[[Portal], Worker] = build_worker) -> int:
    """Runs a worker over the settings of this process, until SIGTERM or Ctrl-C; its jobs run on."""
    settings = load_settings()
    settings.start_logs("worker")
    arm(settings)
    portal = build_portal(settings)
    worker = build(portal)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    operator = operator_server(worker)
    operator.open()
    garbage.loaded()
    try:
        worker.run()
    finally:
        operator.close()
    return 0


def operator_server(worker: Worker) -> OperatorServer:
    """What says how a worker is. Any number of workers may run, so each has a file that says where it listens."""
    base = worker.foundation
    health = health_of(base)
    routes = {
        "/metrics": lambda: Reply(200, exposition(), CONTENT_TYPE),
        "/health/live": lambda: health_reply({"loop": worker.heartbeat()}),
        "/health/ready": lambda: health_reply(health.report()),
    }
    folder = base.settings.home / ADDRESSES
    for file in folder.glob("worker*"):
        if owner_is_dead(file.name.replace(SLASH, "/")):
            file.unlink(missing_ok=True)
    return OperatorServer(routes, port=base.settings.worker_port, file=folder / worker.name.replace("/", SLASH))


def main() -> int:
    """The process `causeway worker`."""
    return serve()


if __name__ == "__main__":
    raise SystemExit(main())
