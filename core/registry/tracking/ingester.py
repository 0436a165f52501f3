"""Tells MLflow what the outbox holds, in a thread of its own, so that the worker's loop never waits for it."""

import logging
from datetime import datetime, timedelta
from threading import Thread

from core.foundation.actions.call import Foundation
from core.foundation.errors import Invalid, Unavailable
from core.foundation.failpoints import reach
from core.registry.tables import OutboxRow
from core.registry.tracking import mlflow_store, outbox

log = logging.getLogger(__name__)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=30)
# Between deliveries, so that what a run measures meanwhile is told in one message: each costs MLflow about the same.
PAUSE = timedelta(seconds=5)


class MlflowIngester:
    """A reconciler: what the portal knows and what MLflow knows become the same, at the latest half a minute after
    MLflow answers again."""

    name = "mlflow"

    def __init__(self, foundation: Foundation) -> None:
        mlflow_store.silence()
        self._database = foundation.database
        self._target = mlflow_store.MlflowStore(foundation.settings, store=foundation.store)
        self._thread: Thread | None = None
        self._wait = SHORTEST_WAIT
        self._not_before: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Begins a delivery when there is something to tell and none is under way."""
        is_early = self._not_before is not None and now < self._not_before
        is_busy = self._thread is not None and self._thread.is_alive()
        if is_early or is_busy or not outbox.is_waiting(self._database):
            return
        # A daemon: a worker that ends need not wait, because what was delivered without our knowing comes again.
        self._thread = Thread(target=self._try, args=(now,), name="mlflow", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until the delivery under way has ended, at most that long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def deliver(self) -> int:
        """Tells all that waits, and returns how many messages went. Raises Unavailable when MLflow does not answer;
        what was not delivered stays."""
        self._target.open()
        delivered = 0
        while rows := outbox.claim(self._database):
            delivered += self._deliver(rows)
        return delivered

    def _try(self, now: datetime) -> None:
        try:
            self.deliver()
            self._wait, self._not_before = SHORTEST_WAIT, now + PAUSE
        except Exception as error:
            level = logging.INFO if isinstance(error, Unavailable) else logging.ERROR
            log.log(level, "MLflow could not be updated: %s", error, exc_info=not isinstance(error, Unavailable))
            self._not_before = now + self._wait
            self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _deliver(self, rows: list[OutboxRow]) -> int:
        """In order. A message that MLflow will never take is kept aside, so that it holds up no other."""
        delivered: list[OutboxRow] = []
        refused: list[OutboxRow] = []
        runs: dict[str, str] = {}
        try:
            for together in outbox.gathered(rows):
                self._send(together, delivered=delivered, refused=refused, runs=runs)
        finally:
            outbox.finish(self._database, delivered=delivered, refused=refused, runs=runs)
            done = {row.id for row in (*delivered, *refused)}
            outbox.release(self._database, [row for row in rows if row.id not in done])
        return len(delivered)

    def _send(
        self, together: list[OutboxRow], *, delivered: list[OutboxRow], refused: list[OutboxRow], runs: dict[str, str]
    ) -> None:
        message = outbox.message_of(together)
        try:
            if mlflow_run := self._target.deliver(together[0].kind, message=message):
                runs[message["run_id"]] = mlflow_run
            reach("registry.after_mlflow")
            delivered += together
        except Invalid as refusal:
            self._keep_aside(together, refusal.message)
            refused += together

    def _keep_aside(self, rows: list[OutboxRow], problem: str) -> None:
        for row in rows:
            row.problem = problem
            log.warning("MLflow refused message %s: %s", row.id, problem)
