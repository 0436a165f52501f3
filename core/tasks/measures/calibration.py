"""The calibration error: how far probabilities are from what happened. It is a sum of absolute values over bins, so it
has intervals of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from core.tasks.measures.intervals import NORMAL_95
from core.tasks.measures.scales import none_of
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Integers = NDArray[int64]

BINS = 15


class Gaps(NamedTuple):
    """The bin of every row, and whether it happened minus its probability."""

    bins: Integers
    gaps: Floats


def gaps_of(happened: Floats, *, probabilities: Floats) -> Gaps:
    return Gaps(bins_of(probabilities), happened - probabilities)


def bins_of(probabilities: Floats) -> Integers:
    import numpy as np

    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def error(gaps: Gaps) -> float:
    """The mean gap between probability and what happened, by bin, weighted by rows."""
    return float(abs(_by_bin(gaps.bins, gaps.gaps)).sum())


def interval(gaps: Gaps) -> Interval:
    """Sums of absolute values come out too large, the more so the better the calibration, which is why a bootstrap
    misses an error of 0. So the interval holds every true error that makes the one seen no surprise: the seen gaps are
    shrunk or stretched together, and each bin's absolute sum is a folded normal. No true error is above 1."""
    seen, spread = _by_bin(gaps.bins, gaps.gaps), _spread(gaps)
    value = float(abs(seen).sum())
    low = _true_error(seen, spread=spread, deviations=NORMAL_95)
    high = _true_error(seen, spread=spread, deviations=-NORMAL_95)
    if value == 0.0:
        return Interval(value=value, low=0.0, high=none_of(gaps.gaps.size))
    return Interval(value=value, low=min(value, low), high=min(1.0, max(value, high)))


def delta(before: Gaps, *, after: Gaps) -> Interval:
    """From the two intervals, which are not symmetric, and what the two errors share: G. Y. Zou and A. Donner,
    Construction of Confidence Limits about Effect Measures, Statistics in Medicine 27 (2008). The excess of
    the better calibrated one is not shared, so as far as an error is excess the two are combined at their worst. In
    simulations of calibrated and shifted models the interval held the true difference in 92 to 100 of 100 cases."""
    import numpy as np

    if all(np.array_equal(first, second) for first, second in zip(before, after, strict=True)):
        return Interval(value=0.0, low=0.0, high=0.0)
    first, second = interval(before), interval(after)
    real = min(_without_excess(gaps) / max(error(gaps), 1e-12) for gaps in (before, after)) ** 2
    shared = real * correlation(_contributions(before), _contributions(after)) - (1 - real)
    return difference(first, after=second, shared=shared)


def difference(before: Interval, *, after: Interval, shared: float) -> Interval:
    """After minus before, of two figures that have the correlation `shared`. Zou and Donner, as above."""
    value = after.value - before.value
    below = _combined(after.value - after.low, before.high - before.value, shared=shared)
    above = _combined(after.high - after.value, before.value - before.low, shared=shared)
    return Interval(value=value, low=value - below, high=value + above)


def correlation(first: Floats, second: Floats) -> float:
    spread = float(first.std() * second.std())
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread if spread > 0 else 0.0


def _by_bin(bins: Integers, values: Floats) -> Floats:
    """Sums over the bins, in shares of all rows. The gap of a bin's means, weighted by its rows, is such a sum."""
    import numpy as np

    return np.bincount(bins, weights=values, minlength=BINS) / values.size


def _spread(gaps: Gaps) -> Floats:
    """The standard error of every bin's sum."""
    sums = _by_bin(gaps.bins, gaps.gaps)
    variances = (_by_bin(gaps.bins, gaps.gaps**2) - sums**2) / gaps.gaps.size
    return variances.clip(min=1e-30) ** 0.5


def _true_error(seen: Floats, *, spread: Floats, deviations: float) -> float:
    """The calibration error under which the one seen lies that many standard deviations above its expectation."""
    value, low, high = float(abs(seen).sum()), 0.0, 4.0
    for _halving in range(50):
        middle = (low + high) / 2
        mean, deviation = _folded(middle * seen, spread=spread)
        low, high = (middle, high) if value > mean + deviations * deviation else (low, middle)
    return low * value


def _folded(true: Floats, *, spread: Floats) -> tuple[float, float]:
    """Mean and standard deviation of the sum of |normal(true, spread)|. F. C. Leone et al., The Folded Normal
    Distribution, Technometrics 3 (1961)."""
    import numpy as np

    ratio = abs(true) / spread
    inside = np.array([math.erf(value / math.sqrt(2)) for value in ratio])
    means = spread * math.sqrt(2 / math.pi) * np.exp(-(ratio**2) / 2) + abs(true) * inside
    variances = true**2 + spread**2 - means**2
    return float(means.sum()), float(variances.clip(min=0).sum()) ** 0.5


def _without_excess(gaps: Gaps) -> float:
    return _true_error(_by_bin(gaps.bins, gaps.gaps), spread=_spread(gaps), deviations=0.0)


def _contributions(gaps: Gaps) -> Floats:
    """What every row adds to the calibration error."""
    import numpy as np

    return np.sign(_by_bin(gaps.bins, gaps.gaps))[gaps.bins] * gaps.gaps


def _combined(first: float, second: float, *, shared: float) -> float:
    return math.sqrt(max(0.0, first**2 + second**2 - 2 * shared * first * second))
