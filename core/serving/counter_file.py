"""What a model server has counted, as a file in its folder: written by the server once a second, read by whoever shows
it. The file is there when the server hangs, and after it was killed, up to its last second.

Times are counted in whole microseconds by cells that part every power of two into 32: exact below 64, at most 1.6 %
wrong at the middle of a cell above, up to two minutes, which the last cell stands for and all that is longer. Cells
are added and subtracted without loss, which percentiles are not."""

import json
import mmap
import struct
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.compute.folders import write_atomically
from core.serving.server_spec import ServerSpec

COUNTERS_FILE = "counters"
LAYOUT = 1
CELLS, EXACT, PARTS = 736, 64, 32
LONGEST_US = (1 << 27) - 1
STATUS_CLASSES = 6
HEADER = struct.Struct("<3Q")
HEADER_BYTES, CELL_BYTES = 1_024, 8
# Where an answer's time is spent: from its arrival to its last byte, waiting for its turn, and in the model.
HISTOGRAMS = ("total", "waiting", "compute")
COUNTS = STATUS_CLASSES + len(HISTOGRAMS) * (1 + CELLS)
FILE_BYTES = HEADER_BYTES + COUNTS * CELL_BYTES


@dataclass(frozen=True)
class Histogram:
    """`cells[cell_of(us)]` is the number of times of that length."""

    sum_us: int
    cells: Sequence[int]


@dataclass(frozen=True)
class Counted:
    """A file as it was read. A server that was started again begins at zero: `started_us` tells. `by_class[4]` are the
    answers with a status of 400 to 499."""

    started_us: int
    copied_us: int
    labels: dict[str, str]
    by_class: Sequence[int]
    histograms: dict[str, Histogram]


class CounterFile:
    """The writing side."""

    def __init__(self, path: Path, *, spec: ServerSpec) -> None:
        """Raises OSError where there is no room: a mapped file with a hole in it would end the process later."""
        self._started_us = time.time_ns() // 1_000
        labels = json.dumps(labels_of(spec)).encode()
        head = self._head() + labels
        write_atomically(path, head.ljust(HEADER_BYTES, b" ") + bytes(COUNTS * CELL_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), FILE_BYTES)
        self._cells = memoryview(self._map)[HEADER_BYTES:].cast("Q")

    def copy(self, counts: Iterable[int]) -> None:
        """`counts` are the status classes, then for each histogram its sum and its cells."""
        self._cells[:] = array("Q", counts)
        self._map[: HEADER.size] = self._head()

    def _head(self) -> bytes:
        return HEADER.pack(LAYOUT, self._started_us, time.time_ns() // 1_000)


def labels_of(spec: ServerSpec) -> dict[str, str]:
    return {
        "endpoint": spec.endpoint,
        "model": spec.model,
        "version": str(spec.version),
        "endpoint_id": spec.endpoint_id,
        "version_id": spec.version_id,
    }


def read_counters(path: Path) -> Counted | None:
    """None where there is no such file, or one that was written by a server of another version of Causeway."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) != FILE_BYTES or HEADER.unpack_from(data)[0] != LAYOUT:
        return None
    _layout, started_us, copied_us = HEADER.unpack_from(data)
    cells = memoryview(data)[HEADER_BYTES:].cast("Q")
    parts = (cells[STATUS_CLASSES + at * (1 + CELLS) :][: 1 + CELLS] for at in range(len(HISTOGRAMS)))
    return Counted(
        started_us=started_us,
        copied_us=copied_us,
        labels=json.loads(data[HEADER.size : HEADER_BYTES]),
        by_class=cells[:STATUS_CLASSES],
        histograms={
            name: Histogram(sum_us=part[0], cells=part[1:]) for name, part in zip(HISTOGRAMS, parts, strict=True)
        },
    )


def cell_of(us: int) -> int:
    """The cell that counts a time."""
    us = min(us, LONGEST_US)
    shift = us.bit_length() - 6
    return us if us < EXACT else (shift << 5) + (us >> shift)


def begin_of(cell: int) -> int:
    """The shortest time, in microseconds, that a cell counts."""
    if cell < EXACT:
        return cell
    shift = cell // PARTS - 1
    return (cell - PARTS * shift) << shift
