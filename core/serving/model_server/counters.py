"""What a model server counts of its answers, in lists of its own: a library's counters would cost ten times as much,
and every request pays. The lists are copied once a second to where others read them."""

import asyncio
import logging
from collections import deque
from pathlib import Path
from typing import Protocol

from core.serving.counter_file import (
    CELLS,
    COUNTERS_FILE,
    STATUS_CLASSES,
    WITHOUT_NAMES,
    CounterFile,
    cell_of,
)
from core.serving.input_gaps import GapNames, InputGaps
from core.serving.server_spec import ServerSpec

COPY_SECONDS = 1.0
# How long ago the gaps were what the present ones are held against, and how often they are remembered for that.
BEFORE_SECONDS, STEP_SECONDS = 3_600, 60
# The cells of the times that nearly all answers take: looking one up is faster than working it out.
NEAR_US = 8_192
NEAR = [cell_of(us) for us in range(NEAR_US)]
logger = logging.getLogger(__name__)


class Count(Protocol):
    """Counts one answer; `compute_ns` is None for one that the model was not asked for."""

    def __call__(self, status: int, *, total_ns: int, waited_ns: int, compute_ns: int | None) -> None: ...


class Counters:
    """Lists of whole numbers, each cell a count; `sums` are the microseconds of all times, waits and computations."""

    def __init__(self, names: GapNames = WITHOUT_NAMES) -> None:
        self.names, self.gaps, self.gaps_before = names, [0] * names.cells, [0] * names.cells
        self._places = {name: at for at, name in enumerate(names.inputs, start=1)}
        self._view_places = {name: at for at, name in enumerate(names.views, start=1 + len(names.inputs))}
        self.by_class = [0] * STATUS_CLASSES
        self.total, self.waiting, self.compute = [0] * CELLS, [0] * CELLS, [0] * CELLS
        self.sums = [0, 0, 0]
        self.count = _counting(self)

    def count_gaps(self, gaps: InputGaps) -> None:
        """Names that have no place of their own are counted in the last one of their kind."""
        self.gaps[0] += gaps.rows
        for name, count in gaps.unknown.items():
            self.gaps[self._places.get(name, len(self._places))] += count
        for name, count in gaps.missing.items():
            self.gaps[self._view_places.get(name, len(self.gaps) - 1)] += count

    def counts(self) -> list[int]:
        """In the order of the file."""
        total, waiting, compute = self.sums
        return [
            *self.by_class,
            total,
            *self.total,
            waiting,
            *self.waiting,
            compute,
            *self.compute,
            *self.gaps,
            *self.gaps_before,
        ]


def _counting(counters: Counters) -> Count:
    """A function over the lists themselves, which costs half of a method that looks each of them up."""
    by_class, sums, near = counters.by_class, counters.sums, NEAR
    totals, waits, computations = counters.total, counters.waiting, counters.compute

    def count(status: int, *, total_ns: int, waited_ns: int, compute_ns: int | None) -> None:
        by_class[status // 100] += 1
        us = total_ns // 1_000
        sums[0] += us
        totals[near[us] if us < NEAR_US else cell_of(us)] += 1
        if compute_ns is None:
            return
        us = waited_ns // 1_000
        sums[1] += us
        waits[near[us] if us < NEAR_US else cell_of(us)] += 1
        us = compute_ns // 1_000
        sums[2] += us
        computations[near[us] if us < NEAR_US else cell_of(us)] += 1

    return count


class Copying:
    """Copies the counters into the server's folder while the loop turns."""

    def __init__(self, counters: Counters, *, spec: ServerSpec) -> None:
        self._counters = counters
        self._file: CounterFile | None = None
        self._steps, self._copies = deque([list(counters.gaps)], maxlen=BEFORE_SECONDS // STEP_SECONDS), 0
        try:
            self._file = CounterFile(Path(COUNTERS_FILE), spec=spec, names=counters.names)
        except OSError as error:
            # Answering matters more than counting.
            logger.warning("nothing is counted: %s", error)

    def go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Now, and again in a second."""
        self.copy()
        loop.call_later(COPY_SECONDS, self.go_on, loop)

    def copy(self) -> None:
        if self._file is not None:
            self._file.copy(self._counters.counts())
        self._copies += 1
        if self._copies % STEP_SECONDS == 0:
            self._steps.append(list(self._counters.gaps))
            self._counters.gaps_before = self._steps[0]
