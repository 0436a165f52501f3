"""How far numbers are from what happened. The mean absolute error stands first: squares are made by few rows where
errors have heavy tails, and then no interval of an RMSE or R2 holds the truth as often as it says, neither that of the
delta method nor a bootstrap's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.tasks.measures.calibration import correlation, difference
from core.tasks.measures.intervals import NORMAL_95, interval_of, mean_interval, share_interval
from core.tasks.measures.scales import AT_MOST_ONE, POSITIVE, UNBOUNDED
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Flags = NDArray[bool_]

# Squared errors of which the largest 1 % hold this share of the sum say little about the other rows.
LARGEST, HEAVY = 0.01, 0.5


def evaluate(labels: Floats, *, predicted: Floats) -> dict[str, Interval]:
    """Every metric that the labels allow, with its 95 % interval."""
    errors = predicted - labels
    figures = {
        "mae": mean_interval(abs(errors), scale=POSITIVE),
        "rmse": _root(mean_interval(errors**2, scale=POSITIVE)),
        "median_error": _median_interval(abs(errors)),
    }
    if has_variance(labels):
        figures["r2"] = _r2_interval(labels, errors)
    if has_shares(labels):
        figures["mape"] = mean_interval(abs(errors / labels), scale=POSITIVE)
    return figures


def compare(labels: Floats, *, before: Floats, after: Floats) -> dict[str, Interval]:
    """After minus before for every metric that the labels allow, paired by row, with its 95 % interval."""
    errors = before - labels, after - labels
    further = abs(errors[1]) - abs(errors[0])
    figures = {
        "mae": mean_interval(further, scale=UNBOUNDED),
        "rmse": _rmse_delta(errors[0], after=errors[1]),
        "median_error": _median_delta(abs(errors[0]), after=abs(errors[1])),
    }
    if has_variance(labels):
        figures["r2"] = _r2_delta(labels, errors[0], after=errors[1])
    if has_shares(labels):
        figures["mape"] = mean_interval(further / abs(labels), scale=UNBOUNDED)
    return figures


def has_variance(labels: Floats) -> bool:
    """Whether there is any to explain."""
    return bool((labels != labels[0]).any())


def has_shares(labels: Floats) -> bool:
    """Whether an error can be a share of every label. Of a label of 0 nothing can."""
    return bool((labels != 0).all())


def is_heavy(errors: Floats) -> bool:
    """Whether few rows make the sum of their squares."""
    import numpy as np

    squares = np.sort(errors**2)
    return bool(squares[-max(1, round(LARGEST * squares.size)) :].sum() >= HEAVY * squares.sum() > 0)


def coverage_gap(covered: Flags, *, promised: float) -> Interval:
    """How far the share of labels between the model's ends is from the promised one, in either direction."""
    share = share_interval(covered)
    ends = sorted(abs(end - promised) for end in (share.low, share.high))
    is_inside = share.low <= promised <= share.high
    return Interval(value=abs(share.value - promised), low=0.0 if is_inside else ends[0], high=ends[1])


def coverage_gap_delta(before: Flags, *, after: Flags, promised: float) -> Interval:
    if (before == after).all():
        return Interval(value=0.0, low=0.0, high=0.0)
    sides = [math.copysign(1.0, float(covered.mean()) - promised) for covered in (before, after)]
    shared = sides[0] * sides[1] * correlation(before.astype("float64"), after.astype("float64"))
    gaps = [coverage_gap(covered, promised=promised) for covered in (before, after)]
    return difference(gaps[0], after=gaps[1], shared=shared)


def _root(squares: Interval) -> Interval:
    return Interval(value=math.sqrt(squares.value), low=math.sqrt(squares.low), high=math.sqrt(squares.high))


def _rmse_delta(before: Floats, *, after: Floats) -> Interval:
    """The difference of two roots is that of the squares over the sum of the roots, so that it is claimed as often as
    that of the mean squared errors."""
    squares = mean_interval(after**2 - before**2, scale=UNBOUNDED)
    roots = math.sqrt(float((before**2).mean())) + math.sqrt(float((after**2).mean()))
    if roots == 0.0:
        return squares
    return Interval(value=squares.value / roots, low=squares.low / roots, high=squares.high / roots)


def _r2_interval(labels: Floats, errors: Floats) -> Interval:
    squares, around = errors**2, (labels - labels.mean()) ** 2
    unexplained = float(squares.mean() / around.mean())
    influences = (squares - unexplained * around) / around.mean()
    return interval_of(1 - unexplained, influences=influences, scale=AT_MOST_ONE)


def _r2_delta(labels: Floats, before: Floats, *, after: Floats) -> Interval:
    gained, around = before**2 - after**2, (labels - labels.mean()) ** 2
    value = float(gained.mean() / around.mean())
    influences = (gained - value * around) / around.mean()
    return interval_of(value, influences=influences, scale=UNBOUNDED)


def _median_interval(values: Floats) -> Interval:
    """Between two of the values, whose ranks the median of as many rows does not leave in 95 of 100 cases. W. J.
    Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2."""
    import numpy as np

    ordered, middle = np.sort(values), NORMAL_95 * math.sqrt(values.size)
    below = max(0, math.floor((values.size - middle) / 2) - 1)
    return Interval(
        value=float(np.median(ordered)), low=float(ordered[below]), high=float(ordered[values.size - 1 - below])
    )


def _median_delta(before: Floats, *, after: Floats) -> Interval:
    """A median moves with a row by which side of it the row is on, so that two medians share as much as these
    sides."""
    import numpy as np

    if np.array_equal(before, after):
        return Interval(value=0.0, low=0.0, high=0.0)
    first, second = _median_interval(before), _median_interval(after)
    sides = [(values > interval.value).astype("float64") for values, interval in ((before, first), (after, second))]
    return difference(first, after=second, shared=correlation(sides[0], sides[1]))
