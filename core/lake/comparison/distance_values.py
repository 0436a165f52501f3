"""How far two distributions of one column lie apart."""

from typing import Literal

from core.foundation.values import Value

Bins = tuple[tuple[str, float], ...]


class Distance(Value):
    """Two distributions of a column compared. `test` is the one that fits its kind, with its p-value; `effect` says how
    large the difference is, between 0 and 1: the Kolmogorov-Smirnov distance of numbers and times, Cramer's V of
    categories. `psi` is the population stability index over the deciles, or the values, of the first; `null_change` the
    second's share of nulls less the first's, `not_finite_change` the same of NaN and infinity, which no figure counts.
    `left` and `right` are shares by common bins.

    The verdict goes by the effect, for with enough rows every difference is significant: below 0.05 "same", below 0.1
    "slight", else "drifted" (0.1 is a small effect by Cohen 1988, and the psi above which scorecards are looked at by
    Siddiqi 2006); a change of nulls or of what is not finite counts like an effect. A p-value of 0.01 or more is always
    "same"."""

    column: str
    kind: Literal["number", "text", "time", "boolean"]
    test: Literal["Kolmogorov-Smirnov", "chi-squared", "none"]
    p_value: float | None
    effect: float
    psi: float | None
    null_change: float
    verdict: Literal["same", "slight", "drifted", "no data"]
    left: Bins = ()
    right: Bins = ()
    not_finite_change: float = 0.0

    @property
    def gap_change(self) -> float:
        """The larger of both changes of what no figure counts."""
        return max(abs(self.null_change), abs(self.not_finite_change))

    @property
    def size(self) -> float:
        """What decides how far the sides lie apart."""
        return max(self.effect, self.gap_change)
