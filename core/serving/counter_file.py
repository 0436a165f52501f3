"""What a model server has counted, as a file in its folder: written by the server once a second, read by whoever shows
it. The file is there when the server hangs, and after it was killed, up to its last second.

Times are counted in whole microseconds by cells that part every power of two into 32: exact below 64, at most 1.6 %
wrong at the middle of a cell above, up to two minutes, which the last cell stands for and all that is longer. Cells
are added and subtracted without loss, which percentiles are not.

Behind them lie the gaps of the inputs: the rows and, by name, those with something unknown or missing; twice, now and
as they were an hour ago, so that whoever reads them sees what has changed since."""

import json
import mmap
import struct
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.compute.folders import write_atomically
from core.serving.input_gaps import GapNames, InputGaps
from core.serving.server_spec import ServerSpec

COUNTERS_FILE = "counters"
# Below the home folder, a folder for each model server.
SERVERS = Path("gateway/servers")
LAYOUT = 2
CELLS, EXACT, PARTS = 736, 64, 32
LONGEST_US = (1 << 27) - 1
STATUS_CLASSES = 6
# Layout, when counting began and when it was last written down in microseconds, and where the counts begin: between lie
# labels and names, as JSON.
HEADER = struct.Struct("<4Q")
CELL_BYTES = 8
# Where an answer's time is spent: from its arrival to its last byte, waiting for its turn, and in the model.
HISTOGRAMS = ("total", "waiting", "compute")
COUNTS = STATUS_CLASSES + len(HISTOGRAMS) * (1 + CELLS)
WITHOUT_NAMES = GapNames()


@dataclass(frozen=True)
class Histogram:
    """`cells[cell_of(us)]` is the number of times of that length."""

    sum_us: int
    cells: Sequence[int]


@dataclass(frozen=True)
class Counted:
    """A file as it was read. A server that was started again begins at zero: `started_us` tells. `by_class[4]` are the
    answers with a status of 400 to 499. `gaps_before` are the gaps as they were an hour ago."""

    started_us: int
    copied_us: int
    labels: dict[str, str]
    by_class: Sequence[int]
    histograms: dict[str, Histogram]
    gaps: InputGaps = field(default_factory=InputGaps)
    gaps_before: InputGaps = field(default_factory=InputGaps)


class CounterFile:
    """The writing side."""

    def __init__(self, path: Path, *, spec: ServerSpec, names: GapNames = WITHOUT_NAMES) -> None:
        """Raises OSError where there is no room: a mapped file with a hole in it would end the process later."""
        self._started_us = time.time_ns() // 1_000
        named = {"labels": labels_of(spec), "inputs": names.inputs, "views": names.views}
        text = json.dumps(named).encode()
        self._begin = HEADER.size + -(-len(text) // CELL_BYTES) * CELL_BYTES
        head = (self._head() + text).ljust(self._begin, b" ")
        write_atomically(path, head + bytes((COUNTS + 2 * names.cells) * CELL_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._cells = memoryview(self._map)[self._begin :].cast("Q")

    def copy(self, counts: Iterable[int]) -> None:
        """`counts` are the status classes, then for each histogram its sum and its cells, then the gaps twice."""
        self._cells[:] = array("Q", counts)
        self._map[: HEADER.size] = self._head()

    def _head(self) -> bytes:
        return HEADER.pack(LAYOUT, self._started_us, time.time_ns() // 1_000, self._begin)


def labels_of(spec: ServerSpec) -> dict[str, str]:
    return {
        "endpoint": spec.endpoint,
        "model": spec.model,
        "version": str(spec.version),
        "endpoint_id": spec.endpoint_id,
        "version_id": spec.version_id,
    }


def read_counters(path: Path) -> Counted | None:
    """None where there is no such file, one that does not parse, or one that was written by a server of another version
    of Causeway."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < HEADER.size or HEADER.unpack_from(data)[0] != LAYOUT:
        return None
    _layout, started_us, copied_us, begin = HEADER.unpack_from(data)
    try:
        named = json.loads(data[HEADER.size : begin])
        names = GapNames(tuple(named["inputs"]), tuple(named["views"]))
        labels = {**named["labels"]}
    except (ValueError, KeyError, TypeError):
        return None
    if len(data) != begin + (COUNTS + 2 * names.cells) * CELL_BYTES:
        return None
    cells = memoryview(data)[begin:].cast("Q")
    now, before = cells[COUNTS:][: names.cells], cells[COUNTS + names.cells :]
    parts = (cells[STATUS_CLASSES + at * (1 + CELLS) :][: 1 + CELLS] for at in range(len(HISTOGRAMS)))
    return Counted(
        started_us=started_us,
        copied_us=copied_us,
        labels=labels,
        by_class=cells[:STATUS_CLASSES],
        histograms={
            name: Histogram(sum_us=part[0], cells=part[1:]) for name, part in zip(HISTOGRAMS, parts, strict=True)
        },
        gaps=names.gaps(now),
        gaps_before=names.gaps(before),
    )


def counted_in(folder: Path) -> Iterator[Counted]:
    """What every model server below a folder has counted."""
    files = (read_counters(path) for path in sorted(folder.glob(f"*/{COUNTERS_FILE}")))
    return (counted for counted in files if counted is not None)


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
