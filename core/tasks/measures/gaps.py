"""How far two runs of a model differ, row by row."""

from __future__ import annotations

from core.tasks.predictions import Array, Outputs


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


def gaps_of_outputs(first: Outputs, *, second: Outputs) -> Array:
    """The largest of all outputs: numbers of any size, whose differences are shares of the larger one where that is
    above 1, and texts. An output that one of the two lacks is infinitely far."""
    import numpy as np

    if set(first) != set(second):
        return np.full(len(next(iter(first.values()))), np.inf)
    return np.max([_gaps_of_output(first[name], second[name]) for name in first], axis=0)


def _gaps_of_output(first: Array, second: Array) -> Array:
    import numpy as np

    if first.shape != second.shape:
        return np.full(max(len(first), len(second)), np.inf)
    if first.dtype == object:
        return gaps_of_texts(first, second=second).reshape(len(first), -1).max(axis=1, initial=0.0)
    larger = np.maximum(1.0, np.maximum(np.abs(first), np.abs(second)))
    return gaps_of_numbers(first / larger, second=second / larger)
