"""Who may write to a job: two workers, leases and fences, on SQLite and on PostgreSQL."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, func, select, update

from core.audit.tables import AuditRow
from core.compute.capacity import Capacity, whole_capacity
from core.compute.job_store import ClaimedJob, JobStore, Report, Superseded
from core.compute.tables import JobRow
from core.compute.values import JobState, Resources
from core.portal import Portal
from tests.compute.demo_kind import KINDS, ingested, row_of, submit, submit_many
from tests.compute.running import job_now, wait_until, worker_for
from tests.effort import tries
from tests.fakes.instant_executor import InstantExecutor

pytestmark = pytest.mark.usefixtures("people")
(KIND,) = KINDS
ENDLESS = Capacity(cpus=1_000_000, memory_mb=1_000_000_000, devices=())


def job_store_of(portal: Portal, owner: str) -> JobStore:
    foundation = portal.foundation
    return JobStore(foundation, owner=owner, kinds=[KIND.name], capacity=whole_capacity(foundation.settings))


def cores(number: int) -> Resources:
    return Resources(cpus=number, memory_mb=256)


def submit_and_claim(portal: Portal, owner: str = "one", **fields: object) -> tuple[JobStore, ClaimedJob]:
    submit(portal, way="greet", **fields)
    store = job_store_of(portal, owner)
    claimed = store.claim()
    assert claimed is not None
    return store, claimed


def let_the_lease_end(portal: Portal, job_id: str) -> None:
    with portal.foundation.database.write() as session:
        past = portal.foundation.database.now(session) - timedelta(seconds=1)
        session.exec(update(JobRow).where(col(JobRow.id) == job_id).values(lease_until=past))


def adopted(portal: Portal, claimed: ClaimedJob, owner: str) -> tuple[JobStore, ClaimedJob]:
    let_the_lease_end(portal, claimed.job.id)
    other = job_store_of(portal, owner)
    theirs = other.take_over(claimed.job.id, owner="one", owner_is_dead=False)
    assert theirs is not None
    return other, theirs


def test_f11_two_workers_claim_each_job_once(portal_on: Portal) -> None:
    jobs = submit_many(portal_on, tries(200, long=1000))
    claims: Counter[str] = Counter()

    def claim_all(owner: str) -> None:
        store = JobStore(portal_on.foundation, owner=owner, kinds=[KIND.name], capacity=ENDLESS)
        while (claimed := store.claim()) is not None:
            claims[claimed.job.id] += 1

    threads = [threading.Thread(target=claim_all, args=(owner,)) for owner in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert claims == Counter(jobs)
    assert _events(portal_on, "compute.job_started") == len(jobs)


def test_f11_two_whole_workers_start_each_job_once(portal: Portal) -> None:
    jobs = submit_many(portal, tries(60, long=1000))
    instant = InstantExecutor()
    with (
        worker_for(portal, kinds=KINDS, executor=instant, loops=(), name="one"),
        worker_for(portal, kinds=KINDS, executor=instant, loops=(), name="two"),
    ):
        wait_until(lambda: _succeeded(portal) == len(jobs), seconds=120, what="the end of all jobs")
    assert instant.starts == Counter(jobs)
    assert [_events(portal, f"compute.job_{what}") for what in ("started", "succeeded")] == [len(jobs)] * 2
    assert sorted(jobs) == sorted(job_id for job_id in jobs if ingested(portal, job_id, "outputs") == [{}])


def _events(portal: Portal, action: str) -> int:
    with portal.foundation.database.read() as session:
        return session.exec(select(func.count()).select_from(AuditRow).where(col(AuditRow.action) == action)).one()


def _succeeded(portal: Portal) -> int:
    with portal.foundation.database.read() as session:
        done = select(func.count()).select_from(JobRow).where(col(JobRow.state) == JobState.SUCCEEDED)
        return session.exec(done).one()


def test_f09_every_write_of_a_worker_that_lost_its_job_is_rejected(portal_on: Portal) -> None:
    store, claimed = submit_and_claim(portal_on)
    other, theirs = adopted(portal_on, claimed, "two")
    report = Report(start=0, end=9, events=[{"kind": "step"}], progress={"fraction": 0.5})
    writes = {
        "report": lambda: store.report(claimed, report, kind=KIND),
        "succeed": lambda: store.succeed(claimed, KIND, read={}),
        "end": lambda: store.end(claimed, KIND, state=JobState.FAILED, cause="late"),
        "queue again": lambda: store.queue_again(claimed, cause="late"),
        "new token": lambda: store.new_token(claimed),
    }
    before = row_of(portal_on, claimed.job.id)
    for name, write in writes.items():
        with pytest.raises(Superseded):
            write()
        assert row_of(portal_on, claimed.job.id) == before, name
    assert ingested(portal_on, claimed.job.id) == []
    other.succeed(theirs, KIND, read={})
    assert job_now(portal_on, claimed.job.id).state is JobState.SUCCEEDED


def test_f09_every_write_of_an_attempt_that_was_given_up_is_rejected(portal_on: Portal) -> None:
    """Also when the same worker claims the next attempt: the attempt is a higher token."""
    store, claimed = submit_and_claim(portal_on, max_attempts=2)
    store.queue_again(claimed, cause="paused")
    again = _claim(portal_on, store)
    assert (claimed.job.attempt, again.job.attempt) == (1, 2)
    with pytest.raises(Superseded):
        store.succeed(claimed, KIND, read={})
    with pytest.raises(Superseded):
        store.report(claimed, Report(start=0, end=9, events=[{"kind": "step"}], progress=None), kind=KIND)
    assert ingested(portal_on, claimed.job.id) == []
    store.succeed(again, KIND, read={})
    assert ingested(portal_on, claimed.job.id, "outputs") == [{}]


def test_a_job_took_as_long_as_its_process_says_whenever_its_rows_were_written(portal_on: Portal) -> None:
    store, claimed = submit_and_claim(portal_on)
    assert job_now(portal_on, claimed.job.id).ran_seconds is None
    store.succeed(claimed, KIND, read={}, ran_seconds=4_321.5)
    job = job_now(portal_on, claimed.job.id)
    assert job.ran_seconds == 4_321.5
    assert job.started_at is not None
    assert job.ended_at is not None
    assert (job.ended_at - job.started_at).total_seconds() < 4_321.5


def test_the_last_attempt_and_all_of_them_are_two_durations(portal_on: Portal) -> None:
    """An attempt that left nothing to measure adds nothing to them."""
    store, first = submit_and_claim(portal_on, max_attempts=3)
    store.queue_again(first, cause="signal 9", ran_seconds=60.0)
    second = _claim(portal_on, store)
    running = job_now(portal_on, first.job.id)
    assert (running.ran_seconds, running.total_ran_seconds) == (None, 60.0)
    store.queue_again(second, cause="lost")
    store.succeed(_claim(portal_on, store), KIND, read={}, ran_seconds=2.5)
    job = job_now(portal_on, first.job.id)
    assert (job.attempt, job.ran_seconds, job.total_ran_seconds) == (3, 2.5, 62.5)


def _claim(portal: Portal, store: JobStore) -> ClaimedJob:
    claimed_jobs: list[ClaimedJob] = []

    def claim() -> bool:
        claimed = store.claim()
        claimed_jobs.extend([claimed] if claimed else [])
        return bool(claimed_jobs)

    wait_until(claim, what="the next attempt")
    return claimed_jobs[0]


def test_the_same_events_are_handed_on_once(portal_on: Portal) -> None:
    store, claimed = submit_and_claim(portal_on)
    report = Report(start=0, end=20, events=[{"kind": "step", "step": 1}], progress=None)
    store.report(claimed, report, kind=KIND)
    with pytest.raises(Superseded):
        store.report(claimed, report, kind=KIND)
    assert ingested(portal_on, claimed.job.id) == [{"kind": "step", "step": 1}]


def test_a_job_is_taken_over_only_when_its_lease_has_ended_or_its_owner_is_dead(portal_on: Portal) -> None:
    _book, claimed = submit_and_claim(portal_on)
    other = job_store_of(portal_on, "two")
    assert other.take_over(claimed.job.id, owner="one", owner_is_dead=False) is None
    assert other.take_over(claimed.job.id, owner="somebody else", owner_is_dead=True) is None
    assert other.take_over(claimed.job.id, owner="one", owner_is_dead=True) is not None


def test_renewing_prolongs_the_leases_of_the_owner_alone(portal_on: Portal) -> None:
    store, claimed = submit_and_claim(portal_on)
    other, theirs = submit_and_claim(portal_on, "two")
    let_the_lease_end(portal_on, claimed.job.id)
    let_the_lease_end(portal_on, theirs.job.id)
    with portal_on.foundation.database.light_write() as session:
        other.renew(session)
    assert [job.lease_has_ended for job in other.jobs_of_others()] == [True]
    assert [job.lease_has_ended for job in store.jobs_of_others()] == [False]


def test_jobs_start_in_the_order_of_priority_and_age_as_far_as_there_is_room(portal: Portal) -> None:
    first = submit(portal, way="greet", resources=cores(2))
    large = submit(portal, way="greet", resources=cores(3))
    urgent = submit(portal, way="greet", resources=cores(1), priority=1)
    small = submit(portal, way="greet", resources=cores(1))
    store = job_store_of(portal, "one")
    jobs = [store.claim() for _turn in range(4)]
    assert [job.job.id for job in jobs if job] == [urgent, first, small]
    assert jobs[0] is not None
    assert jobs[1] is not None
    store.succeed(jobs[0], KIND, read={})
    assert store.claim() is None
    store.succeed(jobs[1], KIND, read={})
    assert _claim(portal, store).job.id == large


def test_a_large_job_that_has_waited_is_not_overtaken_for_ever(portal: Portal) -> None:
    store, _claimed = submit_and_claim(portal, resources=cores(2))
    large = submit(portal, way="greet", resources=cores(3))
    submit(portal, way="greet", resources=cores(1))
    with portal.foundation.database.write() as session:
        early = portal.foundation.database.now(session) - timedelta(minutes=2)
        session.exec(update(JobRow).where(col(JobRow.id) == large).values(run_after=early))
    assert store.claim() is None
