"""What a measure can be, and intervals that never leave it. A normal interval on the measure's own scale does: an AUC
below 0, a log loss below 0, a share above 1. So it is taken on a scale without ends, and its ends are carried back."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from core.tasks.values import Interval

# What is nearer to an end of a measure than this lies on it.
TINY = 1e-15


@dataclass(frozen=True)
class Scale:
    """A measure from `lowest` to `highest`. `stretched` carries what lies between them over all numbers, `back` undoes
    it, and `slope` is its derivative."""

    lowest: float
    highest: float
    stretched: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]

    def interval(self, value: float, *, spread: float, low: float | None = None, high: float | None = None) -> Interval:
        """The value with its interval. `spread` is the half-width that a normal interval would have; on the stretched
        scale it is as many times as wide as the slope says (the delta method: G. W. Oehlert, A Note on the Delta
        Method, The American Statistician 46 (1992)). `low` and `high` are an interval that it has already for another
        reason; the two independent chances add up in squares on either side. On an end of the measure nothing can be
        stretched, and the spread of what lies there is 0."""
        wide = spread * self.slope(self._inside(value)) if spread else 0.0
        middle = self.stretched(self._inside(value))
        below = middle - self.stretched(self._inside(value if low is None else low))
        above = self.stretched(self._inside(value if high is None else high)) - middle
        return Interval(
            value=value,
            low=min(value, self._ended(self.back(middle - math.hypot(below, wide)))),
            high=max(value, self._ended(self.back(middle + math.hypot(above, wide)))),
        )

    def _inside(self, value: float) -> float:
        return min(max(value, self.lowest + TINY), self.highest - TINY)

    def _ended(self, value: float) -> float:
        """What came back from the very end of the stretched scale is the end of the measure."""
        if value - self.lowest <= 2 * TINY:
            return self.lowest
        return self.highest if self.highest - value <= 2 * TINY else value


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


# Shares and chances, from 0 to 1: the logit. For the AUC: G. Qin and L. Hotilovac, Comparison of Non-parametric
# Confidence Intervals for the Area under the ROC Curve, Statistical Methods in Medical Research 17 (2008).
SHARE = Scale(
    0.0,
    1.0,
    stretched=lambda share: math.log(share / (1 - share)),
    back=_logistic,
    slope=lambda share: 1 / (share * (1 - share)),
)
# What is never below 0 and has no other end (log loss, times, rates, RMSE): the logarithm. A. Agresti, Categorical Data
# Analysis, 3rd ed. (2013), section 3.1.
POSITIVE = Scale(0.0, math.inf, stretched=math.log, back=math.exp, slope=lambda value: 1 / value)
# The difference of two shares, from -1 to 1: the inverse hyperbolic tangent. R. A. Fisher, On the "Probable Error" of a
# Coefficient of Correlation Deduced from a Small Sample, Metron 1 (1921).
DIFFERENCE = Scale(-1.0, 1.0, stretched=math.atanh, back=math.tanh, slope=lambda value: 1 / (1 - value * value))
# What is 1 at the most and has no other end (R2, which is 1 minus what is never below 0).
AT_MOST_ONE = Scale(
    -math.inf,
    1.0,
    stretched=lambda value: -math.log(1 - value),
    back=lambda value: 1 - math.exp(-value),
    slope=lambda value: 1 / (1 - value),
)
# What has no ends, for instance the difference of two log losses.
UNBOUNDED = Scale(-math.inf, math.inf, stretched=float, back=float, slope=lambda _value: 1.0)


def none_of(rows: int) -> float:
    """The largest share that `rows` rows without a single case leave possible: the exact binomial bound of 97.5 %.
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934)."""
    return 1 - math.pow(0.025, 1 / rows)
