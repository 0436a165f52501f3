"""One worker at a time ticks the reconcilers; the audit log is signed; a fail-point needs a permit."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.audit.journal import AuditJournal
from core.compute.capacity import whole_capacity
from core.compute.job_store import JobStore
from core.compute.lease import Lease
from core.compute.ownership import my_name, owner_is_dead
from core.foundation.database import Database
from core.foundation.settings import Settings
from core.portal import Portal, build_foundation
from core.worker import Checkpoints, Worker
from tests.compute.running import SYSTEM, wait_until, worker_for
from tests.conftest import People
from tests.installed import settings_in


class Counting:
    """A reconciler that counts its ticks, and may fail."""

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name = name
        self.fails = fails
        self.ticks = 0

    def tick(self, now: datetime) -> None:
        self.ticks += 1
        if self.fails:
            raise RuntimeError("a mistake")


def test_one_worker_at_a_time_ticks_reconcilers_and_the_next_takes_over(portal_on: Portal) -> None:
    first, second = Counting("one"), Counting("two")
    with worker_for(portal_on, kinds=(), loops=[first], name="first"):
        wait_until(lambda: first.ticks > 0)
        with worker_for(portal_on, kinds=(), loops=[second], name="second"):
            seen = first.ticks
            wait_until(lambda: first.ticks > seen + 1)
            assert second.ticks == 0
    with worker_for(portal_on, kinds=(), loops=[second], name="second"):
        wait_until(lambda: second.ticks > 0, seconds=1.5, what="the handover")


def test_a_reconciler_that_fails_stops_no_other(portal: Portal) -> None:
    bad, good = Counting("bad", fails=True), Counting("good")
    with worker_for(portal, kinds=(), loops=[bad, good]):
        wait_until(lambda: good.ticks > 2)
    assert bad.ticks == 1


def test_reconcilers_go_on_when_nobody_knows_whether_anything_has_changed(portal: Portal) -> None:
    class Unsure(Database):
        def mark(self) -> str:
            if threading.current_thread().name == "reconcilers":
                raise OSError("no descriptor is left")
            return super().mark()

    base = portal.foundation
    unsure, counting = Unsure(base.database.url), Counting("one")
    with worker_for(replace(portal, foundation=replace(base, database=unsure)), kinds=(), loops=[counting]):
        wait_until(lambda: counting.ticks > 2)
    unsure.close()


@pytest.mark.parametrize("lease_seconds", [2])
def test_f12_a_lease_that_cannot_be_renewed_is_lost_at_its_end_and_not_before(portal: Portal) -> None:
    lost: list[float] = []
    seconds = portal.foundation.settings.lease_seconds
    lease = Lease(
        JobStore(portal.foundation, owner="one", kinds=[], capacity=whole_capacity(portal.foundation.settings)),
        on_lost=lambda: lost.append(time.monotonic()),
    )
    lease.start()
    assert lease.leads
    with portal.foundation.database.write():
        began = time.monotonic()
        wait_until(lambda: lost, seconds=2 * seconds, what="the end of the lease")
        assert not lease.leads
    lease.stop()
    assert seconds * 0.6 < lost[0] - began <= seconds + 0.2


def test_the_name_of_a_worker_says_whether_it_lives() -> None:
    me = my_name()
    assert not owner_is_dead(me)
    kind, pid, ticks, boot, namespace = me.split("/")
    assert owner_is_dead("/".join([kind, pid, str(int(ticks) - 1), boot, namespace]))
    assert not owner_is_dead("/".join([kind, pid, ticks, "another boot", namespace]))
    assert not owner_is_dead("/".join([kind, pid, str(int(ticks) - 1), boot, "pid:[1]"]))
    assert not owner_is_dead("somebody")


def test_p26_the_audit_log_is_signed_hourly_and_after_a_change_of_production(portal: Portal, people: People) -> None:
    journal, checkpoints = AuditJournal(portal.foundation.settings.home), Checkpoints(portal.foundation)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    checkpoints.tick(now)
    first = journal.last_checkpoint()
    _append(portal, "training.start_run")
    checkpoints.tick(now + timedelta(minutes=59))
    assert journal.last_checkpoint() == first
    checkpoints.tick(now + timedelta(minutes=60))
    second = journal.last_checkpoint()
    assert second == (first or 0) + 1
    _append(portal, "promotion.apply")
    checkpoints.tick(now + timedelta(minutes=61))
    assert journal.last_checkpoint() == second + 1
    assert portal.audit.verify(people.sre).problems == ()


def _append(portal: Portal, action: str) -> None:
    foundation = portal.foundation
    with foundation.database.write() as session:
        foundation.journal.append(
            session,
            actor=SYSTEM,
            action=action,
            outcome="ok",
            subject="",
            project="",
            details={},
            now=foundation.database.now(session),
        )


@pytest.mark.parametrize("allowed", [False, True])
def test_failpoints_need_a_permit_that_production_refuses(settings: Settings, allowed: bool) -> None:
    from pydantic import ValidationError

    assert settings.allow_failpoints
    with pytest.raises(ValidationError, match="fail-points are refused" if allowed else "CAUSEWAY_PUBLIC_ADDRESS"):
        Settings(environment="production", sign_in="tokens", allow_failpoints=allowed, home=settings.home)


def test_a_worker_without_a_database_waits_for_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_in(tmp_path / "home", database_url=f"sqlite:///{tmp_path}/later/causeway.sqlite")
    worker = Worker(build_foundation(settings), kinds=())
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: "the worker waits: The database does not answer" in caplog.text, what="a worker that waits")
    assert worker.heartbeat() == "ok"
    (tmp_path / "later").mkdir()
    worker.foundation.database.create_tables()
    wait_until(lambda: worker.lease.leads, what="a worker that works")
    worker.stop()
    thread.join()
    worker.foundation.database.close()
