"""How a sandboxed process comes to be: as a new interpreter, or by a fork of a starter that has loaded the libraries
already, in milliseconds instead of half a second. A starter runs nothing that people write, knows nothing but a bare
environment, and ends with the process that it works for."""

import atexit
import fcntl
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import POLLHUP, POLLIN, poll
from typing import NamedTuple, NoReturn

from core.sandbox import inside
from core.sandbox.sandbox import CORE

LIBRARIES = ("numpy", "pandas", "pyarrow.compute", "pyarrow.parquet", "duckdb", "pydantic")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
MOST_MESSAGE, MOST_HANDLES, ANSWERS, FREE = 1 << 16, 1 << 20, 3, 10
# For an answer of a starter; the first one waits until it has loaded the libraries.
PATIENCE_SECONDS = 30.0
END_SECONDS = 0.2
NOTHING = b"none"
PYTHON = (sys.executable, "-s", "-P", "-m")


class Streams(NamedTuple):
    """The ends of three pipes that a sandboxed process gets: its request, its answers, its complaints."""

    request: int
    answers: int
    errors: int


class Forked:
    """A process of a starter. Its descriptor stays its own when its number is given to another process."""

    def __init__(self, pid: int, descriptor: int, *, starter: "Starter") -> None:
        self.pid, self._descriptor, self._starter = pid, descriptor, starter

    def was_taken_along(self, *, within: int | None = 0) -> bool:
        """Whether it has ended with its starter, which is no more: `within` milliseconds, or whenever it ends. As long
        as it lives it may hold its starter's channel open."""
        return self._has_ended(within) and self._starter.is_gone()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self) -> None:
        """Until it has ended; once only."""
        self._has_ended(None)
        os.close(self._descriptor)

    def _has_ended(self, milliseconds: int | None) -> bool:
        ended = poll()
        ended.register(self._descriptor, POLLIN)
        return bool(ended.poll(milliseconds))


class Starter:
    """The owner's side of a starter, which serves at the other end of `channel`."""

    def __init__(self, channel: socket.socket, *, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self._channel, self._process, self._guard = channel, process, threading.Lock()
        channel.settimeout(PATIENCE_SECONDS)

    def start(self, entry: str, *, folder: Path, threads: int, streams: Streams) -> Forked | None:
        """None when it cannot fork now. Raises OSError when the starter is no more, or does not answer."""
        message = json.dumps([entry, str(folder), threads]).encode()
        with self._guard:
            socket.send_fds(self._channel, [message], streams)
            pid, descriptors, _flags, _address = socket.recv_fds(self._channel, MOST_MESSAGE, 1)
        if not pid:
            raise BrokenPipeError
        return None if pid == NOTHING else Forked(int(pid), descriptors[0], starter=self)

    def is_gone(self) -> bool:
        """What it has started ends a moment before its own end shows; and whatever else it has started holds its
        channel open while it ends."""
        if self._channel.fileno() < 0:
            return True
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
                return True
        looked = poll()
        looked.register(self._channel, POLLIN)
        return any(happened & POLLHUP for _handle, happened in looked.poll(0))

    def end(self) -> None:
        """Whatever it has started ends with it."""
        self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


# By the process that they work for: a fork of it has none until it asks for one.
_starters: dict[int, Starter] = {}
_guard = threading.Lock()


def adopt(starter: Starter) -> None:
    """From here on this process starts by it."""
    _starters[os.getpid()] = starter


def dismiss() -> None:
    """Ends the starter of this process, if it has one."""
    if (starter := _starters.pop(os.getpid(), None)) is not None:
        starter.end()


def environment_of(threads: int) -> dict[str, str]:
    """All that a sandboxed process knows of its surroundings."""
    fixed = {"PYTHONPATH": str(CORE.parent), "PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "TZ": "UTC", "PATH": ""}
    return fixed | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nowhere"} | dict.fromkeys(THREADS, str(max(1, threads)))


def fork(entry: str, *, folder: Path, threads: int, streams: Streams, keep_warm: bool) -> Forked | None:
    """By the starter of this process; with `keep_warm` one is begun where there is none. None without one."""
    with _guard:
        starter = _starters.get(os.getpid()) or (_begin() if keep_warm else None)
    if starter is None:
        return None
    try:
        return starter.start(entry, folder=folder, threads=threads, streams=streams)
    except OSError:
        # It was ended from outside, as when memory ran out; the next start begins another.
        with _guard:
            if _starters.get(os.getpid()) is starter:
                dismiss()
        return None


def _begin() -> Starter:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    handle, nothing = theirs.fileno(), subprocess.DEVNULL
    command = [*PYTHON, __spec__.name, str(handle)]
    with theirs:
        process = subprocess.Popen(command, stdin=nothing, env=environment_of(1), pass_fds=(handle,), cwd="/")
    starter = Starter(ours, process=process)
    adopt(starter)
    return starter


atexit.register(dismiss)


def serve(channel: socket.socket) -> NoReturn:
    """The starter itself: forks for each message until its owner is gone. It has no threads, which no fork copies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    starter = os.getpid()
    for name in LIBRARIES:
        import_module(name)
    # What is here stays: its forks need not copy it in order to look for what is gone.
    gc.freeze()
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(channel, MOST_MESSAGE, len(Streams._fields))
        if not message:
            os._exit(0)
        _bury()
        entry, folder, threads = json.loads(message)
        # Entries are ours; whatever is wrong with one shows in the process that runs it.
        with suppress(Exception):
            import_module(entry.partition(":")[0])
        child = _fork()
        if child == 0:
            _become(Path(folder), threads=threads, streams=Streams(*descriptors), starter=starter)
        owned = _descriptor_of(child)
        socket.send_fds(channel, [str(child).encode() if owned else NOTHING], owned)
        for handle in (*descriptors, *owned):
            os.close(handle)


def _fork() -> int | None:
    """The new process as its parent sees it, 0 in it; None when there can be no other now."""
    try:
        return os.fork()
    except OSError:
        return None


def _descriptor_of(child: int | None) -> tuple[int, ...]:
    """What the owner gets, if there is anything. A process that nobody holds is ended."""
    if child is None:
        return ()
    try:
        return (os.pidfd_open(child),)
    except OSError:
        os.kill(child, signal.SIGKILL)
        return ()


def _bury() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _become(folder: Path, *, threads: int, streams: Streams, starter: int) -> NoReturn:
    """The whole life of the new process, which closes the sandbox itself."""
    try:
        inside.end_with_the_caller()
        if os.getppid() == starter:
            _take_over(folder, threads=threads, streams=streams)
            inside.main()
    finally:
        traceback.print_exc()
        os._exit(1)


def _take_over(folder: Path, *, threads: int, streams: Streams) -> None:
    """What a new interpreter would be given by whoever starts it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Chance is another one in each process.
    random.seed()
    import_module("numpy").random.seed()
    silence = os.open(os.devnull, os.O_WRONLY)
    places = {0: streams.request, 1: silence, 2: streams.errors, ANSWERS: streams.answers}
    # None of them may lie where another one belongs.
    moved = {place: fcntl.fcntl(handle, fcntl.F_DUPFD, FREE) for place, handle in places.items()}
    for place, handle in moved.items():
        os.dup2(handle, place)
    os.closerange(ANSWERS + 1, MOST_HANDLES)
    os.environ.clear()
    os.environ.update(environment_of(threads))
    os.chdir(folder)
    sys.argv = [inside.__name__, str(ANSWERS)]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
