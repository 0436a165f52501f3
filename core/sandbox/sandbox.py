"""The sandbox around code that people write, entered by a process that was started for it alone: limits, Landlock, and
the filter of system calls. Nothing leads out again."""

import os
import resource
import sys
import sysconfig
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from core.sandbox import landlock, seccomp
from core.sandbox.limits import HARD_SECONDS, Limits

CORE = Path(__file__).resolve().parents[1]
MB = 2**20
# What Python, Arrow and the reservations of an allocator need beside the engine, in MB of addresses.
OWN_ADDRESSES_MB, FILE_MB, OPEN_FILES = 4096, 8192, 256
# The libraries of the system, what tells them of the machine, and time zones. DuckDB ends with an internal error where
# it cannot ask the control groups.
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache",
          "/etc/localtime", "/sys/fs/cgroup", "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo",
          "/proc/self/cgroup", "/dev/urandom", "/dev/null")  # fmt: skip


class Sandbox(StrEnum):
    """How the file system is closed: by the kernel for the process itself, or by a namespace around it."""

    LANDLOCK = "landlock"
    BUBBLEWRAP = "bubblewrap"
    NONE = "none"


def system_paths() -> tuple[Path, ...]:
    """What every sandboxed process may read: Python, its libraries and our code."""
    ours = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), str(CORE)}
    named = [Path(path) for path in (*sorted(ours), *SYSTEM)]
    # A virtual environment may be a link; what it leads to is read under its own name.
    return tuple(dict.fromkeys([*named, *(path.resolve() for path in named[: len(ours)])]))


def enter(
    sandbox: Sandbox,
    limits: Limits,
    *,
    readable: Iterable[Path],
    writable: Path,
    untrusted: bool = False,
    file_mb: int = FILE_MB,
) -> None:
    """Closes the sandbox around this process; one that runs people's Python takes no file away again, so that all it
    has written is seen in its folder. A file has at most `file_mb`. Raises OSError where that is not possible; nothing
    may run then."""
    _limit(limits, file_mb=limits.folder_mb if untrusted else file_mb)
    if sandbox is Sandbox.LANDLOCK:
        landlock.restrict(readable=(*system_paths(), *readable), writable=(writable,))
    if sandbox is not Sandbox.NONE:
        seccomp.restrict(keeping_files=untrusted)


def _limit(limits: Limits, *, file_mb: int) -> None:
    seconds = int((limits.seconds + HARD_SECONDS) * max(limits.threads, 1)) + 5
    wanted = {
        resource.RLIMIT_AS: (2 * limits.memory_mb + OWN_ADDRESSES_MB) * MB,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: file_mb * MB,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in wanted.items():
        resource.setrlimit(which, (most, most))
    os.umask(0o077)
