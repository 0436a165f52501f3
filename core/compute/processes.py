"""Processes by identity. A pid alone is reused; a pid with its start time and the machine's boot is one process, and a
launch token in its environment says whose. Only the standard library: the supervisor imports it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")
MARKER = "CAUSEWAY_LAUNCH_TOKEN"
STATE, SESSION, START_TICKS = 0, 3, 19  # Fields of /proc/<pid>/stat after the command's name.
USED_TICKS = slice(11, 15)  # Its own and those of the children it has waited for, in user and system mode.
DEAD_STATES = ("Z", "X")


@dataclass(frozen=True)
class Identity:
    """One process, for all time: its pid, when it started in clock ticks after boot, and which boot."""

    pid: int
    ticks: int
    boot: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def identity_of(pid: int) -> Identity | None:
    """Who has this pid now; None for nobody. A zombie is nobody: it only waits for its parent to read its status."""
    fields = _stat(pid)
    if fields is None or fields[STATE] in DEAD_STATES:
        return None
    return Identity(pid=pid, ticks=int(fields[START_TICKS]), boot=boot_id())


def is_alive(identity: Identity) -> bool:
    return identity_of(identity.pid) == identity


def send_signal(identity: Identity, number: int) -> bool:
    """Signals exactly this process; False when it is gone. Another process that got its pid is left alone."""
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return False
    try:
        # The handle holds on to the process it was opened for, so the check and the signal mean the same one.
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def marked_with(token: str) -> list[int]:
    """Living processes that carry the launch token in their environment."""
    mark = f"{MARKER}={token}".encode()
    return [pid for pid in _pids() if mark in _environment(pid) and identity_of(pid) is not None]


def in_session(session: int) -> list[int]:
    """Living processes of a session."""
    pids = []
    for pid in _pids():
        fields = _stat(pid)
        if fields and int(fields[SESSION]) == session and fields[STATE] not in DEAD_STATES:
            pids.append(pid)
    return pids


def kill_all(find: Callable[[], list[int]], *, seconds: float = 5.0) -> bool:
    """Kills what `find` finds until it finds nothing but this process. False when some outlive the deadline."""
    deadline = time.monotonic() + seconds
    while victims := [pid for pid in find() if pid != os.getpid()]:
        for pid in victims:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def memory_of_tree(root: int) -> int:
    """Bytes of memory of the process and its descendants that are theirs alone (resident less shared)."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in _tree(root):
        with suppress(OSError, ValueError):
            _size, resident, shared, *_rest = (PROC / str(pid) / "statm").read_text().split()
            total += (int(resident) - int(shared)) * page
    return total


def cpu_seconds_of_tree(root: int) -> float:
    """Processor seconds of the process and its descendants, and of those of their children that have ended."""
    ticks = 0
    for pid in _tree(root):
        fields = _stat(pid) or []
        ticks += sum(map(int, fields[USED_TICKS]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        with suppress(OSError, ValueError):
            waiting += map(int, (PROC / str(pid) / "task" / str(pid) / "children").read_text().split())


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(PROC) if name.isdecimal()]


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    return text.rpartition(")")[2].split()


def _environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
