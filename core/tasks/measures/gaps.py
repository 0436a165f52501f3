"""How far two runs of a model differ, row by row."""

from __future__ import annotations

from core.tasks.predictions import Array


def gaps_of_numbers(first: Array, *, second: Array) -> Array:
    """float64 [rows] of arrays [rows] or [rows, width]: the largest difference, infinite where one of the two is no
    number or has another shape."""
    import numpy as np

    if first.shape != second.shape:
        return np.full(max(len(first), len(second)), np.inf)
    gaps = np.abs(first - second)
    return np.where(np.isnan(gaps), np.inf, gaps).reshape(len(first), -1).max(axis=1, initial=0.0)


def gaps_of_texts(first: Array, *, second: Array) -> Array:
    """Infinite where the texts differ, else 0."""
    import numpy as np

    return np.where(first == second, 0.0, np.inf)
