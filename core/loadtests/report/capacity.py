"""The largest rate at which the SLO holds, with an interval. A single run at each rate cannot tell chance from
overload, so each rate is measured in several windows and the interval comes from resampling whole windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from core.foundation.text import _
from core.loadtests.values import Capacity, Slo

SLOW_ALLOWED = 0.01
RESAMPLES = 1_000
TAIL = 0.025


class Outcome(NamedTuple):
    """One window in numbers: how many requests, how many failed or were too slow, how many failed."""

    rate: float
    requests: int
    slow: int
    failed: int

    def holds(self, slo: Slo) -> bool:
        """The SLO held in this window: at most one request in a hundred too slow, errors within the limit."""
        return self.slow <= SLOW_ALLOWED * self.requests and self.failed <= slo.error_rate * self.requests


class Bracket(NamedTuple):
    """The rate up to which the SLO holds, by interpolation, and the lowest measured one above all that held. None: not
    found."""

    rate: float | None
    broken: float | None


def estimate(outcomes: Sequence[Outcome], *, slo: Slo, random: Random) -> Capacity:
    """The capacity and its 95 % interval.

    "p99 within the limit" is the same as "at most 1 % slower than the limit", so two shares are followed over the
    rate: of slow requests (limit 1 %) and of failed ones (the SLO's limit). Both can only grow with the rate, so each
    is made monotone by pool-adjacent-violators (Ayer et al. 1955), weighted by requests; the estimate is where the
    first of them crosses its limit, on the straight line between two measured rates, which errs on the low side when
    overload comes suddenly. The interval: windows are drawn again with replacement within each rate (a bootstrap of
    whole windows, because requests within one are not independent), 1,000 times; its low end is the 2.5 % point of
    the crossing, its high end the 97.5 % point of the lowest measured rate above all that held, so it never claims to
    know what lies between rates, and a rate that broke below one that held makes it wide.
    """
    by_rate: dict[float, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_rate[outcome.rate].append(outcome)
    estimate = bracket(by_rate, slo=slo)
    drawn = [bracket(_redraw(by_rate, random=random), slo=slo) for _round in range(RESAMPLES)]
    lows = sorted(resampled.rate if resampled.rate is not None else 0.0 for resampled in drawn)
    highs = sorted(resampled.broken if resampled.broken is not None else float("inf") for resampled in drawn)
    high = highs[-1 - int(TAIL * RESAMPLES)]
    return Capacity(
        rate=estimate.rate,
        low=min(lows[int(TAIL * RESAMPLES)], estimate.rate) if estimate.rate is not None else None,
        high=None if high == float("inf") or estimate.broken is None else max(high, estimate.rate or 0.0),
        method=_("isotonic share of slow and failed requests, bootstrap of windows, 95 %"),
    )


def bracket(by_rate: Mapping[float, Sequence[Outcome]], *, slo: Slo) -> Bracket:
    """Where the SLO ceases to hold."""
    rates = sorted(by_rate)
    weights = [sum(outcome.requests for outcome in by_rate[rate]) for rate in rates]
    slow = [sum(outcome.slow for outcome in by_rate[rate]) for rate in rates]
    failed = [sum(outcome.failed for outcome in by_rate[rate]) for rate in rates]
    crossings = [
        _crossing(rates, shares=monotone(counts, weights=weights), limit=limit)
        for counts, limit in ((slow, SLOW_ALLOWED), (failed, slo.error_rate))
    ]
    totals = [Outcome(*columns) for columns in zip(rates, weights, slow, failed, strict=True)]
    highest_holding = max((total.rate for total in totals if total.holds(slo)), default=0.0)
    return Bracket(
        rate=None if None in crossings else min(rate for rate in crossings if rate is not None),
        broken=min((rate for rate in rates if rate > highest_holding), default=None),
    )


def monotone(counts: Sequence[int], *, weights: Sequence[int]) -> list[float]:
    """The shares counts / weights, made non-decreasing by pooling neighbors that are out of order."""
    pools: list[tuple[float, float, int]] = []
    for count, weight in zip(counts, weights, strict=True):
        pool = (float(count), float(weight), 1)
        while pools and pools[-1][0] * pool[1] > pool[0] * pools[-1][1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    return [total / weight if weight else 0.0 for total, weight, size in pools for _number in range(size)]


def knee(points: Sequence[tuple[float, float]]) -> float | None:
    """The rate at which the curve of (rate, milliseconds) bends most: the point farthest below the straight line from
    its first to its last point, both axes scaled to one (Satopaa et al., "Finding a Kneedle in a Haystack", 2011).
    None with fewer than four rates or a curve that does not rise."""
    ordered = sorted(points)
    if len(ordered) < 4 or ordered[-1][1] <= ordered[0][1]:
        return None
    (low_x, low_y), (high_x, high_y) = ordered[0], ordered[-1]
    gaps = [((x - low_x) / (high_x - low_x) - (y - low_y) / (high_y - low_y), x) for x, y in ordered]
    gap, rate = max(gaps)
    return rate if gap > 0 else None


def _crossing(rates: Sequence[float], *, shares: Sequence[float], limit: float) -> float | None:
    """Where non-decreasing shares pass the limit; the last rate when they never do, None when they begin beyond it."""
    if not rates or shares[0] > limit:
        return None
    for (rate, share), (next_rate, next_share) in pairwise(zip(rates, shares, strict=True)):
        if next_share > limit:
            return rate + (limit - share) / (next_share - share) * (next_rate - rate)
    return rates[-1]


def _redraw(by_rate: Mapping[float, Sequence[Outcome]], *, random: Random) -> dict[float, list[Outcome]]:
    return {rate: random.choices(windows, k=len(windows)) for rate, windows in by_rate.items()}
