"""How a loss is bent, so that an optimizer may walk where it is round: columns that say nearly the same, or that few
rows have, would else take it hundreds of steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# The matrix of more columns would be too large.
MOST_IN_PAIRS = 3000
# Keeps a column that no row has, and one that says what others say, from having no curvature at all.
LEAST = 1e-9


@dataclass(frozen=True)
class Curvature:
    """`root` is the lower root of the matrix of second derivatives [columns, columns], or the roots of its diagonal
    [columns]; a rounded position is the root, transposed, times a position."""

    root: Any
    width: int

    def rounded(self, position: Any) -> Any:
        rows = position.reshape(-1, self.width)
        return (self.root.T @ rows if self._has_pairs else self.root[:, None] * rows).ravel()

    def flat(self, rounded: Any) -> Any:
        """The position of a rounded one."""
        return self._solved(rounded, transposed=1)

    def rounded_slope(self, slope: Any) -> Any:
        return self._solved(slope, transposed=0)

    @property
    def _has_pairs(self) -> bool:
        return bool(self.root.ndim == 2)

    def _solved(self, position: Any, *, transposed: int) -> Any:
        from scipy.linalg import solve_triangular

        rows = position.reshape(-1, self.width)
        if not self._has_pairs:
            return (rows / self.root[:, None]).ravel()
        return solve_triangular(self.root, rows, lower=True, trans=transposed).ravel()


def products_of(hot: Any, *, numbers: Any, weights: Any) -> Any:
    """Weighted sums of products of columns, [columns, columns], or of their squares where they are too many. `hot` is a
    sparse matrix, `weights` are [rows]; the last column is the bias."""
    with_bias = np.column_stack([numbers, np.ones(len(numbers))])
    weighed = with_bias * weights[:, None]
    if hot.shape[1] + with_bias.shape[1] > MOST_IN_PAIRS:
        return np.append(hot.multiply(hot).T @ weights, (with_bias * weighed).sum(axis=0))
    across = hot.T @ weighed
    within = (hot.T @ hot.multiply(weights[:, None])).toarray()
    return np.block([[within, across], [across.T, with_bias.T @ weighed]])


def curvature_of(products: Any, *, l2: float, width: int) -> Curvature:
    """That of a logistic loss where all answers are even, its steepest, with a pull on all columns but the bias."""
    total = products[-1, -1] if products.ndim == 2 else products[-1]
    pull = np.append(np.full(len(products) - 1, l2), 0) + LEAST
    if products.ndim == 1:
        return Curvature(np.sqrt((products / 4 + pull) / total), width)
    return Curvature(np.linalg.cholesky((products / 4 + np.diag(pull)) / total), width)
