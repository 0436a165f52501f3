"""A linear model: a weight for each category and number and each output, and what their sums mean."""

from dataclasses import dataclass
from typing import Any

from core.training.linear_recipes.losses import Kind, answers
from core.training.linear_recipes.rows import Features


@dataclass(frozen=True)
class LinearModel:
    """`table` float64 [ids of all categories + sparse columns, outputs], where the ids of a category begin at its place
    in `offsets`;
    `weights` [numbers + flags, outputs]; `bias` [outputs]."""

    kind: Kind
    offsets: Any
    table: Any
    weights: Any
    bias: Any

    @property
    def columns(self) -> int | None:
        """How many columns a prediction has; None where it is one value a row."""
        return len(self.bias) if self.kind in ("classes", "labels") else None

    def scores(self, features: Features) -> Any:
        """float64 [rows, outputs]."""
        sums = self.table[features.ids + self.offsets].sum(axis=1) + features.numbers @ self.weights + self.bias
        if features.sparse is None:
            return sums
        return sums + features.sparse @ self.table[len(self.table) - features.sparse.shape[1] :]

    def predict(self, features: Features) -> Any:
        """float64. [rows]: the probability that a label is 1, or a number. [rows, width]: of each class or label."""
        values = answers(self.scores(features), kind=self.kind)
        return values if self.columns is not None else values[:, 0]
