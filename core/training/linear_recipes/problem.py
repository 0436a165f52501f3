"""The loss of rows as a function of all weights, as an optimizer wants it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.training.linear_recipes.curvature import Curvature, curvature_of, products_of
from core.training.linear_recipes.linear_model import LinearModel
from core.training.linear_recipes.losses import Kind, answers, bends, losses, targets_of
from core.training.linear_recipes.rows import Rows
from core.training.row_weights import balanced_weights


@dataclass(frozen=True)
class Facts:
    """What all rows of a training share: how many ids each category has, how many outputs there are, and whether every
    class is to weigh the same."""

    kind: Kind
    cardinalities: tuple[int, ...]
    width: int
    is_balanced: bool


class Problem:
    """Rows of one split. A position is float64 [ids of all categories + sparse columns + numbers + flags + 1, outputs],
    the bias last. Losses are weighted means."""

    def __init__(self, rows: Rows, *, facts: Facts) -> None:
        self.kind, self._width = facts.kind, facts.width
        ends = np.cumsum((0, *facts.cardinalities), dtype=np.int64)
        self._offsets = ends[:-1]
        self._hot = _hot(rows, offsets=ends[:-1], ids=int(ends[-1]))
        self._numbers = _with_bias(rows.features.numbers)
        self._targets = targets_of(rows.labels, kind=facts.kind, width=facts.width)
        weights = _weights(rows, is_balanced=facts.is_balanced and facts.kind != "number")
        self._weights = np.broadcast_to(weights, (len(self), 1 if facts.kind == "classes" else facts.width))
        self._total = self._weights.sum()
        self._start = 0.0 if rows.start is None else rows.start

    def __len__(self) -> int:
        return len(self._targets)

    def start(self) -> Any:
        """All weights zero."""
        return np.zeros((self._hot.shape[1] + self._numbers.shape[1], self._width))

    def model_at(self, position: Any) -> LinearModel:
        table, weights, bias = np.split(position, (self._hot.shape[1], len(position) - 1))
        return LinearModel(kind=self.kind, offsets=self._offsets, table=table, weights=weights, bias=bias[0])

    def scores(self, position: Any) -> Any:
        """[rows, outputs]."""
        ids = self._hot.shape[1]
        return self._hot @ position[:ids] + self._numbers @ position[ids:]

    def loss(self, scores: Any) -> float:
        values = losses(scores + self._start, targets=self._targets, kind=self.kind)
        return float((values * self._weights).sum() / self._total)

    def at(self, scores: Any) -> "Local":
        return Local(self, answers(scores + self._start, kind=self.kind))

    def pulled(self, position: Any, *, l2: float) -> Any:
        """The slope of the pull: l2 times all weights but the bias."""
        slope = position * (l2 / self._total)
        slope[-1] = 0
        return slope

    def pull(self, position: Any, *, l2: float) -> float:
        """l2 / 2 times the squares of all weights but the bias."""
        return float(np.vdot(position, self.pulled(position, l2=l2))) / 2

    def curvature(self, l2: float) -> Curvature:
        return curvature_of(self._products, kind=self.kind, l2=l2)

    def sums(self, values: Any) -> Any:
        """The weighted means of values [rows, outputs] times each column, as a position."""
        rows = self._weights * values / self._total
        return np.concatenate([self._hot.T @ rows, self._numbers.T @ rows])

    def slope(self, given: Any) -> Any:
        return self.sums(given - self._targets)

    @cached_property
    def _products(self) -> Any:
        return products_of(self._hot, numbers=self._numbers, weights=self._weights.mean(axis=1))


@dataclass(frozen=True)
class Local:
    """The loss around a point, by what it answers there."""

    problem: Problem
    answers: Any

    def slope(self) -> Any:
        return self.problem.slope(self.answers)

    def bent(self, along: Any) -> Any:
        """How the slope changes in a direction that changes the scores by `along`."""
        return self.problem.sums(bends(along, at=self.answers, kind=self.problem.kind))


def _hot(rows: Rows, *, offsets: Any, ids: int) -> Any:
    from scipy.sparse import csr_matrix, hstack

    known = rows.features.ids
    places, starts = (known + offsets).ravel(), np.arange(len(known) + 1) * known.shape[1]
    hot = csr_matrix((np.ones(places.size), places, starts), shape=(len(known), ids))
    return hot if rows.features.sparse is None else hstack([hot, rows.features.sparse], format="csr")


def _with_bias(numbers: Any) -> Any:
    """Column by column, as they are read and written."""
    columns = np.ones((len(numbers), numbers.shape[1] + 1), order="F")
    columns[:, :-1] = numbers
    return columns


def _weights(rows: Rows, *, is_balanced: bool) -> Any:
    """[rows, 1], or [rows, labels] where the classes of each label are balanced."""
    if is_balanced:
        return balanced_weights(rows.labels, weights=rows.weights).reshape(len(rows.labels), -1)
    return np.ones((len(rows.labels), 1)) if rows.weights is None else rows.weights[:, None]
