"""How a sandboxed process comes to be: as a new interpreter, or by a fork of a starter that has loaded the libraries
already, in milliseconds instead of half a second. A starter runs nothing that people write, knows nothing but a bare
environment, and ends with the process that it works for."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import POLLIN, poll
from typing import NamedTuple, NoReturn

from core.sandbox import inside
from core.sandbox.sandbox import CORE

LIBRARIES = ("numpy", "pandas", "pyarrow.compute", "pyarrow.parquet", "duckdb", "pydantic")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
MOST_MESSAGE, MOST_HANDLES, ANSWERS = 1 << 16, 1 << 20, 3
PYTHON = (sys.executable, "-s", "-P", "-m")


class Streams(NamedTuple):
    """The ends of three pipes that a sandboxed process gets: its request, its answers, its complaints."""

    request: int
    answers: int
    errors: int


class Forked:
    """A process of a starter. Its descriptor stays its own when its number is given to another process."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid, self._descriptor = pid, descriptor

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self) -> None:
        """Until it has ended; once only."""
        ended = poll()
        ended.register(self._descriptor, POLLIN)
        ended.poll()
        os.close(self._descriptor)


class Starter:
    """The owner's side of a starter, which serves at the other end of `channel`."""

    def __init__(self, channel: socket.socket, *, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self._channel, self._process, self._guard = channel, process, threading.Lock()

    def start(self, entry: str, *, folder: Path, threads: int, streams: Streams) -> Forked:
        """Raises OSError when the starter is no more."""
        message = json.dumps([entry, str(folder), threads]).encode()
        with self._guard:
            socket.send_fds(self._channel, [message], streams)
            pid, descriptors, _flags, _address = socket.recv_fds(self._channel, MOST_MESSAGE, 1)
        if not descriptors:
            raise BrokenPipeError
        return Forked(int(pid), descriptors[0])

    def end(self) -> None:
        """Whatever it has started ends with it."""
        self._channel.close()
        if self._process is not None:
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
    for name in LIBRARIES:
        import_module(name)
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(channel, MOST_MESSAGE, len(Streams._fields))
        if not message:
            os._exit(0)
        _bury()
        entry, folder, threads = json.loads(message)
        # Entries are ours; whatever is wrong with one shows in the process that runs it.
        with suppress(Exception):
            import_module(entry.partition(":")[0])
        child = os.fork()
        if child == 0:
            _become(Path(folder), threads=threads, streams=Streams(*descriptors))
        descriptor = os.pidfd_open(child)
        socket.send_fds(channel, [str(child).encode()], [descriptor])
        for handle in (*descriptors, descriptor):
            os.close(handle)


def _bury() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _become(folder: Path, *, threads: int, streams: Streams) -> NoReturn:
    """In the new process: it is left with its own streams, folder and environment, and closes the sandbox itself."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for handle, place in ((streams.request, 0), (silence, 1), (streams.errors, 2), (streams.answers, ANSWERS)):
        os.dup2(handle, place)
    os.closerange(ANSWERS + 1, MOST_HANDLES)
    os.environ.clear()
    os.environ.update(environment_of(threads))
    os.chdir(folder)
    sys.argv = [inside.__name__, str(ANSWERS)]
    try:
        inside.main()
    finally:
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
