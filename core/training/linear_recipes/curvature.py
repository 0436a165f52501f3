"""How a loss is bent, so that an optimizer may walk where it is round: columns that say nearly the same, or that few
rows have, would else take it hundreds of steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.linear_recipes.losses import STEEPEST, Kind

# The matrix of more columns would be too large.
MOST_IN_PAIRS = 3000
# Keeps a column that no row has, and one that says what others say, from having no curvature at all.
LEAST = 1e-9


@dataclass(frozen=True)
class Curvature:
    """`root` is the lower root of the matrix of second derivatives [columns, columns], or its diagonal [columns]."""

    root: Any

    def solved(self, slope: Any) -> Any:
        """The inverse of the matrix times a slope [columns, outputs]."""
        from scipy.linalg import cho_solve

        return slope / self.root[:, None] if self.root.ndim == 1 else cho_solve((self.root, True), slope)


def products_of(hot: Any, *, numbers: Any, weights: Any) -> Any:
    """Weighted sums of products of columns, [columns, columns], or of their squares where they are too many. `hot` is a
    sparse matrix, `weights` are [rows]; the last of the numbers is the bias."""
    weighed = numbers * weights[:, None]
    if hot.shape[1] + numbers.shape[1] > MOST_IN_PAIRS:
        return np.append(hot.multiply(hot).T @ weights, np.einsum("rc,rc->c", numbers, weighed))
    across = hot.T @ weighed
    within = (hot.T @ hot.multiply(weights[:, None]).tocsr()).toarray()
    return np.block([[within, across], [across.T, numbers.T @ weighed]])


def curvature_of(products: Any, *, kind: Kind, l2: float) -> Curvature:
    """That of the loss where it is steepest, with a pull on all columns but the bias."""
    total = products[-1, -1] if products.ndim == 2 else products[-1]
    pull = np.append(np.full(len(products) - 1, l2), 0) + LEAST
    if products.ndim == 1:
        return Curvature((products * STEEPEST[kind] + pull) / total)
    return Curvature(np.linalg.cholesky((products * STEEPEST[kind] + np.diag(pull)) / total))
