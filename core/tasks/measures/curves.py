"""How probabilities and numbers behave, as lines of at most 60 points, and which decisions of two models differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tasks.measures.calibration import BINS, bins_of

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.typing import NDArray

    Floats = NDArray[float64]

MOST_POINTS = 60
SCORE_BINS = 40
MOST_FLIPS = 20


def widest(before: Floats, *, after: Floats, threshold: float) -> tuple[float, NDArray[int64]]:
    """The share of rows that one of two models flags and the other does not, and the places of those with the widest
    gaps. A row is flagged from the threshold on."""
    import numpy as np

    changed = np.flatnonzero((before >= threshold) != (after >= threshold))
    gaps = np.abs(after[changed] - before[changed])
    return changed.size / max(1, before.size), changed[np.argsort(-gaps, kind="stable")][:MOST_FLIPS]


def roc(labels: Floats, *, probabilities: Floats) -> tuple[Floats, Floats]:
    """False against true positive rate."""
    import numpy as np

    order = np.argsort(-probabilities, kind="stable")
    ordered, labels = probabilities[order], labels[order]
    # A point lies between two different probabilities: rows that share one are flagged together.
    ends = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    positives, negatives = np.cumsum(labels)[ends], np.cumsum(1 - labels)[ends]
    x, y = np.append(0.0, negatives / negatives[-1]), np.append(0.0, positives / positives[-1])
    shown_places = np.unique(np.linspace(0, x.size - 1, MOST_POINTS).round().astype(np.int64))
    return x[shown_places], y[shown_places]


def calibration(labels: Floats, *, probabilities: Floats) -> tuple[Floats, Floats]:
    """Mean probability against share of positives, by bin."""
    import numpy as np

    bins = bins_of(probabilities)
    rows = np.bincount(bins, minlength=BINS)
    filled = rows > 0
    predicted = np.bincount(bins, weights=probabilities, minlength=BINS)
    happened = np.bincount(bins, weights=labels, minlength=BINS)
    return predicted[filled] / rows[filled], happened[filled] / rows[filled]


def scores(probabilities: Floats) -> tuple[Floats, Floats]:
    """Share of rows by probability."""
    import numpy as np

    counts, edges = np.histogram(probabilities, bins=SCORE_BINS, range=(0.0, 1.0))
    return (edges[:-1] + edges[1:]) / 2, counts / max(1, probabilities.size)


def spread_over(values: Floats) -> NDArray[int64]:
    """The places of rows from the lowest value to the highest, evenly by their rank."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    return order[np.unique(np.linspace(0, values.size - 1, MOST_POINTS).round().astype(np.int64))]


def shares_by_size(values: Floats) -> tuple[Floats, Floats]:
    """Share of rows by value; the outermost bins hold the lowest and the highest 1 % too."""
    import numpy as np

    low, high = np.quantile(values, (0.01, 0.99))
    counts, edges = np.histogram(np.clip(values, low, high), bins=SCORE_BINS, range=(low, high))
    return (edges[:-1] + edges[1:]) / 2, counts / values.size
