"""A worker's lease over its jobs and duties. It is renewed from a thread of its own, three times in its length; a
worker that cannot renew it stops itself at its end, because by then another worker may own what it does."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, update

from core.compute.job_store import JobStore
from core.compute.ownership import owner_is_dead
from core.compute.tables import DutyRow
from core.foundation.columns import UtcDateTime
from core.foundation.errors import PortalError

RECONCILING = "reconciling"
EXIT_LEASE_LOST = 75
RENEWALS = 3
MAKE_DUTY = text(
    "INSERT INTO duties (name, owner, lease_until) VALUES (:name, '', :now) ON CONFLICT (name) DO NOTHING"
).bindparams(bindparam("now", type_=UtcDateTime()))
logger = logging.getLogger(__name__)


def leave_at_once() -> None:
    """Ends the process without another write."""
    os._exit(EXIT_LEASE_LOST)


class Lease:
    """Renewed while it runs. `leads` says whether this worker is the one that ticks reconcilers."""

    def __init__(self, job_store: JobStore, *, on_lost: Callable[[], None] = leave_at_once) -> None:
        self._job_store = job_store
        self._seconds = job_store.foundation.settings.lease_seconds
        self._on_lost = on_lost
        self._stopped = threading.Event()
        self._good_until = time.monotonic() + self._seconds
        self._leads = False
        # The renewal may hang in the database for longer than the lease, so another thread watches the clock.
        self._threads = [
            threading.Thread(target=self._renew_for_ever, name="lease", daemon=True),
            threading.Thread(target=self._watch, name="lease watch", daemon=True),
        ]

    @property
    def leads(self) -> bool:
        return self._leads and time.monotonic() < self._good_until

    def start(self) -> None:
        """Takes the lease once before it returns. Raises Unavailable when the database does not answer."""
        with self._job_store.foundation.database.light_write() as session:
            now = self._job_store.foundation.database.now(session)
            session.connection().execute(MAKE_DUTY, {"name": RECONCILING, "now": now})
        self._renew()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the renewals."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def release(self) -> None:
        """Lets the duty go, so that another worker may take it at once."""
        with self._job_store.foundation.database.light_write() as session:
            now = self._job_store.foundation.database.now(session)
            mine = update(DutyRow).where(col(DutyRow.owner) == self._job_store.owner)
            session.exec(mine.values(lease_until=now))

    def _renew_for_ever(self) -> None:
        while not self._stopped.wait(self._seconds / RENEWALS):
            try:
                self._renew()
            except PortalError as error:
                logger.warning("the lease was not renewed: %s", error)

    def _renew(self) -> None:
        # Counted from before the write, which sets a later end: the worker stops before the database says so.
        began = time.monotonic()
        with self._job_store.foundation.database.light_write() as session:
            self._job_store.renew(session)
            leads = self._hold_duty(session)
        self._leads, self._good_until = leads, began + self._seconds

    def _hold_duty(self, session: Session) -> bool:
        now = self._job_store.foundation.database.now(session)
        duty = session.get_one(DutyRow, RECONCILING)
        holder, me = duty.owner, self._job_store.owner
        if holder != me and duty.lease_until > now and not owner_is_dead(holder):
            return False
        until = now + timedelta(seconds=self._seconds)
        unchanged = (col(DutyRow.name) == RECONCILING, col(DutyRow.owner) == holder)
        result = session.exec(update(DutyRow).where(*unchanged).values(owner=me, lease_until=until))
        return bool(result.rowcount)

    def _watch(self) -> None:
        while not self._stopped.wait(max(0.0, self._good_until - time.monotonic())):
            if time.monotonic() >= self._good_until:
                logger.error("the lease has ended and could not be renewed; this worker stops")
                self._on_lost()
                return
