"""git as a process with an end to its time and to what it writes."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

LOOK_SECONDS = 0.1


class GitFailed(Exception):
    """git ended with an error; the text is what it says."""


class TooMuch(Exception):
    """It wrote more than it may."""


class Command(NamedTuple):
    """What every call of git has: its first words, all that it knows of its surroundings, and its limits."""

    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    seconds: float
    most_bytes: int


def run(command: Command, words: Sequence[str], *, given: bytes = b"") -> bytes:
    """What it prints. Raises GitFailed, also where it takes too long, and TooMuch."""
    process = subprocess.Popen(
        [*command.words, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(command.environment),
        start_new_session=True,
    )
    try:
        printed, errors = _watched(process, command, given=given)
    finally:
        # Whatever git has started itself goes with it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise GitFailed(errors.decode(errors="replace"))
    return printed


def _watched(process: "subprocess.Popen[bytes]", command: Command, *, given: bytes) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + command.seconds
    sent: bytes | None = given
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(sent, timeout=LOOK_SECONDS)
        # It goes on with what it was given first.
        sent = None
        if _size(command.folder) > command.most_bytes:
            raise TooMuch
        if time.monotonic() > deadline:
            raise GitFailed(f"it took longer than {command.seconds:g} s")


def _size(folder: Path) -> int:
    size = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_size
    return size
