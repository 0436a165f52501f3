"""Permutation importance: how much worse a model does on rows that it has not seen where the values of an input are
shuffled among them. It asks nothing of the model but answers, so it is measured of a file from anywhere.

L. Breiman, Random Forests, Machine Learning 45 (2001); A. Fisher, C. Rudin and F. Dominici, All Models are Wrong, but
Many are Useful, Journal of Machine Learning Research 20 (2019), whose estimate is a mean over pairs of rows, of which
one has the label and the other gives the value. A row therefore moves it twice: by what it loses when it receives a
strange value, and by what others lose when they receive its value. The sum of both is the row's influence (W.
Hoeffding, A Class of Statistics with Asymptotically Normal Distribution, 1948), and the interval is Student's t over
the influences; means over several shuffles stand for those over all pairs, whose noise makes the interval wider,
never narrower. Where a task judges groups of rows, the influence of a group is what it loses itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.tasks.measures.intervals import interval_of
from core.tasks.measures.scales import UNBOUNDED

if TYPE_CHECKING:
    import pyarrow as pa

    from core.tasks.values import Interval

Losses = Callable[["pa.Table"], Any]
Progress = Callable[[float], None]


class Sums:
    """What shuffling one subject cost, summed over the shuffles: by row, or by group."""

    def __init__(self, units: int) -> None:
        self._received, self._given, self._times = np.zeros(units), np.zeros(units), 0

    def add(self, lost: Any, *, order: Any) -> None:
        """`order` says which row's value each row received."""
        self._received += lost
        if len(order) == len(lost):
            self._given[order] += lost
        self._times += 1

    @property
    def interval(self) -> Interval:
        received, given = self._received / self._times, self._given / self._times
        return interval_of(float(received.mean()), influences=received + given, scale=UNBOUNDED)


def shuffled_losses(
    table: pa.Table,
    subjects: Mapping[str, Sequence[str]],
    *,
    losses: Losses,
    seed: int,
    repeats: int,
    seconds: float = float("inf"),
    progress: Progress = lambda _share: None,
) -> tuple[dict[str, Interval], int]:
    """The importance of each subject, the columns of which are shuffled as one, and how often each was shuffled: as
    often as asked for, or less where that takes longer."""
    random, before = np.random.default_rng(seed), losses(table)
    sums = {name: Sums(len(before)) for name in subjects}
    began = time.monotonic()
    for repeat in range(repeats):
        for place, (name, columns) in enumerate(subjects.items()):
            order = random.permutation(table.num_rows)
            sums[name].add(losses(_shuffled(table, columns, order=order)) - before, order=order)
            progress((repeat + (place + 1) / len(subjects)) / repeats)
        if time.monotonic() - began > seconds:
            break
    return {name: known.interval for name, known in sums.items()}, repeat + 1


def _shuffled(table: pa.Table, columns: Sequence[str], *, order: Any) -> pa.Table:
    for name in columns:
        table = table.set_column(table.column_names.index(name), name, table[name].take(order))
    return table
