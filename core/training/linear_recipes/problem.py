"""The loss of rows as a function of all weights laid end to end, as an optimizer wants it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.training.linear_recipes.curvature import Curvature, curvature_of, products_of
from core.training.linear_recipes.linear_model import LinearModel
from core.training.linear_recipes.losses import Kind, answers, losses, targets_of
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
    """Rows of one split. A position is float64 [(ids of all categories + sparse columns + numbers + flags + 1) x
    outputs], the bias last."""

    def __init__(self, rows: Rows, *, facts: Facts) -> None:
        from scipy.sparse import csr_matrix, hstack

        ids, self._numbers = rows.features.ids, rows.features.numbers
        ends = np.cumsum((0, *facts.cardinalities), dtype=np.int64)
        self._kind, self._width, self._offsets, self._ids = facts.kind, facts.width, ends[:-1], int(ends[-1])
        places, starts = (ids + self._offsets).ravel(), np.arange(len(ids) + 1) * ids.shape[1]
        self._hot = csr_matrix((np.ones(places.size), places, starts), shape=(len(ids), self._ids))
        if rows.features.sparse is not None:
            self._hot = hstack([self._hot, rows.features.sparse], format="csr")
            self._ids = self._hot.shape[1]
        self._targets = targets_of(rows.labels, kind=facts.kind, width=facts.width)
        weights = _weights(rows, is_balanced=facts.is_balanced and facts.kind != "number")
        self._weights = np.broadcast_to(weights, (len(ids), 1 if facts.kind == "classes" else facts.width))

    def __len__(self) -> int:
        return len(self._targets)

    def start(self) -> Any:
        """All weights zero."""
        return np.zeros((self._ids + self._numbers.shape[1] + 1) * self._width)

    def model_at(self, position: Any) -> LinearModel:
        table, weights, bias = self._parts(position)
        return LinearModel(kind=self._kind, offsets=self._offsets, table=table, weights=weights, bias=bias[0])

    def loss(self, position: Any) -> float:
        """The weighted mean."""
        return self._mean(losses(self._scores(position), targets=self._targets, kind=self._kind))

    def loss_and_slope(self, position: Any, l2: float) -> tuple[float, Any]:
        """The weighted mean of the losses, with l2 / 2 times the squares of all weights but the bias in their sum."""
        scores, total = self._scores(position), self._weights.sum()
        pulled = position.copy()
        pulled[-self._width :] = 0
        loss = self._mean(losses(scores, targets=self._targets, kind=self._kind))
        rows = self._weights * (answers(scores, kind=self._kind) - self._targets)
        parts = (self._hot.T @ rows, self._numbers.T @ rows, rows.sum(axis=0, keepdims=True))
        slope = np.concatenate(parts).ravel() + l2 * pulled
        return loss + l2 * float(pulled @ pulled) / 2 / total, slope / total

    def curvature(self, l2: float) -> Curvature:
        return curvature_of(self._products, l2=l2, width=self._width)

    @cached_property
    def _products(self) -> Any:
        return products_of(self._hot, numbers=self._numbers, weights=self._weights.mean(axis=1))

    def _mean(self, values: Any) -> float:
        return float((values * self._weights).sum() / self._weights.sum())

    def _scores(self, position: Any) -> Any:
        table, weights, bias = self._parts(position)
        return self._hot @ table + self._numbers @ weights + bias

    def _parts(self, position: Any) -> tuple[Any, Any, Any]:
        rows = position.reshape(-1, self._width)
        return rows[: self._ids], rows[self._ids : -1], rows[-1:]


def _weights(rows: Rows, *, is_balanced: bool) -> Any:
    """[rows, 1], or [rows, labels] where the classes of each label are balanced."""
    if is_balanced:
        return balanced_weights(rows.labels, weights=rows.weights).reshape(len(rows.labels), -1)
    return np.ones((len(rows.labels), 1)) if rows.weights is None else rows.weights[:, None]
