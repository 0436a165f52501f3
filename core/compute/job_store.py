"""Every write of a worker to a job. Each one names owner and attempt in its WHERE clause, so a worker that was paused
past its lease, or an attempt that was given up, changes nothing, however late it comes back."""

import logging
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update
from sqlmodel import Session, col, func, select, update

from core.compute.capacity import Capacity, InLine, first_that_fits, free_capacity
from core.compute.kinds import JobKind
from core.compute.service import job_of
from core.compute.tables import JobRow
from core.compute.values import Job, JobState, Resources
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import Conflict
from core.foundation.observability.metrics import JOB_TRANSITIONS

QUEUE_DEPTH = 20
RETRY_SECONDS = 1.0
SPEC = ActionSpec(name="compute.work", permission="system", reads=False, function=lambda: None)
TRANSITIONS = "job transitions"
IDLE: dict[str, Any] = {"owner": "", "lease_until": None, "launch_token": "", "devices": []}
logger = logging.getLogger(__name__)


class Superseded(Conflict):
    """Another worker owns the job now, or another attempt of it runs. Drop it and touch nothing."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker owns, with the launch that belongs to its attempt."""

    job: Job
    payload: dict[str, Any]
    inputs: dict[str, str]
    token: str
    devices: tuple[str, ...]
    events_offset: int
    attempts_left: int


@dataclass(frozen=True)
class ForeignJob:
    """A running job of another worker."""

    job_id: str
    owner: str
    lease_has_ended: bool


@dataclass(frozen=True)
class Report:
    """What a job wrote: custom events, and the last progress if there is any. `start` and `end` are byte offsets."""

    start: int
    end: int
    events: Sequence[dict[str, Any]]
    progress: dict[str, Any] | None


class JobStore:
    """The writes of one worker, `owner`."""

    def __init__(self, foundation: Foundation, *, owner: str, kinds: Collection[str], capacity: Capacity) -> None:
        self.foundation = foundation
        self.owner = owner
        self.kinds = tuple(kinds)
        self.capacity = capacity
        self.actor = Actor.system("worker")

    def claim(self, *, only: Collection[str] = ()) -> ClaimedJob | None:
        """The next job in line that fits now, made ours; None when there is none. `only` narrows it to those ids."""
        with self.foundation.database.read() as session:
            if self._next(session, self.foundation.database.now(session), only) is None:
                return None
        with self._writing() as call:
            job_id = self._next(call.session, call.now, only)
            return None if job_id is None else self._make_ours(call, call.session.get_one(JobRow, job_id))

    def cancelled_in_queue(self) -> tuple[tuple[str, str], ...]:
        """Queued jobs of our kinds that somebody wants stopped: id and kind."""
        wanted = (col(JobRow.state) == JobState.QUEUED, col(JobRow.cancel_requested), self._ours())
        with self.foundation.database.read() as session:
            return tuple(session.exec(select(JobRow.id, JobRow.kind).where(*wanted)).all())

    def cancel_queued(self, job_id: str, kind: JobKind) -> None:
        """Ends a job that never started."""
        with self._writing() as call:
            row = call.session.get_one(JobRow, job_id)
            if row.state == JobState.QUEUED and row.cancel_requested:
                row.state, row.ended_at = JobState.CANCELLED, call.now
                self._conclude(call, row, kind)

    def jobs_of_others(self) -> tuple[ForeignJob, ...]:
        """Running jobs of our kinds that other workers own."""
        theirs = (col(JobRow.state) == JobState.RUNNING, col(JobRow.owner) != self.owner, self._ours())
        with self.foundation.database.read() as session:
            now = self.foundation.database.now(session)
            rows = session.exec(select(JobRow.id, JobRow.owner, JobRow.lease_until).where(*theirs)).all()
        return tuple(ForeignJob(job_id, owner, until is None or until <= now) for job_id, owner, until in rows)

    def take_over(self, job_id: str, *, owner: str, owner_is_dead: bool) -> ClaimedJob | None:
        """Makes a running job ours, whose owner's lease has ended or which is known to be dead. Its attempt goes on."""
        with self._writing() as call:
            row = call.session.get_one(JobRow, job_id)
            ended = row.lease_until is None or row.lease_until <= call.now
            if row.state != JobState.RUNNING or row.owner != owner or not (ended or owner_is_dead):
                return None
            row.owner, row.lease_until = self.owner, self._lease_end(call.now)
            call.session.add(row)
            self._record(call, "adopted", row, attempt=row.attempt)
            return _claimed(row)

    def renew(self, session: Session) -> None:
        """Prolongs the lease of every job we own."""
        until = self._lease_end(self.foundation.database.now(session))
        mine = update(JobRow).where(col(JobRow.owner) == self.owner, col(JobRow.state) == JobState.RUNNING)
        session.exec(mine.values(lease_until=until))

    def release(self) -> None:
        """Lets the leases of our jobs end now, so that another worker may adopt them at once."""
        with self.foundation.database.light_write() as session:
            now = self.foundation.database.now(session)
            mine = update(JobRow).where(col(JobRow.owner) == self.owner, col(JobRow.state) == JobState.RUNNING)
            session.exec(mine.values(lease_until=now))

    def mine(self) -> dict[str, bool]:
        """The running jobs we own, and whether somebody wants them stopped."""
        ours = (col(JobRow.owner) == self.owner, col(JobRow.state) == JobState.RUNNING)
        with self.foundation.database.read() as session:
            rows = session.exec(select(JobRow.id, JobRow.cancel_requested).where(*ours)).all()
        return dict(rows)

    def claimed(self, job_id: str) -> ClaimedJob:
        """One of our running jobs as the database has it."""
        with self.foundation.database.read() as session:
            return _claimed(session.get_one(JobRow, job_id))

    def new_token(self, claimed: ClaimedJob) -> str:
        """A fresh launch token for the same attempt, after its first launch was prevented."""
        token = uuid.uuid4().hex
        with self._writing() as call:
            self._fenced(call, claimed, launch_token=token)
        return token

    def report(self, claimed: ClaimedJob, report: Report, *, kind: JobKind) -> None:
        """Writes progress and hands custom events to the kind, each exactly once: the offset is in the same commit."""
        values: dict[str, Any] = {"events_offset": report.end}
        if report.progress is not None:
            progress = report.progress
            values |= {"progress": progress.get("fraction"), "stage": str(progress.get("stage", ""))[:120]}
            values |= {"eta_seconds": progress.get("eta_seconds")}
        with self._writing() as call:
            self._fenced(call, claimed, col(JobRow.events_offset) == report.start, **values)
            if report.events:
                kind.ingest_events(call, self._job(call, claimed), report.events)

    def succeed(self, claimed: ClaimedJob, kind: JobKind, *, read: Any, ran_seconds: float | None = None) -> None:
        """The outputs and the state, in one transaction. `ran_seconds` is how long its process ran."""
        with self._writing() as call:
            done = {"state": JobState.SUCCEEDED, "progress": 1.0, "eta_seconds": None, "ended_at": call.now}
            self._fenced(call, claimed, **done, **_measured(ran_seconds), **IDLE)
            kind.ingest_outputs(call, self._job(call, claimed), read)
            self._transition(call, claimed.job, JobState.SUCCEEDED)

    def end(
        self,
        claimed: ClaimedJob,
        kind: JobKind | None,
        *,
        state: JobState,
        cause: str,
        ran_seconds: float | None = None,
    ) -> None:
        """It failed for good, or was cancelled. Without a kind the domain does not learn of it."""
        with self._writing() as call:
            done = {"state": state, "cause": cause, "eta_seconds": None, "ended_at": call.now}
            self._fenced(call, claimed, **done, **_measured(ran_seconds), **IDLE)
            self._conclude(call, call.session.get_one(JobRow, claimed.job.id), kind)

    def queue_again(
        self, claimed: ClaimedJob, *, cause: str, counts: bool = True, ran_seconds: float | None = None
    ) -> None:
        """Another attempt may succeed. One that does not count leaves as many attempts as there were."""
        with self._writing() as call:
            after = call.now + timedelta(seconds=RETRY_SECONDS)
            values = _measured(ran_seconds) | ({} if counts else {"first_attempt": col(JobRow.first_attempt) + 1})
            self._fenced(call, claimed, state=JobState.QUEUED, cause=cause, run_after=after, **values, **IDLE)
            call.update(claimed.job.id, state=JobState.QUEUED)
            self._record(call, "retried", claimed.job, cause=cause[:200])

    def _make_ours(self, call: Call, row: JobRow) -> ClaimedJob:
        row.devices = list(free_capacity(call.session, self.capacity).devices[: row.gpus]) if row.gpus else []
        row.state, row.owner, row.attempt = JobState.RUNNING, self.owner, row.attempt + 1
        row.lease_until, row.launch_token = self._lease_end(call.now), uuid.uuid4().hex
        row.events_offset, row.cause, row.started_at = 0, "", row.started_at or call.now
        row.ran_seconds = None
        call.session.add(row)
        call.update(row.id, state=JobState.RUNNING)
        self._record(call, "started", row, attempt=row.attempt)
        return _claimed(row)

    def _conclude(self, call: Call, row: JobRow, kind: JobKind | None) -> None:
        call.session.add(row)
        call.session.flush()
        if kind is not None:
            kind.ended(call, job_of(row))
        self._transition(call, row, JobState(row.state), cause=row.cause[:200])

    def _transition(self, call: Call, job: Job | JobRow, state: JobState, **details: str) -> None:
        call.update(job.id, state=state)
        self._record(call, state.value, job, **details)

    def _record(self, call: Call, transition: str, job: Job | JobRow, **details: Any) -> None:
        """The audit event of a transition, and its line in the log once it is committed."""
        call.record(f"compute.job_{transition}", subject=job.id, details=details)
        fields = {"job": job.id, "kind": job.kind, "transition": transition, **details}
        call.session.info.setdefault(TRANSITIONS, []).append(fields)

    def _job(self, call: Call, claimed: ClaimedJob) -> Job:
        return job_of(call.session.get_one(JobRow, claimed.job.id, populate_existing=True))

    def _fenced(self, call: Call, claimed: ClaimedJob, *also: ColumnElement[bool], **values: Any) -> None:
        """The one way to change a job that runs."""
        row = update(JobRow).where(col(JobRow.id) == claimed.job.id, col(JobRow.state) == JobState.RUNNING)
        fenced: Update = row.where(col(JobRow.owner) == self.owner, col(JobRow.attempt) == claimed.job.attempt, *also)
        result = call.session.exec(fenced.values(**values).execution_options(synchronize_session=False))
        if result.rowcount != 1:
            raise Superseded(
                f"{claimed.job.id}: attempt {claimed.job.attempt} of {self.owner} is not the one that runs"
            )

    def _next(self, session: Session, now: datetime, only: Collection[str]) -> str | None:
        waiting = (col(JobRow.state) == JobState.QUEUED, col(JobRow.run_after) <= now, self._ours())
        columns: Any = (JobRow.id, JobRow.cpus, JobRow.memory_mb, JobRow.gpus, JobRow.run_after)
        rows = select(*columns).where(*waiting, ~col(JobRow.cancel_requested))
        rows = rows.where(col(JobRow.id).in_(only)) if only else rows
        line = rows.order_by(col(JobRow.priority), col(JobRow.created_at), col(JobRow.id)).limit(QUEUE_DEPTH)
        queue = [
            InLine(job_id, Resources(cpus=cpus, memory_mb=memory_mb, gpus=gpus), since)
            for job_id, cpus, memory_mb, gpus, since in session.exec(line)
        ]
        return first_that_fits(queue, free_capacity(session, self.capacity), now=now) if queue else None

    def _ours(self) -> ColumnElement[bool]:
        return col(JobRow.kind).in_(self.kinds)

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.foundation.settings.lease_seconds)

    @contextmanager
    def _writing(self) -> Iterator[Call]:
        with self.foundation.database.write() as session:
            yield Call(self.foundation, session, self.actor, SPEC)
        for fields in session.info.pop(TRANSITIONS, ()):
            logger.info("job %s", fields["transition"], extra=fields)
            JOB_TRANSITIONS.labels(fields["kind"], fields["transition"]).inc()


def _measured(seconds: float | None) -> dict[str, Any]:
    """How long the process of this attempt ran, and those of all attempts; one that left no measurement adds none."""
    if seconds is None:
        return {}
    return {"ran_seconds": seconds, "total_ran_seconds": func.coalesce(col(JobRow.total_ran_seconds), 0.0) + seconds}


def _claimed(row: JobRow) -> ClaimedJob:
    return ClaimedJob(
        job=job_of(row),
        payload=row.payload,
        inputs=row.inputs,
        token=row.launch_token,
        devices=tuple(row.devices),
        events_offset=row.events_offset,
        attempts_left=row.max_attempts - (row.attempt - row.first_attempt),
    )
