"""How well rows are ordered within their groups. Each group has one figure, so a figure is as sure as the groups are
many. A group without any gain has no order to judge, and is left out.

The gain of a row is its relevance. Of rows with equal scores any may come first: NDCG takes the mean of their gains, as
scikit-learn does, and MAP and MRR count them all down to the last of them, so that a model that orders nothing gains
nothing by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tasks.measures.intervals import difference_of_shares, share_interval
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import bool_, float64, int64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Integers = NDArray[int64]
    Flags = NDArray[bool_]

FIRST_PLACES = (5, 10)


class Ranking:
    """The rows in the order of their groups, and within these of their scores. `gains` are those of the rows in this
    order, the mean of them where scores are equal; `places` count from 0."""

    def __init__(self, relevance: Floats, *, scores: Floats, groups: Integers) -> None:
        import numpy as np

        order = np.lexsort((-scores, groups))
        group, score, own = groups[order], scores[order], relevance[order]
        is_first = np.append(True, group[1:] != group[:-1])
        self.starts = np.flatnonzero(is_first)
        sizes = np.diff(np.append(self.starts, order.size))
        self.places = np.arange(order.size) - np.repeat(self.starts, sizes)
        ties = np.flatnonzero(is_first | np.append(True, score[1:] != score[:-1]))
        equal = np.diff(np.append(ties, order.size))
        self.gains = np.repeat(np.add.reduceat(own, ties) / equal, equal)
        self._last = np.repeat(ties + equal - 1, equal)
        self._is_relevant = own > 0
        self._ideal = relevance[np.lexsort((-relevance, groups))]

    @property
    def has_gain(self) -> Integers:
        """The places of the groups that have any."""
        import numpy as np

        return np.flatnonzero(self._by_group(self._is_relevant) > 0)

    def ndcg(self, first: int) -> Floats:
        """K. Järvelin and J. Kekäläinen, Cumulated Gain-Based Evaluation of IR Techniques, ACM Transactions on
        Information Systems 20 (2002)."""
        import numpy as np

        weights = np.where(self.places < first, 1 / np.log2(self.places + 2), 0.0)
        gains, ideal = self._by_group(weights * self.gains), self._by_group(weights * self._ideal)
        return gains[self.has_gain] / ideal[self.has_gain]

    def average_precision(self) -> Floats:
        relevant, seen = self._by_group(self._is_relevant), self._is_relevant.cumsum()
        before = (seen - self._is_relevant)[self.starts].repeat(self._sizes)
        precision = (seen[self._last] - before) / (self.places[self._last] + 1)
        return self._by_group(self._is_relevant * precision)[self.has_gain] / relevant[self.has_gain]

    def reciprocal_rank(self) -> Floats:
        import numpy as np

        ranks = self._is_relevant / (self.places[self._last] + 1)
        highest: Floats = np.maximum.reduceat(ranks, self.starts)[self.has_gain]
        return highest

    @property
    def _sizes(self) -> Integers:
        import numpy as np

        return np.diff(np.append(self.starts, self.places.size))

    def _by_group(self, values: Floats | Flags) -> Floats:
        import numpy as np

        sums: Floats = np.add.reduceat(values.astype("float64"), self.starts)
        return sums


def figures_of(ranking: Ranking) -> dict[str, Floats]:
    """By metric that of every group with a gain."""
    return {
        **{f"ndcg_{first}": ranking.ndcg(first) for first in FIRST_PLACES},
        "map": ranking.average_precision(),
        "mrr": ranking.reciprocal_rank(),
    }


def evaluate(ranking: Ranking) -> dict[str, Interval]:
    return {name: share_interval(figures) for name, figures in figures_of(ranking).items()}


def compare(before: Ranking, *, after: Ranking) -> dict[str, Interval]:
    """After minus before, paired by group."""
    first, second = figures_of(before), figures_of(after)
    gains = {name: figures - first[name] for name, figures in second.items()}
    return {name: difference_of_shares(float(gain.mean()), influences=gain) for name, gain in gains.items()}


def gains_by_place(ranking: Ranking, *, most: int) -> Floats:
    """The mean gain at the first places, of the groups that have as many rows."""
    import numpy as np

    shown = ranking.places < most
    rows = np.bincount(ranking.places[shown])
    return np.bincount(ranking.places[shown], weights=ranking.gains[shown]) / rows
