"""Intervals of what is a mean over rows, or nearly one. A figure that is a smooth function of means (an F1, an RMSE)
has an influence for each row, which says how much the figure moves with that row; the mean of the influences is as sure
as the figure is (the delta method: G. W. Oehlert, A Note on the Delta Method, The American Statistician 46 (1992)). Two
models that answered the same rows differ by the difference of their influences, so that what they share cancels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.tasks.measures.scales import DIFFERENCE, SHARE, Scale, none_of
from core.tasks.values import Interval

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Flags = NDArray[bool_]

NORMAL_95 = 1.959963984540054


def interval_of(value: float, *, influences: Floats, scale: Scale, deviations: float | None = None) -> Interval:
    """Of a figure whose influences these are. Without `deviations` the half-width is as many standard errors as
    Student's t says for so few rows."""
    return scale.interval(value, spread=half_width(influences, deviations=deviations))


def mean_interval(values: Floats, *, scale: Scale, deviations: float | None = None) -> Interval:
    return interval_of(float(values.mean()), influences=values, scale=scale, deviations=deviations)


def share_interval(values: Floats | Flags, *, deviations: float | None = None) -> Interval:
    """The mean of values from 0 to 1, for instance of hits."""
    interval = mean_interval(values.astype("float64"), scale=SHARE, deviations=deviations)
    return with_doubt(interval, doubt=none_of(values.size)) if interval.value in (0.0, 1.0) else interval


def with_doubt(interval: Interval, *, doubt: float) -> Interval:
    """Where every row is certain and right (or wrong), the rows that there are cannot say that the next one is: the
    share may as well be that much away from what it is."""
    if interval.low < interval.high:
        return interval
    low, high = max(0.0, interval.value - doubt), min(1.0, interval.value + doubt)
    return interval.model_copy(update={"low": low, "high": high})


@dataclass(frozen=True)
class ShareFigure:
    """A share that is a mean of several, with the influence of every row. Parts that were right (or wrong) in every row
    have no influence, though they may not always be so: `below` and `above` say how far they may move the mean."""

    value: float
    influences: Floats
    below: float = 0.0
    above: float = 0.0

    def interval(self) -> Interval:
        low, high = max(0.0, self.value - self.below), min(1.0, self.value + self.above)
        interval = SHARE.interval(self.value, spread=half_width(self.influences), low=low, high=high)
        return with_doubt(interval, doubt=none_of(self.influences.size))

    def minus(self, before: ShareFigure) -> Interval:
        return difference_of_shares(self.value - before.value, influences=self.influences - before.influences)


def difference_of_shares(value: float, *, influences: Floats) -> Interval:
    """Of two shares whose difference has these influences. Where all rows say the same they may still not be all
    there is."""
    spread = half_width(influences)
    if spread > 0 or value == 0.0:
        return DIFFERENCE.interval(value, spread=spread)
    doubt = 2 * none_of(influences.size)
    return Interval(value=value, low=max(-1.0, value - doubt), high=min(1.0, value + doubt))


def difference_of_hits(before: Flags, *, after: Flags) -> Interval:
    """The share of hits after minus that before, from the rows on which only one of the two hits, as McNemar's test
    counts them. D. G. Bonett and R. M. Price, Adjusted Wald Confidence Interval for a Difference of Binomial
    Proportions Based on Paired Data, Journal of Educational and Behavioral Statistics 37 (2012)."""
    rows, gained, lost = before.size, int((after & ~before).sum()), int((before & ~after).sum())
    more, less = (gained + 1) / (rows + 2), (lost + 1) / (rows + 2)
    middle = more - less
    spread = NORMAL_95 * math.sqrt((more + less - middle**2) / (rows + 2))
    value = (gained - lost) / rows
    return Interval(value=value, low=min(value, max(-1.0, middle - spread)), high=max(value, min(1.0, middle + spread)))


def half_width(values: Floats, *, deviations: float | None = None) -> float:
    """Half of the 95 % interval of their mean. Of at least two values."""
    factor = student_95(values.size - 1) if deviations is None else deviations
    return factor * float(values.std(ddof=1)) / math.sqrt(values.size)


def student_95(degrees: int) -> float:
    """Two-sided 95 % of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))
