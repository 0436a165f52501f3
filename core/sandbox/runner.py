"""Starts a sandboxed process for code that people write, reads its messages, and ends it when it passes a limit or
is stopped. The process gets no secret, no network, its inputs to read and one folder to write."""

import dataclasses
import json
import logging
import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _
from core.sandbox import asking, bubblewrap, inside, landlock, seccomp
from core.sandbox.limits import HARD_SECONDS, Limits, Progress, Stop, Stopped, TimedOut, no_progress
from core.sandbox.messages import MOST_TEXT, Answer, Call, answer_of, malformed, message_of, refusal_of
from core.sandbox.present_time import ahead_by, clear_away
from core.sandbox.sandbox import MB, Sandbox, system_paths
from core.sandbox.starting import PYTHON, Forked, Streams, environment_of, fork
from core.sandbox.usage import Usage, usage_of

MOST_ANSWER_BYTES = 16 * MB
LOOK_SECONDS, CHUNK, LEAST_SECONDS = 0.1, 1 << 16, 0.1
# Python and Arrow beside the engine, which itself goes a third over its limit before it notices.
OWN_MEMORY_MB, OVERSHOOT = 768, 1.3
# Threads and files cost the machine what no process is charged for.
MOST_THREADS, MOST_FILES = max(256, 4 * (os.cpu_count() or 1)), 4096
logger = logging.getLogger(__name__)


@cache
def best_sandbox() -> Sandbox:
    """The strongest sandbox that this machine has."""
    if not seccomp.is_known_machine() or not Path("/proc/self/status").exists():
        return Sandbox.NONE
    if landlock.version():
        return Sandbox.LANDLOCK
    return Sandbox.BUBBLEWRAP if bubblewrap.is_there() else Sandbox.NONE


def run_sandboxed(
    entry: str,
    job_spec: Mapping[str, Any],
    *,
    answers: "TypeAdapter[Answer]",
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
    stop: Stop = None,
    sandbox: Sandbox | None = None,
    keep_warm: bool = False,
    untrusted: bool = False,
    ahead_seconds: int = 0,
) -> Answer:
    """Runs `entry` ("module:function" of ours) with a JSON job spec in a sandboxed process of its own and returns its
    JSON answer in the form of `answers`; files it leaves in `outputs` are for the caller to check. Refusals inside
    arrive as what they are; those of an `untrusted` entry, which runs people's Python, are Invalid. Such an entry
    removes no files. With `keep_warm` the next starts of this process take milliseconds; with `ahead_seconds` its clock
    is that far ahead. Inside a sandboxed process whoever started that one starts this one, with the limits it has left.
    Raises Invalid when the code was stopped, took too long or too much memory, or ended the process; Unavailable where
    this machine has no sandbox."""
    outputs.mkdir(parents=True, exist_ok=True)
    paths = {name: str(path.resolve()) for name, path in inputs.items()}
    request = {"entry": entry, "job_spec": dict(job_spec), "inputs": paths, "outputs": str(outputs.resolve())}
    if asking.is_inside():
        return answer_of(answers, asking.ask(request | {"ahead_seconds": ahead_seconds}))
    chosen = sandbox or (best_sandbox() if limits.sandboxed else Sandbox.NONE)
    if chosen is Sandbox.NONE and limits.sandboxed:
        raise Unavailable(
            _("User code cannot be sandboxed on this machine"),
            hint=_("Use a kernel with Landlock or install bubblewrap; an administrator may set CAUSEWAY_USER_CODE."),
        )
    surroundings = _Surroundings(chosen, keep_warm=keep_warm, untrusted=untrusted, ahead_seconds=ahead_seconds)
    with _Process(request, surroundings, limits) as process:
        return answer_of(answers, process.listen(progress=progress, stop=stop))


@dataclasses.dataclass(frozen=True)
class _Surroundings:
    """`held_mb` is what the process that waits for this one holds."""

    sandbox: Sandbox
    keep_warm: bool
    untrusted: bool
    ahead_seconds: int
    held_mb: int = 0


class _Process:
    """One sandboxed process, from its start to its sure end."""

    def __init__(self, request: dict[str, Any], surroundings: _Surroundings, limits: Limits) -> None:
        self._surroundings, self._limits = surroundings, limits
        self._outputs = Path(request["outputs"])
        pipes = [os.pipe() for _stream in Streams._fields]
        (theirs, ours), (self._answers, answers), (self._errors, errors) = pipes
        streams = Streams(theirs, answers, errors)
        request = request | {
            "limits": dataclasses.asdict(limits),
            "sandbox": surroundings.sandbox,
            "untrusted": surroundings.untrusted,
        }
        try:
            self._process = _start(surroundings, request, streams=streams)
        finally:
            for handle in streams:
                os.close(handle)
        self._requests, self._request = os.fdopen(ours, "wb"), request
        self._buffer, self._bytes_read, self._stderr_tail = b"", 0, b""
        self._began = time.monotonic()

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_failure: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._surroundings.ahead_seconds:
            clear_away(self._process.pid)
        for handle in (self._answers, self._errors):
            os.close(handle)
        with suppress(BrokenPipeError):
            self._requests.close()

    def listen(self, *, progress: Progress, stop: Stop) -> Any:
        """The answer, as it was given."""
        self._send(self._request)
        untrusted = self._surroundings.untrusted
        for line in self._lines(stop):
            message = message_of(line)
            if message.progress is not None:
                progress(*message.progress)
            elif message.refused is not None:
                raise refusal_of(message, untrusted=untrusted)
            elif message.call is None:
                return message.result
            elif untrusted:
                raise malformed()
            else:
                self._send(self._answer_to(message.call, stop))
        raise self._ended()

    def _ended(self) -> Exception:
        """Why there was no answer. What the process said to its standard error is for operators, and what people's
        code said there is for nobody."""
        self._process.kill()
        if self._was_taken_along(within=None):
            return Unavailable(_("What runs code was ended"), hint=_("Nothing is wrong with the code. Try again."))
        words = (self._stderr_tail + self._rest_of_errors()).decode(errors="replace")[-MOST_TEXT:].strip()
        if words and not self._surroundings.untrusted:
            logger.error("a sandboxed process ended: %s", words)
        return Invalid(_("The code ended its process"), hint=_("It crashed, or called something that ends it."))

    def _was_taken_along(self, *, within: int | None = 0) -> bool:
        return isinstance(self._process, Forked) and self._process.was_taken_along(within=within)

    def _send(self, message: Mapping[str, Any]) -> None:
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(message).encode() + b"\n")
            self._requests.flush()

    def _answer_to(self, call: Call, stop: Stop) -> dict[str, Any]:
        """Has the part done by another process of people's code, which has what time and memory this one has left."""
        self._check_paths(call)
        seconds = self._limits.seconds - (time.monotonic() - self._began)
        limits = dataclasses.replace(self._limits, seconds=max(LEAST_SECONDS, seconds))
        request = call.model_dump(exclude={"ahead_seconds"})
        surroundings = dataclasses.replace(
            self._surroundings,
            untrusted=True,
            ahead_seconds=call.ahead_seconds,
            held_mb=self._usage().memory // MB,
        )

        def is_unwanted() -> bool:
            return self._was_taken_along() or (stop is not None and stop())

        try:
            with _Process(request, surroundings, limits) as process:
                return {"result": process.listen(progress=no_progress, stop=is_unwanted)}
        except (TimedOut, Stopped) as end:
            # The process that asked ends too, before it could clear this away.
            shutil.rmtree(call.outputs, ignore_errors=True)
            if self._was_taken_along():
                raise self._ended() from end
            raise
        except Invalid as refusal:
            return {"refused": asking.refused(refusal)}

    def _check_paths(self, call: Call) -> None:
        """Only what lies in the folder of this process, by its own name."""
        for path in (Path(call.outputs), *(Path(path) for path in call.inputs.values())):
            if path.resolve() != path or not path.is_relative_to(self._outputs) or path == self._outputs:
                raise malformed()

    def _rest_of_errors(self) -> bytes:
        return b"".join(iter(partial(os.read, self._errors, CHUNK), b""))

    def _lines(self, stop: Stop) -> Iterator[bytes]:
        """What the process says, line by line, until its pipe closes. Raises Invalid when its time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._errors, selectors.EVENT_READ)
            while selector.get_map():
                for key, _events in selector.select(LOOK_SECONDS):
                    self._read(selector, key)
                *lines, self._buffer = self._buffer.split(b"\n")
                yield from lines
                self._judge(stop)

    def _read(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        """Reads what is there. After the end of the answers nothing else is waited for."""
        data = os.read(key.fd, CHUNK)
        if key.fd == self._answers:
            self._buffer, self._bytes_read = self._buffer + data, self._bytes_read + len(data)
        else:
            self._stderr_tail = (self._stderr_tail + data)[-MOST_TEXT:]
        for registered in list(selector.get_map().values()) if not data else ():
            if registered is key or key.fd == self._answers:
                selector.unregister(registered.fileobj)

    def _judge(self, stop: Stop) -> None:
        limits, usage = self._limits, self._usage()
        if stop is not None and stop():
            raise Stopped(_("It was stopped"))
        if time.monotonic() - self._began > limits.seconds + HARD_SECONDS:
            raise TimedOut(
                _("The code took longer than {seconds} s and was ended").format(seconds=f"{limits.seconds:.3g}")
            )
        own_mb = OWN_MEMORY_MB * (2 if self._surroundings.held_mb else 1)
        if usage.memory + self._surroundings.held_mb * MB > (limits.memory_mb * OVERSHOOT + own_mb) * MB:
            raise Invalid(
                _("The code needs more memory than it may have ({mb} MB)").format(mb=limits.memory_mb),
                hint=_("Narrow it in steps."),
            )
        if usage.threads > MOST_THREADS:
            raise Invalid(_("The code starts more than {most} threads").format(most=MOST_THREADS))
        if usage.file_bytes > limits.folder_mb * MB or usage.files > MOST_FILES:
            raise Invalid(
                _("The code writes more files than it may ({mb} MB)").format(mb=limits.folder_mb),
                hint=_("Give what it computes as a frame."),
            )
        if self._bytes_read > MOST_ANSWER_BYTES:
            raise Invalid(_("The code writes more output than it may"))

    def _usage(self) -> Usage:
        """Of files only those that people's code has made."""
        folder = self._outputs if self._surroundings.untrusted else None
        return usage_of(self._process.pid, folder=folder, most_files=MOST_FILES)


def _start(
    surroundings: _Surroundings, request: dict[str, Any], *, streams: Streams
) -> "Forked | subprocess.Popen[bytes]":
    """Only what the kernel itself has closed in is forked: nothing else is kept from the starter. That has no other
    clock."""
    folder, threads, sandbox = Path(request["outputs"]), request["limits"]["threads"], surroundings.sandbox
    if sandbox is Sandbox.LANDLOCK and not surroundings.ahead_seconds:
        warm = surroundings.keep_warm
        forked = fork(request["entry"], folder=folder, threads=threads, streams=streams, keep_warm=warm)
        if forked is not None:
            return forked
    environment = environment_of(threads) | ahead_by(surroundings.ahead_seconds)
    command = [*PYTHON, inside.__name__, str(streams.answers)]
    if sandbox is Sandbox.BUBBLEWRAP:
        paths = [*system_paths(), *(Path(path) for path in request["inputs"].values())]
        command = bubblewrap.around(command, readable=paths, writable=folder, environment=environment)
    return subprocess.Popen(
        command,
        stdin=streams.request,
        stdout=subprocess.DEVNULL,
        stderr=streams.errors,
        env=environment,
        pass_fds=(streams.answers,),
        cwd=folder,
    )
