"""How good decisions among classes are: accuracy, F1, the log loss, whether the right class is among the first few, and
the calibration of the class that comes first. The classes are those of the model, whether the rows have them or not: a
class that is neither there nor predicted has an F1 of 0, as scikit-learn has it with a list of labels.

An F1 is a function of the shares of the cells of the confusion matrix, so that its influences (see `intervals.py`) come
from its gradient; in simulations their intervals held the truth as often as those of a bootstrap of the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.tasks.measures import calibration
from core.tasks.measures.intervals import (
    difference_of_hits,
    difference_of_shares,
    interval_of,
    mean_interval,
    share_interval,
    with_doubt,
)
from core.tasks.measures.probabilities import SMALLEST_PROBABILITY
from core.tasks.measures.scales import POSITIVE, SHARE, UNBOUNDED, none_of
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import bool_, float64, int64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Integers = NDArray[int64]
    Flags = NDArray[bool_]

FIRST = 3


@dataclass(frozen=True)
class Decided:
    """`labels` and `predicted` are places in the list of classes, `probabilities` are [rows, classes]."""

    labels: Integers
    predicted: Integers
    probabilities: Floats

    @property
    def classes(self) -> int:
        return int(self.probabilities.shape[1])

    @property
    def hits(self) -> Flags:
        hits: Flags = self.labels == self.predicted
        return hits

    @property
    def of_the_label(self) -> Floats:
        """The probability of the right class."""
        import numpy as np

        return self.probabilities[np.arange(self.labels.size), self.labels]


@dataclass(frozen=True)
class Counts:
    """By class: the rows that have it, those that are predicted to, and those of both, each as a share of all rows."""

    labels: Floats
    predicted: Floats
    both: Floats

    @property
    def precision(self) -> Floats:
        return _ratio(self.both, self.predicted)

    @property
    def recall(self) -> Floats:
        return _ratio(self.both, self.labels)

    @property
    def f1(self) -> Floats:
        return _ratio(2 * self.both, self.labels + self.predicted)


def evaluate(decided: Decided) -> dict[str, Interval]:
    """Every metric with its 95 % interval; the top 3 only of more than 3 classes."""
    counts = counts_of(decided)
    rows = counts.labels * decided.labels.size
    doubt = float(sum(none_of(max(1, round(count))) for count in rows)) / rows.size
    macro, weighted = _macro_influences(decided, counts), _weighted_influences(decided, counts)
    first = {"top_3_accuracy": share_interval(is_among_first(decided))} if decided.classes > FIRST else {}
    return {
        "accuracy": share_interval(decided.hits),
        "macro_f1": with_doubt(_share(float(counts.f1.mean()), macro), doubt=doubt),
        "weighted_f1": with_doubt(_share(_weighted(counts), weighted), doubt=none_of(macro.size)),
        "log_loss": mean_interval(losses(decided), scale=POSITIVE),
        **first,
        "ece": calibration.interval(top_gaps(decided)),
    }


def compare(before: Decided, *, after: Decided) -> dict[str, Interval]:
    """After minus before for every metric, paired by row, with its 95 % interval."""
    counts = counts_of(before), counts_of(after)
    macro = _macro_influences(after, counts[1]) - _macro_influences(before, counts[0])
    weighted = _weighted_influences(after, counts[1]) - _weighted_influences(before, counts[0])
    first = is_among_first(before), is_among_first(after)
    return {
        "accuracy": _hits(before.hits, after.hits),
        "macro_f1": difference_of_shares(float(counts[1].f1.mean() - counts[0].f1.mean()), influences=macro),
        "weighted_f1": difference_of_shares(_weighted(counts[1]) - _weighted(counts[0]), influences=weighted),
        "log_loss": mean_interval(losses(after) - losses(before), scale=UNBOUNDED),
        **({"top_3_accuracy": _hits(*first)} if before.classes > FIRST else {}),
        "ece": calibration.delta(top_gaps(before), after=top_gaps(after)),
    }


def counts_of(decided: Decided) -> Counts:
    import numpy as np

    def shares(places: Integers) -> Floats:
        return np.bincount(places, minlength=decided.classes) / decided.labels.size

    return Counts(shares(decided.labels), shares(decided.predicted), shares(decided.labels[decided.hits]))


def confusion(labels: Integers, *, predicted: Integers, classes: int) -> Integers:
    """[classes, classes]: rows by class, and by predicted class across."""
    import numpy as np

    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def losses(decided: Decided) -> Floats:
    import numpy as np

    return -np.log(np.clip(decided.of_the_label, SMALLEST_PROBABILITY, 1.0))


def is_among_first(decided: Decided) -> Flags:
    """Whether the right class is among the three most probable ones; of equal ones the first in the list comes
    first."""
    import numpy as np

    own = decided.of_the_label[:, None]
    is_equal_and_earlier = (decided.probabilities == own) & (np.arange(decided.classes) < decided.labels[:, None])
    ranks: Integers = ((decided.probabilities > own) | is_equal_and_earlier).sum(axis=1)
    return ranks < FIRST


def top_gaps(decided: Decided) -> calibration.Gaps:
    """Of the most probable class: whether it is right against its probability. C. Guo et al., On Calibration of Modern
    Neural Networks, ICML 2017."""
    top = decided.probabilities.argmax(axis=1)
    return calibration.gaps_of(
        (top == decided.labels).astype("float64"), probabilities=decided.probabilities.max(axis=1)
    )


def _macro_influences(decided: Decided, counts: Counts) -> Floats:
    whole = counts.labels + counts.predicted
    gains = (2 * decided.hits - counts.f1[decided.labels]) / whole[decided.labels]
    return (gains - _cost(decided, counts)) / decided.classes


def _cost(decided: Decided, counts: Counts) -> Floats:
    """What it costs the F1 of the predicted class that one more row is predicted to have it."""
    by_class: Floats = counts.f1 / (counts.labels + counts.predicted).clip(min=1e-300)
    return by_class[decided.predicted]


def _weighted(counts: Counts) -> float:
    """The mean F1 of the rows' own classes."""
    return float((counts.labels * counts.f1).sum())


def _weighted_influences(decided: Decided, counts: Counts) -> Floats:
    own, predicted = decided.labels, decided.predicted
    whole, f1 = counts.labels + counts.predicted, counts.f1
    gains = counts.labels[own] * (2 * decided.hits - f1[own]) / whole[own]
    return f1[own] - _weighted(counts) + gains - counts.labels[predicted] * _cost(decided, counts)


def _share(value: float, influences: Floats) -> Interval:
    return interval_of(value, influences=influences, scale=SHARE)


def _hits(before: Flags, after: Flags) -> Interval:
    """Two models that hit the same rows differ by nothing that these rows could show."""
    if (before == after).all():
        return Interval(value=0.0, low=0.0, high=0.0)
    return difference_of_hits(before, after=after)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """0 of nothing."""
    import numpy as np

    ratio: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return ratio
