"""The job's side: what a job process may read and how it speaks. It has neither the portal's database nor its secrets;
it reads `job.json`, appends to its event stream and fills its outputs folder. What it prints is the log that people
read; what goes to its standard error, as warnings and tracebacks do, is for operators. Nothing heavy is imported."""

import errno
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from core.compute.folders import AttemptFolder, read_json, write_json
from core.foundation.errors import is_disk_full, new_error_id, outline
from core.foundation.observability.logs import configure_logs
from core.foundation.text import _

EXIT_CODE, EXIT_FAILED, EXIT_STOPPED = 1, 3, 143
PROGRESS_SECONDS = 0.2
PROGRESS = "progress"
logger = logging.getLogger(__name__)


class JobFailed(Exception):
    """A cause in words for people: the job fails with this message and no traceback."""


class JobContext:
    """What `main` of a job module gets. `checkpoints` survives attempts; `outputs` is ingested when the job
    succeeds."""

    def __init__(self, folder: Path) -> None:
        self._files = AttemptFolder(folder)
        job_spec = read_json(self._files.job_spec)
        if job_spec is None:
            raise JobFailed(f"{folder} holds no job")
        self.folder = folder
        self.payload: dict[str, Any] = job_spec["payload"]
        self.inputs = {name: Path(path) for name, path in job_spec["inputs"].items()}
        self.id: str = job_spec.get("id", "")
        self.attempt: int = job_spec["attempt"]
        self.cpus: int = job_spec["cpus"]
        self.outputs, self.checkpoints = self._files.outputs, self._files.checkpoints
        self.inbox = self._files.job.inbox
        self.stop_requested = False
        self._events = os.open(self._files.events, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._last_progress: tuple[float, str] = (0.0, "")
        self._messages = 0

    def progress(self, fraction: float | None, *, stage: str = "", eta_seconds: float | None = None) -> None:
        """How far the job is, between 0 and 1. Call it at any rate: a few events a second are written."""
        now = time.monotonic()
        if stage != self._last_progress[1] or now - self._last_progress[0] >= PROGRESS_SECONDS or fraction == 1:
            self._last_progress = (now, stage)
            # A job goes on that cannot say how far it is.
            with suppress(OSError):
                self.event(PROGRESS, fraction=fraction, stage=stage, eta_seconds=eta_seconds)

    def event(self, kind: str, /, **fields: Any) -> None:
        """Sends the portal a fact; the job's kind gets it exactly once, in order, as `{"kind": kind, **fields}`."""
        line = json.dumps({"kind": kind, **fields}, default=_plain)
        append_whole(self._events, line.encode() + b"\n")

    def messages(self) -> Iterator[dict[str, Any]]:
        """The messages that have come since the last call, in order. A later attempt gets them all again."""
        while (message := read_json(self.inbox / f"{self._messages + 1:06d}.json")) is not None:
            self._messages += 1
            yield message

    def on_signal(self, _number: int, _frame: Any) -> None:
        self.stop_requested = True


def append_whole(file: int, data: bytes) -> None:
    """Appends to a file all of it or nothing: half a line would take the next one with it. OSError on a full disk."""
    size = os.fstat(file).st_size
    if os.write(file, data) != len(data):
        os.ftruncate(file, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def run_job(main: Callable[[JobContext], None]) -> NoReturn:
    """Runs `main` as the job in the folder named on the command line, and ends the process with its exit status."""
    folder = Path(sys.argv[1])
    try:
        context = JobContext(folder)
        # As lines, whatever the settings say: the worker passes them on within lines of its own.
        configure_logs(process="job", job=context.id, attempt=context.attempt)
        signal.signal(signal.SIGTERM, context.on_signal)
        main(context)
    except BaseException as error:
        sys.exit(_report(folder, error))
    if context.stop_requested:
        write_json(AttemptFolder(folder).outcome, {"kind": "stopped", "message": ""})
        sys.exit(EXIT_STOPPED)
    sys.exit(0)


def _report(folder: Path, error: BaseException) -> int:
    kind = _kind_of(error)
    message = str(error) if kind == "failed" else unforeseen(error)
    try:
        if kind == "failed":
            print(message, flush=True)
        write_json(AttemptFolder(folder).outcome, {"kind": kind, "message": message[:2000]})
    except OSError:
        # A full disk: the exit status still says so.
        logger.warning("the outcome could not be written")
    return EXIT_FAILED if kind == "failed" else EXIT_CODE


def unforeseen(error: BaseException) -> str:
    """An error that is not in words, for people: in the log of the job, and in a line to say why it failed. Where in
    the code it happened operators read, under the same id."""
    error_id = new_error_id()
    logger.error("error %s", error_id, exc_info=error)
    words = _("It failed; what happened inside it stands in the operators' log as error {id}")
    print(words.format(id=error_id), flush=True)
    return with_id(outline(error), error_id)


def with_id(words: str, error_id: str) -> str:
    """Why something failed, and under which id operators find the rest."""
    return _("{words}; error {id}").format(words=words, id=error_id)


def _kind_of(error: BaseException) -> str:
    if isinstance(error, JobFailed):
        return "failed"
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "memory"
    if is_disk_full(error):
        return "space"
    return "nan" if isinstance(error, FloatingPointError) else "code"


def _plain(value: Any) -> Any:
    """Numbers of array libraries as plain ones, paths as text."""
    return value.item() if hasattr(value, "item") else str(value)
