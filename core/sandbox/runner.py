"""Starts a sandboxed process for code that people write, reads its messages, and ends it when it passes a limit or
is stopped. The process gets no secret, no network, its inputs to read and one folder to write."""

import dataclasses
import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from core.foundation import errors
from core.foundation.errors import Invalid, PortalError, Unavailable
from core.foundation.text import _
from core.sandbox import bubblewrap, inside, landlock, seccomp
from core.sandbox.limits import HARD_SECONDS, Limits, Progress, Stop, no_progress
from core.sandbox.sandbox import MB, Sandbox, system_paths
from core.sandbox.starting import PYTHON, Forked, Streams, environment_of, fork

MOST_ANSWER_BYTES, MOST_TEXT = 16 * MB, 4000
LOOK_SECONDS, CHUNK = 0.1, 1 << 16
# Python and Arrow beside the engine, which itself goes a third over its limit before it notices.
OWN_MEMORY_MB, OVERSHOOT = 768, 1.3
LISTED_ERRORS = ("NotFound", "NotAllowed", "Invalid", "Conflict", "Unavailable")


@cache
def best_sandbox() -> Sandbox:
    """The strongest sandbox that this machine has."""
    if not seccomp.is_known_machine():
        return Sandbox.NONE
    if landlock.version():
        return Sandbox.LANDLOCK
    return Sandbox.BUBBLEWRAP if bubblewrap.is_there() else Sandbox.NONE


def run_sandboxed(
    entry: str,
    job_spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
    stop: Stop = None,
    sandbox: Sandbox | None = None,
    keep_warm: bool = False,
) -> Any:
    """Runs `entry` ("module:function" of ours) with a JSON job spec in a sandboxed process of its own and returns its
    JSON answer; files it leaves in `outputs` are for the caller to check. Refusals inside arrive as what they are.
    With `keep_warm` the next starts of this process take milliseconds. Raises Invalid when the code was stopped, took
    too long or too much memory, or ended the process; Unavailable where this machine has no sandbox."""
    chosen = sandbox or (best_sandbox() if limits.sandboxed else Sandbox.NONE)
    if chosen is Sandbox.NONE and limits.sandboxed:
        raise Unavailable(
            _("User code cannot be sandboxed on this machine"),
            hint=_("Use a kernel with Landlock or install bubblewrap; an administrator may set CAUSEWAY_USER_CODE."),
        )
    outputs.mkdir(parents=True, exist_ok=True)
    request = {
        "entry": entry,
        "job_spec": dict(job_spec),
        "inputs": {name: str(path.resolve()) for name, path in inputs.items()},
        "outputs": str(outputs.resolve()),
        "limits": dataclasses.asdict(limits),
        "sandbox": chosen,
    }
    with _Process(chosen, request, keep_warm=keep_warm) as process:
        return process.listen(limits, progress=progress, stop=stop)


class _Process:
    """One sandboxed process, from its start to its sure end."""

    def __init__(self, sandbox: Sandbox, request: dict[str, Any], *, keep_warm: bool) -> None:
        pipes = [os.pipe() for _stream in Streams._fields]
        (theirs, ours), (self._answers, answers), (self._errors, errors) = pipes
        streams = Streams(theirs, answers, errors)
        try:
            self._process = _start(sandbox, request, streams=streams, keep_warm=keep_warm)
        finally:
            for handle in streams:
                os.close(handle)
        self._requests, self._request = os.fdopen(ours, "wb"), json.dumps(request).encode()
        self._buffer, self._bytes_read, self._stderr_tail = b"", 0, b""
        self._began = time.monotonic()

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_failure: object) -> None:
        self._process.kill()
        self._process.wait()
        for handle in (self._answers, self._errors):
            os.close(handle)
        with suppress(BrokenPipeError):
            self._requests.close()

    def listen(self, limits: Limits, *, progress: Progress, stop: Stop) -> Any:
        self._send_request()
        for line in self._lines(limits, stop):
            message = _message(line)
            if "progress" not in message:
                return _answer(message)
            fraction, stage = message["progress"]
            progress(fraction, stage)
        self._process.kill()
        if isinstance(self._process, Forked) and self._process.was_taken_along:
            raise Unavailable(_("What runs code was ended"), hint=_("Nothing is wrong with the code. Try again."))
        words = (self._stderr_tail + self._rest_of_errors()).decode(errors="replace")
        raise Invalid(_("The code ended its process"), hint=words[-MOST_TEXT:].strip())

    def _send_request(self) -> None:
        with suppress(BrokenPipeError), self._requests as stream:
            stream.write(self._request)

    def _rest_of_errors(self) -> bytes:
        return b"".join(iter(partial(os.read, self._errors, CHUNK), b""))

    def _lines(self, limits: Limits, stop: Stop) -> Iterator[bytes]:
        """What the process says, line by line, until its pipe closes. Raises Invalid when its time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._errors, selectors.EVENT_READ)
            while selector.get_map():
                for key, _events in selector.select(LOOK_SECONDS):
                    self._read(selector, key)
                *lines, self._buffer = self._buffer.split(b"\n")
                yield from lines
                self._judge(limits, stop)

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

    def _judge(self, limits: Limits, stop: Stop) -> None:
        if stop is not None and stop():
            raise Invalid(_("It was stopped"))
        if time.monotonic() - self._began > limits.seconds + HARD_SECONDS:
            raise Invalid(
                _("The code took longer than {seconds} s and was ended").format(seconds=f"{limits.seconds:g}"),
                hint=_("Narrow it, or build on fewer rows."),
            )
        if self._memory() > (limits.memory_mb * OVERSHOOT + OWN_MEMORY_MB) * MB:
            raise Invalid(
                _("The code needs more memory than it may have ({mb} MB)").format(mb=limits.memory_mb),
                hint=_("Narrow it in steps."),
            )
        if self._bytes_read > MOST_ANSWER_BYTES:
            raise Invalid(_("The code writes more output than it may"))

    def _memory(self) -> int:
        """Bytes that the process holds."""
        with suppress(OSError, IndexError):
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
        return 0


def _start(
    sandbox: Sandbox, request: dict[str, Any], *, streams: Streams, keep_warm: bool
) -> "Forked | subprocess.Popen[bytes]":
    """Only what the kernel itself has closed in is forked: nothing else is kept from the starter."""
    folder, threads = Path(request["outputs"]), request["limits"]["threads"]
    if sandbox is Sandbox.LANDLOCK:
        forked = fork(request["entry"], folder=folder, threads=threads, streams=streams, keep_warm=keep_warm)
        if forked is not None:
            return forked
    environment = environment_of(threads)
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


def _message(line: bytes) -> dict[str, Any]:
    """What the process says. People's code may find the pipe and say anything: Invalid unless it has our form."""
    try:
        message = dict(json.loads(line))
        if "progress" in message:
            fraction, stage = message["progress"]
            message = {"progress": (float(fraction), str(stage)[:MOST_TEXT])}
        elif "refused" in message:
            name, text, hint, field = (str(part)[:MOST_TEXT] for part in message["refused"])
            message = {"refused": (name, text, hint, field)}
        return {"result": message["result"]} if "result" in message else message
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid(_("The code returned a malformed result")) from error


def _answer(message: dict[str, Any]) -> Any:
    if "refused" not in message:
        return message.get("result")
    name, text, hint, field = message["refused"]
    kind: type[PortalError] = getattr(errors, name if name in LISTED_ERRORS else "Invalid")
    raise Invalid(text, hint=hint, field=field) if kind is Invalid else kind(text, hint=hint)
