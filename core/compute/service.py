"""Jobs: the long work of every domain, with its progress, its log and its cause when it fails."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlmodel import col, func, select

from core.compute.capacity import fit_of, free_capacity, whole_capacity
from core.compute.folders import JobFolder, place_once
from core.compute.logs import log_size, read_log
from core.compute.observation.lines import select_lines
from core.compute.observation.usage import cores_used, read_samples
from core.compute.tables import JobRow
from core.compute.values import Fit, Job, JobSpec, JobState, LogLevel, LogLines, LogPart, Resources, UsagePoint
from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import Kind, kind_of
from core.foundation.listings import conditions, page_of
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset

LogLimit = Annotated[int, Field(ge=1, le=1_000_000)]
LogSearch = Annotated[str, Field(max_length=200)]
LineNumber = Annotated[int, Field(ge=0, le=10**12)]
Lines = Annotated[int, Field(ge=1, le=1_000)]
LogOffset = Annotated[int, Field(ge=-1, le=10**15)]


class ComputeService(Service):
    domain = "compute"

    @action(permission=Permission.READ, reads=True)
    def list_jobs(
        self,
        call: Call,
        *,
        project: str = "",
        state: JobState | str = "",
        kind: str = "",
        subject: str = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Job]:
        """List jobs, the newest first."""
        where = conditions(call, JobRow, project=project, state=state, kind=kind, subject=subject)
        return page_of(
            call.session,
            JobRow,
            where=where,
            order=(
                col(JobRow.created_at).desc(),
                col(JobRow.id).desc(),
            ),
            offset=offset,
            limit=limit,
            convert=job_of,
        )

    @action(permission=Permission.READ, reads=True)
    def get_job(self, call: Call, *, job_id: str) -> Job:
        """Show one job: its state, progress, and why it failed."""
        call.may_reach(job_id)
        return self.job(call, job_id)

    @action(permission=Permission.READ, reads=True)
    def read_log(self, call: Call, *, job_id: str, offset: LogOffset = -1, limit: LogLimit = 65_536) -> LogPart:
        """Read a job's log from a byte offset; without one, its end."""
        call.may_reach(job_id)
        log = self.folder(job_id).attempt(max(1, self.job(call, job_id).attempt)).log
        start, data = read_log(log, offset=offset, limit=limit)
        text = data.decode(errors="replace")
        return LogPart(text=text, offset=start, end=start + len(data), size=log_size(log))

    @action(permission=Permission.READ, reads=True)
    def search_log(
        self,
        call: Call,
        *,
        job_id: str,
        search: LogSearch = "",
        level: LogLevel | Literal[""] = "",
        before: LineNumber = 0,
        limit: Lines = 200,
    ) -> LogLines:
        """Find lines of a job's log by words and level: the last ones, or the last before a line."""
        text = self._whole_log(call, job_id)
        wanted = LogLevel(level) if level else None
        return select_lines(text, search=search, level=wanted, before=before, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def usage(self, call: Call, *, job_id: str) -> tuple[UsagePoint, ...]:
        """Show what the processes of a job's last attempt used over its time."""
        call.may_reach(job_id)
        attempt = self.folder(job_id).attempt(max(1, self.job(call, job_id).attempt))
        points = cores_used(read_samples(attempt.usage))
        return tuple(
            UsagePoint(seconds=seconds, cores=cores, memory_mb=memory / 2**20) for seconds, cores, memory in points
        )

    @action(permission=Permission.JOBS_CANCEL)
    def cancel_job(self, call: Call, *, job_id: str) -> Job:
        """Stop a job. Engineers stop their own, those who run production stop any."""
        call.may_reach(job_id)
        call.about(job_id)
        if self.job(call, job_id).requested_by != call.actor.person_id and not runs_production(call):
            raise NotAllowed(_("You may stop only your own jobs"), hint=who_stops(call))
        self.request_cancel(call, job_id)
        return self.job(call, job_id)

    @action(permission=Permission.READ, reads=True)
    def fit(self, call: Call, *, resources: Resources) -> Fit:
        """Estimate whether resources are available now, later or never, and advise what to do."""
        call.unscoped()
        whole = whole_capacity(self.foundation.settings)
        queued = select(func.count()).select_from(JobRow).where(col(JobRow.state) == JobState.QUEUED)
        return fit_of(
            resources, whole=whole, free=free_capacity(call.session, whole), ahead=call.session.exec(queued).one()
        )

    def submit(self, call: Call, job_spec: JobSpec) -> Job:
        """Queues long work in the caller's transaction. Invalid when it can never fit here."""
        whole = whole_capacity(self.foundation.settings)
        if not whole.holds(job_spec.resources):
            advice = fit_of(job_spec.resources, whole=whole, free=whole, ahead=0).advice
            raise Invalid(_("This job requests more than there is"), hint=advice, field="resources")
        owner = job_spec.owner or call.actor.person_id
        job_id = call.create(
            Kind.JOB, project=job_spec.project, title=job_spec.title, state=JobState.QUEUED, owner=owner
        )
        row = JobRow(
            id=job_id,
            **job_spec.model_dump(mode="json", exclude={"resources", "owner"}),
            **job_spec.resources.model_dump(),
            state=JobState.QUEUED,
            run_after=call.now,
            requested_by=owner,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        return job_of(row)

    def job(self, call: Call, job_id: str) -> Job:
        """A job as it is in the caller's transaction."""
        return job_of(self._row(call, job_id))

    def jobs(self, call: Call, ids: Collection[str]) -> dict[str, Job]:
        """Jobs by id, as they are in the caller's transaction."""
        rows = call.session.exec(select(JobRow).where(col(JobRow.id).in_(ids)))
        return {row.id: job_of(row) for row in rows}

    def request_cancel(self, call: Call, job_id: str) -> None:
        """Wants a job stopped; the worker does it. Conflict when it is over."""
        row = self._row(call, job_id)
        if JobState(row.state).is_over:
            raise Conflict(_("{id} is over: {state}").format(id=job_id, state=row.state))
        row.cancel_requested = True
        call.session.add(row)

    def resubmit(self, call: Call, job_id: str) -> Job:
        """Queues a failed or cancelled job again; its next attempt finds the checkpoints of the last one."""
        row = self._row(call, job_id)
        if row.state not in (JobState.FAILED, JobState.CANCELLED):
            raise Conflict(
                _("{id} is {state}: only what failed or was cancelled runs again").format(id=job_id, state=row.state)
            )
        row.state, row.cancel_requested, row.cause = JobState.QUEUED, False, ""
        row.first_attempt, row.run_after, row.ended_at = row.attempt, call.now, None
        call.session.add(row)
        call.update(job_id, state=JobState.QUEUED)
        call.record("compute.job_queued_again", subject=job_id)
        return job_of(row)

    def send(self, job_id: str, message: dict[str, Any]) -> None:
        """Puts a message into a job's inbox, after those that are there."""
        inbox = self.folder(job_id).inbox
        inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        last = max((int(file.stem) for file in inbox.glob("[0-9]*.json")), default=0)
        number = last + 1
        while not place_once(inbox / f"{number:06d}.json", message):
            number += 1

    def folder(self, job_id: str) -> JobFolder:
        """Where a job's files are. NotFound when the text is no job's id."""
        if kind_of(job_id) is not Kind.JOB:
            raise NotFound(_("{id} is no job").format(id=repr(job_id[:40])))
        return JobFolder(self.foundation.settings.home / "jobs" / job_id)

    def _whole_log(self, call: Call, job_id: str) -> str:
        """As far as it was kept."""
        call.may_reach(job_id)
        log = self.folder(job_id).attempt(max(1, self.job(call, job_id).attempt)).log
        _start, data = read_log(log, offset=-1, limit=self.foundation.settings.job_log_bytes)
        return data.decode(errors="replace")

    def _row(self, call: Call, job_id: str) -> JobRow:
        row = call.session.get(JobRow, job_id)
        if row is None:
            raise NotFound(_("{id} is no job").format(id=repr(job_id[:40])))
        return row


def job_of(row: JobRow) -> Job:
    resources = Resources(cpus=row.cpus, memory_mb=row.memory_mb, gpus=row.gpus, seconds=row.seconds)
    return Job(**row.model_dump(include=set(Job.model_fields) - {"resources"}), resources=resources)


def runs_production(call: Call) -> bool:
    """Whether the caller runs production everywhere, for which one need not own a job to stop it."""
    return call.foundation.access.reach(call.session, call.actor, Permission.ROLLBACK).is_everywhere


def who_stops(call: Call) -> str:
    """Who may stop what the caller does not own, or with which token the caller could."""
    return call.missing_scope(Permission.ROLLBACK, everywhere=True) or _("Ask its owner, or an SRE.")
