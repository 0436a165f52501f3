"""How good sets of labels are, where a row may have any number of them: F1 over all decisions and by label, wrong
decisions, order and log loss by label. The rows are what was drawn, so each row has one influence, whatever its labels
are (see `intervals.py`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.tasks.measures.classes import Counts, unseen
from core.tasks.measures.intervals import ShareFigure, difference_of_shares, mean_interval, share_interval
from core.tasks.measures.probabilities import SMALLEST_PROBABILITY, placements
from core.tasks.measures.scales import POSITIVE, UNBOUNDED, none_of
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Flags = NDArray[bool_]

# From this probability on a row has a label.
THRESHOLD = 0.5


@dataclass(frozen=True)
class LabelSets:
    """Both [rows, labels]."""

    labels: Flags
    probabilities: Floats

    @property
    def flags(self) -> Flags:
        return self.probabilities >= THRESHOLD

    @property
    def counts(self) -> Counts:
        """By label."""
        flags = self.flags
        return Counts(self.labels.mean(axis=0), flags.mean(axis=0), (self.labels & flags).mean(axis=0))


def evaluate(sets: LabelSets) -> dict[str, Interval]:
    """Every metric with its 95 % interval; the AUC where a label is in some rows and not in others."""
    return {
        **{name: figure.interval() for name, figure in _figures(sets).items()},
        "hamming_loss": share_interval(_wrong(sets)),
        "log_loss": mean_interval(losses(sets), scale=POSITIVE),
    }


def compare(before: LabelSets, *, after: LabelSets) -> dict[str, Interval]:
    """After minus before for every metric, paired by row, with its 95 % interval."""
    first, second = _figures(before), _figures(after)
    wrong = _wrong(after) - _wrong(before)
    return {
        **{name: figure.minus(first[name]) for name, figure in second.items()},
        "hamming_loss": difference_of_shares(float(wrong.mean()), influences=wrong),
        "log_loss": mean_interval(losses(after) - losses(before), scale=UNBOUNDED),
    }


def in_both(labels: Flags) -> Flags:
    """Which labels are in some of the rows and not in others."""
    rows = labels.sum(axis=0)
    in_some: Flags = (rows > 0) & (rows < len(labels))
    return in_some


def _figures(sets: LabelSets) -> dict[str, ShareFigure]:
    known = in_both(sets.labels)
    areas = {"mean_auc": _mean_auc(sets.labels[:, known], sets.probabilities[:, known])} if known.any() else {}
    return {"micro_f1": _micro_f1(sets), "macro_f1": _macro_f1(sets), **areas}


def _micro_f1(sets: LabelSets) -> ShareFigure:
    both = 2 * (sets.labels & sets.flags).sum(axis=1)
    whole = sets.labels.sum(axis=1) + sets.flags.sum(axis=1)
    mean = float(whole.mean()) or 1.0
    value = float(both.mean()) / mean
    return ShareFigure(value, (both - value * whole) / mean)


def _macro_f1(sets: LabelSets) -> ShareFigure:
    """As of classes: a label that is neither there nor predicted has an F1 of 0."""
    counts = sets.counts
    weights = 1 / (counts.labels + counts.predicted).clip(min=1e-300) / counts.f1.size
    both = 2 * (sets.labels & sets.flags) @ weights
    whole = sets.labels @ (weights * counts.f1) + sets.flags @ (weights * counts.f1)
    return ShareFigure(float(counts.f1.mean()), both - whole, *unseen(counts, rows=len(both)))


def _mean_auc(labels: Flags, probabilities: Floats) -> ShareFigure:
    """The mean over the labels. The influences are the placements of DeLong, which every row has in each label; a label
    in perfect order has none."""
    import numpy as np

    influences, values, unseen_pairs = np.zeros(len(labels)), [], 0.0
    for label, scores in zip(labels.T, probabilities.T, strict=True):
        positives, negatives = placements(label.astype("float64"), scores)
        values.append(float(positives.mean()))
        influences[label] += (positives - values[-1]) / label.mean()
        influences[~label] += (negatives - values[-1]) / (1 - label.mean())
        unseen_pairs += none_of(min(positives.size, negatives.size)) ** 2 if values[-1] == 1.0 else 0.0
    return ShareFigure(float(np.mean(values)), influences / len(values), below=math.sqrt(unseen_pairs) / len(values))


def _wrong(sets: LabelSets) -> Floats:
    """The share of a row's decisions that are wrong."""
    wrong: Floats = (sets.labels != sets.flags).mean(axis=1)
    return wrong


def losses(sets: LabelSets) -> Floats:
    """The mean over the labels of a row."""
    import numpy as np

    held = np.clip(sets.probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    losses: Floats = -np.log(np.where(sets.labels, held, 1 - held)).mean(axis=1)
    return losses
