"""Monitors one job: launches it, reads its events, stops it on request, and ingests its outputs. It keeps
nothing that is not also in the database or the job's folder, so any worker can go on where another one died."""

import json
import logging
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import replace
from textwrap import indent
from typing import Any

from core.compute.causes import Cause, cause_of, no_space
from core.compute.executors.port import Executor, Launch, LaunchStatus
from core.compute.folders import AttemptFolder, read_json, write_json
from core.compute.job_store import ClaimedJob, JobStore, Report, Superseded
from core.compute.kinds import JobKind
from core.compute.logs import log_size, read_log
from core.compute.process import PROGRESS, with_id
from core.compute.values import JobState
from core.foundation.errors import NoSpace, PortalError, Unavailable, is_disk_full, new_error_id, outline
from core.foundation.failpoints import reach
from core.foundation.observability.logs import log_context

EVENTS_SECONDS, PROGRESS_SECONDS = 0.15, 0.4
BATCH_BYTES = 1 << 20
# Of what a job says to operators at one go, the last.
TAIL_BYTES = 65_536
logger = logging.getLogger(__name__)


class JobMonitor:
    """One claimed job. `tick` is called often and returns at once; slow parts run in the pool."""

    def __init__(
        self,
        claimed: ClaimedJob,
        *,
        folder: AttemptFolder,
        kind: JobKind,
        job_store: JobStore,
        executor: Executor,
        pool: Pool,
        on_done: Callable[[], None],
    ) -> None:
        self.claimed = claimed
        self.kind = kind
        self.job_store = job_store
        self.executor = executor
        self.folder = folder
        self.over = False
        self._pool = pool
        self._on_done = on_done
        self._work: Future[None] | None = None
        self._offset = claimed.events_offset
        self._reported_at = 0.0
        self._passed_on = 0
        self._ending: Cause | None = None

    @property
    def launch_of(self) -> Launch:
        wanted = self.claimed.job.resources
        return Launch(
            token=self.claimed.token,
            module=self.kind.module,
            folder=self.folder,
            cpus=wanted.cpus,
            memory_mb=wanted.memory_mb,
            seconds=wanted.seconds,
            devices=self.claimed.devices,
        )

    def begin(self) -> None:
        """For a job that this worker has just claimed."""
        self._later(self._launch)

    def is_busy(self) -> bool:
        """Whether a slow part is under way."""
        return self._work is not None and not self._work.done()

    def tick(self, *, cancel_requested: bool) -> None:
        """One look. Raises Superseded or Unavailable when the last slow part did; it is then tried again."""
        self._surface()
        status = self.executor.look(self.launch_of)
        if status is LaunchStatus.ABSENT:
            self._later(self._launch_again)
        elif status in (LaunchStatus.ENDED, LaunchStatus.LOST):
            self._later(lambda: self._finish(lost=status is LaunchStatus.LOST, cancel_requested=cancel_requested))
        elif status is LaunchStatus.ALIVE:
            self._follow(cancel_requested=cancel_requested)

    def _surface(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.result()

    def _later(self, part: Callable[[], None]) -> None:
        self._work = self._pool.submit(self._guarded, part)
        self._work.add_done_callback(lambda _work: self._on_done())

    def _guarded(self, part: Callable[[], None]) -> None:
        """A refusal or a mistake of a domain fails its job in words; it never stops the worker."""
        with log_context(job=self.claimed.job.id):
            self._guard(part)

    def _guard(self, part: Callable[[], None]) -> None:
        try:
            part()
        except (Superseded, Unavailable):
            raise
        except Exception as error:
            self.executor.destroy(self.launch_of)
            self._end(JobState.FAILED, _words(error))

    def _launch(self) -> None:
        try:
            self.folder.prepare()
            write_json(self.folder.job_spec, self._job_input())
            self.executor.start(self.launch_of)
        except Unavailable as error:
            # Something did not answer, an input is damaged, or nothing can be started: not tried for ever.
            self._fail(Cause(_words(error), passing=True))
        reach("compute.after_spawn")

    def _launch_again(self) -> None:
        """An earlier worker died before its start command. After `prevent` that command comes too late."""
        if self.executor.prevent(self.launch_of):
            self.claimed = replace(self.claimed, token=self.job_store.new_token(self.claimed))
            self._launch()

    def _job_input(self) -> dict[str, Any]:
        store = self.job_store.foundation.store
        job, named = self.claimed.job, self.claimed.inputs
        named = named | self.kind.inputs_at_launch(job, self.claimed.payload, inputs=named)
        inputs = {name: str(store.verified_path(digest)) for name, digest in named.items()}
        payload = {**self.claimed.payload, **self.kind.at_launch(job, self.claimed.payload)}
        fields = {"id": job.id, "attempt": job.attempt, "cpus": job.resources.cpus}
        return {**fields, "payload": payload, "inputs": inputs}

    def _follow(self, *, cancel_requested: bool) -> None:
        if cancel_requested:
            self.executor.stop(self.launch_of)
        report = read_events(self.folder, start=self._offset)
        # Progress alone may wait a little longer than facts.
        rest = EVENTS_SECONDS if report.events else PROGRESS_SECONDS
        if report.end > report.start and time.monotonic() - self._reported_at >= rest:
            self._later(lambda: self._hand_on(report))

    def _hand_on(self, report: Report) -> None:
        self.job_store.report(self.claimed, report, kind=self.kind)
        self._offset, self._reported_at = report.end, time.monotonic()
        self._pass_on("it runs")
        reach("compute.after_events")

    def _pass_on(self, state: str, *, error_id: str = "") -> None:
        """What the job has said to operators since the last time, into the log of this process. A worker that takes the
        job over says it once more."""
        fields = {"error": error_id} if error_id else {}
        if text := self._new_errors():
            fields["exception"] = indent(text, "  ")
        if fields:
            job = self.claimed.job
            logger.warning("attempt %d of %s: %s", job.attempt, job.id, state, extra=fields)

    def _new_errors(self) -> str:
        start = max(self._passed_on, log_size(self.folder.errors) - TAIL_BYTES)
        begin, data = read_log(self.folder.errors, offset=start, limit=TAIL_BYTES)
        self._passed_on = begin + len(data)
        return data.decode(errors="replace").rstrip()

    def _finish(self, *, lost: bool, cancel_requested: bool) -> None:
        if lost and not self.executor.destroy(self.launch_of):
            return
        while (report := read_events(self.folder, start=self._offset)).end > self._offset:
            self._hand_on(report)
        self._record_end(cancel_requested=cancel_requested)

    def _record_end(self, *, cancel_requested: bool) -> None:
        result = read_json(self.folder.result)
        if result is not None and result["rc"] == 0:
            self._pass_on("it has ended")
            self._take_in()
        elif cancel_requested:
            self._pass_on("it was cancelled")
            self._end(JobState.CANCELLED, "")
        else:
            # Where the database is away it is said again, under the same id.
            self._ending = self._ending or self._cause(result)
            self._fail(self._ending)

    def _take_in(self) -> None:
        try:
            read = self.kind.read_outputs(self.claimed.job, self.folder.outputs)
        except NoSpace as error:
            # Tried again without end, it would tell nobody why it waits.
            self._fail(Cause(_words(error), passing=False))
            return
        reach("compute.before_ingest")
        self.job_store.succeed(self.claimed, self.kind, read=read, ran_seconds=self._ran_seconds())
        reach("compute.after_ingest")
        self._close()
        shutil.rmtree(self.folder.outputs, ignore_errors=True)
        shutil.rmtree(self.folder.checkpoints, ignore_errors=True)

    def _fail(self, cause: Cause) -> None:
        if cause.passing and (cause.preempted or self.claimed.attempts_left > 0):
            self.job_store.queue_again(
                self.claimed, cause=cause.words, counts=not cause.preempted, ran_seconds=self._ran_seconds()
            )
            self._close()
        else:
            self._end(JobState.FAILED, cause.words)

    def _cause(self, result: dict[str, Any] | None) -> Cause:
        _start, tail = read_log(self.folder.errors, offset=-1, limit=TAIL_BYTES)
        memory_mb = self.claimed.job.resources.memory_mb
        outcome = read_json(self.folder.outcome)
        cause = cause_of(result, outcome, last_words=tail.decode(errors="replace"), memory_mb=memory_mb)
        error_id = new_error_id() if cause.unforeseen else ""
        self._pass_on(f"it has failed: {cause.words}", error_id=error_id)
        return replace(cause, words=with_id(cause.words, error_id)) if error_id else cause

    def _end(self, state: JobState, cause: str) -> None:
        try:
            self.job_store.end(self.claimed, self.kind, state=state, cause=cause, ran_seconds=self._ran_seconds())
        except (Superseded, Unavailable):
            raise
        except Exception:
            logger.exception("the domain of %s could not handle its end", self.claimed.job.id)
            self.job_store.end(self.claimed, None, state=state, cause=cause, ran_seconds=self._ran_seconds())
        self._close()

    def _ran_seconds(self) -> float | None:
        """As the process beside the job measured it; None where nothing was left to measure."""
        seconds = (read_json(self.folder.result) or {}).get("ran_seconds")
        return seconds if isinstance(seconds, int | float) else None

    def _close(self) -> None:
        # The order may carry a ticket; nobody needs it any more.
        self.folder.job_spec.unlink(missing_ok=True)
        self.over = True


def read_events(folder: AttemptFolder, *, start: int) -> Report:
    """What was appended since byte `start`, up to the last whole line. A line that is no JSON object is passed over."""
    try:
        with folder.events.open("rb") as file:
            file.seek(start)
            data = file.read(BATCH_BYTES)
    except FileNotFoundError:
        data = b""
    whole = data[: data.rfind(b"\n") + 1]
    if len(data) == BATCH_BYTES and not whole:
        whole = data  # A line longer than any event may be: passed over.
    all_events = [event for line in whole.splitlines() if (event := _event(line)) is not None]
    progress = [event for event in all_events if event.get("kind") == PROGRESS]
    events = [event for event in all_events if event.get("kind") != PROGRESS]
    return Report(start=start, end=start + len(whole), events=events, progress=progress[-1] if progress else None)


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _words(error: Exception) -> str:
    if isinstance(error, PortalError):
        return f"{error.message}\n{error.hint}".strip()
    if is_disk_full(error):
        return no_space()
    error_id = new_error_id()
    logger.error("error %s", error_id, exc_info=error, extra={"error": error_id})
    return with_id(outline(error), error_id)
