"""How a version's probabilities behave, as lines of at most 60 points, and which decisions it would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry.holdouts import Predictions
from core.registry.statistics import CALIBRATION_BINS
from core.registry.values import Curve, Flip

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]

MOST_POINTS = 60
SCORE_BINS = 40
MOST_FLIPS = 20


def curves_of(predictions: Predictions, *, version_id: str) -> tuple[Curve, ...]:
    """Named "roc" (false against true positive rate), "calibration" (mean probability against share of positives) and
    "scores" (share of rows by probability)."""
    lines = {"roc": _roc(predictions), "calibration": _calibration(predictions), "scores": _scores(predictions)}
    return tuple(
        Curve(version_id=version_id, name=name, x=tuple(x.tolist()), y=tuple(y.tolist()))
        for name, (x, y) in lines.items()
    )


def flip_of(before: Predictions, *, after: Predictions, version_id: str) -> Flip:
    """The rows that one version flags and the other does not. A row is flagged from the share of positives on, so that
    rare outcomes are flagged at all."""
    import numpy as np

    threshold = float(before.labels.mean())
    changed = np.flatnonzero((before.probabilities >= threshold) != (after.probabilities >= threshold))
    gaps = np.abs(after.probabilities[changed] - before.probabilities[changed])
    widest = changed[np.argsort(-gaps, kind="stable")][:MOST_FLIPS]
    columns = (before.labels[widest], before.probabilities[widest], after.probabilities[widest])
    rows = zip((before.rows[row] for row in widest), *(column.tolist() for column in columns), strict=True)
    share = changed.size / max(1, before.labels.size)
    return Flip(version_id=version_id, share=share, rows=tuple(rows), threshold=threshold)


def _roc(predictions: Predictions) -> tuple[Floats, Floats]:
    import numpy as np

    order = np.argsort(-predictions.probabilities, kind="stable")
    ordered, labels = predictions.probabilities[order], predictions.labels[order]
    # A point lies between two different probabilities: rows that share one are flagged together.
    ends = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    positives, negatives = np.cumsum(labels)[ends], np.cumsum(1 - labels)[ends]
    x, y = np.append(0.0, negatives / negatives[-1]), np.append(0.0, positives / positives[-1])
    shown_places = np.unique(np.linspace(0, x.size - 1, MOST_POINTS).round().astype(np.int64))
    return x[shown_places], y[shown_places]


def _calibration(predictions: Predictions) -> tuple[Floats, Floats]:
    import numpy as np

    bins = np.minimum((predictions.probabilities * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    rows = np.bincount(bins, minlength=CALIBRATION_BINS)
    filled = rows > 0
    predicted = np.bincount(bins, weights=predictions.probabilities, minlength=CALIBRATION_BINS)
    happened = np.bincount(bins, weights=predictions.labels, minlength=CALIBRATION_BINS)
    return predicted[filled] / rows[filled], happened[filled] / rows[filled]


def _scores(predictions: Predictions) -> tuple[Floats, Floats]:
    import numpy as np

    counts, edges = np.histogram(predictions.probabilities, bins=SCORE_BINS, range=(0.0, 1.0))
    return (edges[:-1] + edges[1:]) / 2, counts / max(1, predictions.probabilities.size)
