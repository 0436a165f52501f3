"""How good probabilities are, how sure that is, and whether one model is better than another on the same rows.

The AUC has the standard error of DeLong, means over rows (log loss, Brier score) that of a mean, and the calibration
error, which is a sum of absolute values, an interval of its own. Shares (AUC, Brier score) have their intervals on the
scale of the logit, the log loss on that of the logarithm, differences of shares on that of the inverse hyperbolic
tangent, so that none leaves what the measure can be; `scales.py` has the formulas and their sources. Two models are
compared on the same rows in pairs: what they share cancels, so a difference far smaller than either interval can still
be certain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.tasks.measures import calibration
from core.tasks.measures.intervals import NORMAL_95, mean_interval, share_interval
from core.tasks.measures.scales import DIFFERENCE, POSITIVE, SHARE, UNBOUNDED, none_of
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[float64]

SMALLEST_PROBABILITY = 1e-15


def auc(labels: ArrayLike, *, probabilities: ArrayLike) -> float:
    """The chance that a positive row is scored above a negative one; a tie counts half. Any finite scores
    will do. Invalid without rows of both classes."""
    return float(placements(*_rows(labels, scores=probabilities))[0].mean())


def log_loss(labels: ArrayLike, *, probabilities: ArrayLike) -> float:
    """Mean negative log likelihood in nats, probabilities held within 1e-15 of 0 and 1."""
    return float(_losses(*_judged(labels, probabilities=probabilities)).mean())


def brier(labels: ArrayLike, *, probabilities: ArrayLike) -> float:
    """Mean squared difference between probability and label. G. W. Brier, Monthly Weather Review 78 (1950)."""
    return float(_squares(*_judged(labels, probabilities=probabilities)).mean())


def ece(labels: ArrayLike, *, probabilities: ArrayLike) -> float:
    """Expected calibration error over 15 bins of equal width: the mean gap between probability and share of positives,
    weighted by rows. C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""
    known, judged = _judged(labels, probabilities=probabilities)
    return calibration.error(calibration.gaps_of(known, probabilities=judged))


def losses(labels: ArrayLike, *, probabilities: ArrayLike) -> Floats:
    """What the log loss is the mean of."""
    return _losses(*_judged(labels, probabilities=probabilities))


def evaluate(labels: ArrayLike, *, probabilities: ArrayLike) -> dict[str, Interval]:
    """Every metric with its 95 % interval. Invalid when a class is missing, lengths differ, or a value is none."""
    known, judged = _judged(labels, probabilities=probabilities)
    return {
        "auc": _auc_interval(known, scores=judged),
        "log_loss": mean_interval(_losses(known, judged), scale=POSITIVE, deviations=NORMAL_95),
        "brier": share_interval(_squares(known, judged), deviations=NORMAL_95),
        "ece": calibration.interval(calibration.gaps_of(known, probabilities=judged)),
    }


def compare(labels: ArrayLike, *, baseline: ArrayLike, candidate: ArrayLike) -> dict[str, Interval]:
    """Candidate minus baseline for every metric, paired by row, with its 95 % interval."""
    known, before = _judged(labels, probabilities=baseline)
    known, after = _judged(known, probabilities=candidate)
    losses, squares = (figure(known, after) - figure(known, before) for figure in (_losses, _squares))
    gaps = [calibration.gaps_of(known, probabilities=probabilities) for probabilities in (before, after)]
    return {
        "auc": _auc_delta(known, baseline=before, candidate=after),
        "log_loss": mean_interval(losses, scale=UNBOUNDED, deviations=NORMAL_95),
        "brier": mean_interval(squares, scale=DIFFERENCE, deviations=NORMAL_95),
        "ece": calibration.delta(gaps[0], after=gaps[1]),
    }


def _rows(labels: ArrayLike, *, scores: ArrayLike) -> tuple[Floats, Floats]:
    import numpy as np

    known, judged = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if known.ndim != 1 or known.shape != judged.shape:
        raise Invalid(_("Labels and probabilities are not equally many"), field="probabilities")
    if not np.isfinite(judged).all():
        raise Invalid(_("A probability is missing or infinite"), field="probabilities")
    if not np.isin(known, (0.0, 1.0)).all():
        raise Invalid(_("A label is neither 0 nor 1"), field="labels")
    if not 0 < known.sum() < known.size:
        raise Invalid(_("The rows hold one class only"), hint=_("Judge on rows of both classes."), field="labels")
    return known, judged


def _judged(labels: ArrayLike, *, probabilities: ArrayLike) -> tuple[Floats, Floats]:
    known, judged = _rows(labels, scores=probabilities)
    if judged.min() < 0 or judged.max() > 1:
        raise Invalid(_("A probability lies outside 0 and 1"), field="probabilities")
    return known, judged


def _losses(labels: Floats, probabilities: Floats) -> Floats:
    import numpy as np

    held = np.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -np.log(np.where(labels == 1, held, 1 - held))


def _squares(labels: Floats, probabilities: Floats) -> Floats:
    return (probabilities - labels) ** 2


def _mid_ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    after = np.append(first[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((first + after + 1) / 2, after - first)
    return ranks


def placements(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """For every positive row the share of negatives below it, for every negative row the share of positives above it.
    X. Sun and W. Xu, Fast Implementation of DeLong's Algorithm, IEEE Signal Processing Letters 21 (2014)."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    ranks = _mid_ranks(scores)
    above = (ranks[labels == 1] - _mid_ranks(positive)) / negative.size
    below = 1 - (ranks[labels == 0] - _mid_ranks(negative)) / positive.size
    return above, below


def _standard_error(positives: Floats, negatives: Floats) -> float:
    """E. R. DeLong et al., Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves,
    Biometrics 44 (1988): the two classes are independent samples."""
    variances = (float(part.var(ddof=1)) / part.size for part in (positives, negatives) if part.size > 1)
    return math.sqrt(sum(variances))


def _auc_interval(labels: Floats, *, scores: Floats) -> Interval:
    positives, negatives = placements(labels, scores)
    value, spread = float(positives.mean()), NORMAL_95 * _standard_error(positives, negatives)
    if spread > 0:
        return SHARE.interval(value, spread=spread)
    # No pair disagrees with another, so DeLong sees no variance: of as many disjoint pairs none contradicted.
    doubt = none_of(min(positives.size, negatives.size))
    return Interval(value=value, low=max(0.0, value - doubt), high=min(1.0, value + doubt))


def _auc_delta(labels: Floats, *, baseline: Floats, candidate: Floats) -> Interval:
    before, after = placements(labels, baseline), placements(labels, candidate)
    positives, negatives = after[0] - before[0], after[1] - before[1]
    value, spread = float(positives.mean()), NORMAL_95 * _standard_error(positives, negatives)
    if spread > 0 or value == 0.0:
        return DIFFERENCE.interval(value, spread=spread)
    # Every pair says the same, and those that would not can differ by 2 at the most.
    doubt = 2 * none_of(min(positives.size, negatives.size))
    return Interval(value=value, low=max(-1.0, value - doubt), high=min(1.0, value + doubt))
