"""How long a test must last so that its report can say anything about the slowest requests: asked before it runs, since
one that was too short is INVALID afterwards."""

from collections import Counter
from math import ceil
from random import Random

from core.loadtests.generator.profiles import WARM_UP, course_of
from core.loadtests.report.capacity import Outcome
from core.loadtests.report.intervals import fewest_samples
from core.loadtests.values import LONGEST_SECONDS, Plan, Profile, Slo

# Arrivals are random, and the cap takes some away: more of them where few come in a window.
MORE, MORE_OF_FEW = 1.2, 0.6
# A search waits for the last answers of each window.
BETWEEN = 0.1
ANY_SLO = Slo(p99_ms=100)


def fewest_seconds(profile: Profile, *, rate: float) -> int | None:
    """In so many seconds a course that peaks at `rate` sends enough requests for a 99th percentile; None where it never
    does. A search is taken to be answered in time at every rate."""
    needed = (MORE + MORE_OF_FEW / rate) * fewest_samples(0.99)
    seconds = _search(rate, needed=needed) if profile is Profile.CAPACITY else _fixed(profile, rate, needed=needed)
    return ceil(seconds) if seconds is not None and seconds <= LONGEST_SECONDS else None


def _plan(profile: Profile, rate: float) -> Plan:
    return Plan(profile=profile, rate=rate, rate_cap=rate, seconds=LONGEST_SECONDS, in_flight=1)


def _fixed(profile: Profile, rate: float, *, needed: float) -> float:
    """After the warm-up all of them count together, in proportion to the time."""
    course, counted = course_of(_plan(profile, rate), slo=ANY_SLO, random=Random(1)), 0.0
    while (stage := course.next(None, fit=True, elapsed=0.0)) is not None:
        counted += stage.rate * (stage.seconds - stage.settle)
    return WARM_UP + needed * (LONGEST_SECONDS - WARM_UP) / counted


def _search(rate: float, *, needed: float) -> float | None:
    """Each rate counts for itself."""
    course, elapsed, last = course_of(_plan(Profile.CAPACITY, rate), slo=ANY_SLO, random=Random(1)), 0.0, None
    counted: Counter[float] = Counter()
    while (stage := course.next(last, fit=True, elapsed=elapsed)) is not None:
        requests = stage.rate * (stage.seconds - stage.settle)
        counted[stage.rate] += round(requests)
        elapsed += stage.seconds + BETWEEN
        if counted[stage.rate] >= needed:
            return elapsed
        last = Outcome(rate=stage.rate, requests=round(requests), slow=0, failed=0)
    return None
