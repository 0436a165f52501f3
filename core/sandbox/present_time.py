"""A clock that is ahead, for one process: Debian's libfaketime answers for the system what time it is. Logic that gives
other rows by that clock uses the present time."""

import sysconfig
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path

LIBRARY = "libfaketime.so.1"
PACKAGE = "libfaketime"
FOLDERS = ("/usr/lib/{architecture}/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
# Another year, month, day, weekday, hour, minute and second: whichever part of the time is used is another one.
AHEAD_SECONDS = ((400 * 24 + 7) * 60 + 13) * 60 + 17
# Time limits go on by the clock that only counts, and nothing is shared with other processes.
FIXED = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1", "FAKETIME_CACHE_DURATION": "1000000"}

OF_CLOCK = ("LD_PRELOAD", "FAKETIME")
# The library's own, and the files that it makes for each process, which a process of the sandbox cannot remove.
SHARED, SHARED_FILES = "FAKETIME_SHARED", ("faketime_shm_{pid}", "sem.faketime_sem_{pid}")
SHARED_MEMORY = Path("/dev/shm")


@cache
def library() -> Path | None:
    """Where it is, if this machine has it."""
    architecture = sysconfig.get_config_var("MULTIARCH") or ""
    places = [Path(folder.format(architecture=architecture)) / LIBRARY for folder in FOLDERS]
    return next((place for place in places if place.exists()), None)


def forget(environment: MutableMapping[str, str]) -> None:
    """Takes out of an environment what says of the clock that it is ahead."""
    for name in (*FIXED, *OF_CLOCK, SHARED):
        environment.pop(name, None)


def ahead_by(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is that far ahead."""
    if not seconds:
        return {}
    preload, clock = OF_CLOCK
    return FIXED | {preload: str(library()), clock: f"+{seconds}"}


def clear_away(pid: int) -> None:
    """What the library left of a process that has ended."""
    for name in SHARED_FILES:
        (SHARED_MEMORY / name.format(pid=pid)).unlink(missing_ok=True)
