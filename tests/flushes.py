"""Sees which files and folders a piece of code has flushed to disk: the interpreter itself reports each call of
`os.fsync`, and the system says which files are open at that moment."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def flushes(below: Path) -> Iterator[list[str]]:
    """The names, relative to `below`, of what was open there at each flush, one entry for each."""
    seen: list[str] = []

    def watch(_frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and called is os.fsync:
            seen.extend(_opened(below))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(before)


def _opened(below: Path) -> list[str]:
    targets = [_target(handle) for handle in os.listdir("/proc/self/fd")]
    return sorted(str(target.relative_to(below)) for target in targets if target.is_relative_to(below))


def _target(handle: str) -> Path:
    try:
        return Path(os.readlink(f"/proc/self/fd/{handle}"))
    except FileNotFoundError:  # The handle with which the folder itself was listed.
        return Path()
