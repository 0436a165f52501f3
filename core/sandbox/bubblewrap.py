"""A namespace around a process by bubblewrap, for kernels without Landlock: its own root with nothing but the named
paths, no network, no other processes, no capabilities."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.sandbox.present_time import OF_CLOCK, SHARED_MEMORY

# Of the others one gives memory that is charged to nobody.
DEVICES = ("/dev/null", "/dev/urandom")
# What another clock needs, of a size that is nothing.
CLOCK = ["--size", "65536", "--tmpfs", str(SHARED_MEMORY)]


def is_there() -> bool:
    return shutil.which("bwrap") is not None


def around(
    command: list[str], *, readable: Iterable[Path], writable: Path, environment: Mapping[str, str]
) -> list[str]:
    """The command that runs `command` inside. Paths keep their names; a link is bound by the name it has."""
    inside = [str(shutil.which("bwrap")), "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    inside += ["--cap-drop", "ALL", "--proc", "/proc", "--dir", "/dev"]
    for device in DEVICES:
        inside += ["--dev-bind", device, device]
    for path in dict.fromkeys(readable):
        if path.is_symlink():
            inside += ["--symlink", os.readlink(path), str(path)]
        elif path.exists() and not str(path).startswith(("/proc", "/dev", "/sys")):
            inside += ["--ro-bind", str(path), str(path)]
    inside += ["--bind", str(writable), str(writable), "--chdir", str(writable)]
    # What the namespace itself is made of lies in memory, which is nobody's to fill.
    inside += CLOCK if OF_CLOCK[1] in environment else []
    inside += ["--remount-ro", "/"]
    for name, value in environment.items():
        inside += ["--setenv", name, value]
    return [*inside, "--", *command]
