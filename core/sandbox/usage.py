"""What a process takes of the machine. One that holds memory which is charged to nobody would not be seen here: the
filter of calls refuses whatever makes such memory."""

import os
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

KB = 1024
BLOCK = 512
FIELDS = re.compile(rb"^(VmRSS|VmSwap|Threads):\s+(\d+)", re.MULTILINE)


class Usage(NamedTuple):
    """Bytes that the process holds in memory or has swapped out, its threads, and the bytes and number of the files
    in its folder."""

    memory: int
    threads: int
    file_bytes: int
    files: int


def usage_of(pid: int, *, folder: Path | None, most_files: int) -> Usage:
    """Zeros for a process that has ended, and for no folder. No more files are counted than one beyond `most_files`."""
    status: dict[bytes, int] = {}
    with suppress(OSError):
        status = {name: int(value) for name, value in FIELDS.findall(Path(f"/proc/{pid}/status").read_bytes())}
    memory = (status.get(b"VmRSS", 0) + status.get(b"VmSwap", 0)) * KB
    return Usage(memory, status.get(b"Threads", 0), *(_files(folder, most=most_files) if folder else (0, 0)))


def _files(folder: Path, *, most: int) -> tuple[int, int]:
    """What the files take, holes left out and what is set aside for them counted. The folder has none below it: those
    who write in it cannot make any."""
    size, files = 0, 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, most + 1):
            size, files = size + entry.stat(follow_symlinks=False).st_blocks * BLOCK, files + 1
    return size, files
