"""How sure a percentile is. A percentile of n requests is itself a measurement; its interval comes from the order of
the samples alone and assumes nothing about the shape of the response times."""

import math
from functools import lru_cache

CONFIDENCE = 0.95


@lru_cache(maxsize=256)
def rank_interval(samples: int, *, fraction: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (from 1) whose order statistics enclose the percentile with at least `confidence`, or None when there are
    too few samples for two such ranks to exist (for the 99th percentile at 95 %: fewer than 368).

    The number of samples below the true percentile is binomial(n, fraction), so P(X_(l) <= x < X_(u)) = P(l <= B <
    u); each tail keeps at most (1 - confidence) / 2. H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed.,
    section 7.1. Requests are taken as independent; in a queue they are not quite, so a single run's interval is a
    little too narrow.
    """
    tail = (1 - confidence) / 2
    low = _first_rank_above(samples, fraction=fraction, probability=tail)
    high = _first_rank_above(samples, fraction=fraction, probability=1 - tail) + 1
    return (low, high) if low >= 1 and high <= samples else None


def fewest_samples(fraction: float, *, confidence: float = CONFIDENCE) -> int:
    """The fewest samples with which the percentile has an interval: both extremes must be able to miss it."""
    tail = (1 - confidence) / 2
    rarer = max(fraction, 1 - fraction)
    return math.floor(math.log(tail) / math.log(rarer)) + 1


def _first_rank_above(samples: int, *, fraction: float, probability: float) -> int:
    """The smallest k with P(B <= k) > probability, B binomial(samples, fraction)."""
    spread = math.sqrt(samples * fraction * (1 - fraction))
    # Beyond 40 standard deviations nothing is left that a double could add.
    rank = max(0, int(samples * fraction - 40 * spread))
    cumulated = 0.0
    while rank <= samples:
        cumulated += _binomial(samples, rank=rank, fraction=fraction)
        if cumulated > probability:
            return rank
        rank += 1
    return samples


def _binomial(samples: int, *, rank: int, fraction: float) -> float:
    ways = math.lgamma(samples + 1) - math.lgamma(rank + 1) - math.lgamma(samples - rank + 1)
    return math.exp(ways + rank * math.log(fraction) + (samples - rank) * math.log1p(-fraction))
