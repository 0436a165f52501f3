"""Weights of rows by their class, for recipes whose losses take weights."""

from typing import Any

import numpy as np


def balanced_weights(labels: Any, *, weights: Any = None) -> Any:
    """float64 [rows] with which every class that there is weighs the same; in all they weigh what they did before."""
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    classes, places = np.unique(labels, return_inverse=True)
    totals = np.bincount(places, weights=given, minlength=len(classes))
    return given * (given.sum() / (len(classes) * np.where(totals > 0, totals, 1)))[places]
