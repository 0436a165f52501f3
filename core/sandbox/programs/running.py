"""Starts a program, passes on what it prints, and ends it when it passes a limit or is stopped."""

import dataclasses
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _
from core.sandbox import bubblewrap
from core.sandbox.limits import HARD_SECONDS, Limits, Stopped, TimedOut
from core.sandbox.messages import plain
from core.sandbox.programs import inside
from core.sandbox.runner import best_sandbox
from core.sandbox.sandbox import MB, Sandbox, system_paths
from core.sandbox.starting import environment_of
from core.sandbox.usage import usage_of

LOOK_SECONDS, CHUNK, TAIL = 0.2, 1 << 16, 4_000
MOST_FILES, MOST_THREADS, BLOCK = 20_000, 512, 512
# A file that is in no folder any more and only mapped has a size that nobody else can ask for.
MOST_MAPPED, IN_NO_FOLDER = 4, "(deleted)"
# The interpreter below every environment: it reads no variable and no file of those who installed libraries.
BARE = (getattr(sys, "_base_executable", sys.executable), "-I", "-S", "-B", "-u", inside.__file__)


class Program(NamedTuple):
    """What runs: `entry` is the path of a file below `code`, or "module:function". It reads `readable` beside its code
    and its `libraries`, and writes below `writable`."""

    code: Path
    entry: str
    libraries: Sequence[Path]
    readable: Sequence[Path]
    writable: Path
    environment: Mapping[str, str]


def run_program(
    program: Program,
    *,
    limits: Limits,
    files_mb: int,
    show: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Runs it to its end; `show` gets what it prints, in pieces. Raises Invalid with the last that it printed where it
    fails, and where it was ended; Stopped where that was wanted; Unavailable where this machine has no sandbox."""
    sandbox = best_sandbox() if limits.sandboxed else Sandbox.NONE
    if sandbox is Sandbox.NONE and limits.sandboxed:
        raise Unavailable(
            _("User code cannot be sandboxed on this machine"),
            hint=_("Use a kernel with Landlock or install bubblewrap."),
        )
    with _start(program, sandbox, limits=limits, files_mb=files_mb) as process:
        try:
            tail = _watched(process, program, limits=limits, files_mb=files_mb, show=show, stop=stop)
        finally:
            process.kill()
    if process.returncode:
        raise _failure(process.returncode, tail)


def _start(program: Program, sandbox: Sandbox, *, limits: Limits, files_mb: int) -> "subprocess.Popen[bytes]":
    readable = [program.code, *program.libraries, *program.readable]
    environment = {**environment_of(limits.threads), **program.environment}
    command = list(BARE)
    if sandbox is Sandbox.BUBBLEWRAP:
        paths = [*system_paths(), *readable]
        command = bubblewrap.around(command, readable=paths, writable=program.writable, environment=environment)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=program.writable,
    )
    request = {
        "sandbox": sandbox,
        "limits": dataclasses.asdict(limits),
        "file_mb": files_mb,
        "readable": [str(path) for path in readable],
        "writable": str(program.writable),
        "libraries": [str(path) for path in program.libraries],
        "code": str(program.code),
        "entry": program.entry,
    }
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(json.dumps(request).encode() + b"\n")
    return process


def _watched(
    process: "subprocess.Popen[bytes]",
    program: Program,
    *,
    limits: Limits,
    files_mb: int,
    show: Callable[[str], None],
    stop: Callable[[], bool],
) -> str:
    """The last that it printed, once it has ended."""
    began, tail = time.monotonic(), ""
    for text in _printed(process):
        show(text)
        tail = (tail + text)[-TAIL:]
        if stop():
            raise Stopped(_("It was stopped"))
        if time.monotonic() - began > limits.seconds + HARD_SECONDS:
            raise TimedOut(_("It took longer than {seconds} s and was ended").format(seconds=f"{limits.seconds:.3g}"))
        _refuse_usage(process.pid, program.writable, limits=limits, files_mb=files_mb)
    return tail


def _printed(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """What it prints, piece by piece, and nothing now and then, until it has ended."""
    assert process.stdout is not None
    handle, is_open, looked = process.stdout.fileno(), True, 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while is_open or process.poll() is None:
            ready = is_open and selector.select(LOOK_SECONDS)
            data = os.read(handle, CHUNK) if ready else b""
            is_open = is_open and not (ready and not data)
            if not is_open:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_SECONDS)
            # To look at its files for each line would take longer than the line.
            if data or time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                yield data.decode(errors="replace")


def _refuse_usage(pid: int, folder: Path, *, limits: Limits, files_mb: int) -> None:
    usage = usage_of(pid, folder=None, most_files=0)
    if usage.memory > limits.memory_mb * MB:
        raise Invalid(
            _("It needs more memory than it may have ({mb} MB)").format(mb=limits.memory_mb),
            hint=_("Read fewer columns at a time, or use smaller types."),
        )
    if usage.threads > MOST_THREADS:
        raise Invalid(_("It starts more than {most} threads").format(most=MOST_THREADS))
    size, files = _files_of(pid, folder)
    if size > files_mb * MB or files > MOST_FILES or _mapped_only(pid, folder) > MOST_MAPPED:
        raise Invalid(_("It writes more files than it may ({mb} MB)").format(mb=files_mb))


def _files_of(pid: int, folder: Path) -> tuple[int, int]:
    """The bytes and the number of the files in the folder, and of those it has open that are in no folder any more."""
    size = files = 0
    for place, _folders, names in os.walk(folder):
        for name in names[: MOST_FILES + 1 - files]:
            with suppress(OSError):
                size, files = size + os.lstat(os.path.join(place, name)).st_blocks * BLOCK, files + 1
    with suppress(OSError):
        for handle in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                size += _hidden_bytes(handle.path)
    return size, files


def _mapped_only(pid: int, folder: Path) -> int:
    """How many files of the folder the process has mapped that are not in it any more."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return len({line.split()[4] for line in lines if line.endswith(IN_NO_FOLDER) and str(folder) in line})


def _hidden_bytes(path: str) -> int:
    status: Any = os.stat(path)
    return 0 if status.st_nlink else status.st_blocks * BLOCK


def _failure(status: int, tail: str) -> Invalid:
    last = next((plain(line) for line in reversed(tail.splitlines()) if line.strip()), "")
    if status < 0:
        return Invalid(_("The program was ended by signal {number}").format(number=-status), hint=last)
    message = _("The program ended with status {status}: {line}").format(status=status, line=last)
    return Invalid(message if last else message.rstrip(": "), hint=_("What it printed stands in the log."))
