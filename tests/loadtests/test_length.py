"""A test that is too short for its 99th percentile is refused before it runs, and the shortest one that is accepted
has enough requests."""

from random import Random

import pytest

from core.foundation.errors import Invalid
from core.loadtests.generator.arrivals import Ceiling, arrivals
from core.loadtests.generator.length import fewest_seconds
from core.loadtests.generator.profiles import course_of
from core.loadtests.plans import USUAL, check_length
from core.loadtests.report.intervals import fewest_samples
from core.loadtests.values import Profile
from tests.loadtests.queues import OneServer, search
from tests.loadtests.windows import SLO, plan_of

FIXED = [Profile.SMOKE, Profile.STEP, Profile.SPIKE, Profile.SOAK]


def counted(profile: Profile, rate: float, seconds: float, seed: int) -> int:
    """How many requests of a course count, by chance and under its cap."""
    plan = plan_of(profile=profile, rate=rate, rate_cap=rate, seconds=seconds)
    course, random, ceiling = course_of(plan, slo=SLO, random=Random(1)), Random(seed), Ceiling(rate)
    sent, start = 0, 0.0
    while (stage := course.next(None, fit=True, elapsed=0.0)) is not None:
        for due in arrivals(
            stage.rate, start=start, seconds=stage.seconds, spacing="poisson", random=random, ceiling=ceiling
        ):
            ceiling.take(due)
            sent += due >= start + stage.settle
        start += stage.seconds
    return sent


@pytest.mark.parametrize("profile", FIXED)
@pytest.mark.parametrize("rate", [2, 40, 150])
def test_the_shortest_test_has_enough_requests_for_a_percentile(profile: Profile, rate: float) -> None:
    shortest = fewest_seconds(profile, rate=rate)
    assert shortest is not None
    needed = fewest_samples(0.99)
    assert all(counted(profile, rate, shortest, seed) >= needed for seed in range(40))
    assert counted(profile, rate, shortest * 0.6, seed=1) < needed


def test_the_shortest_search_fills_a_rate() -> None:
    rate = 400.0
    shortest = fewest_seconds(Profile.CAPACITY, rate=rate)
    assert shortest is not None
    course = search(OneServer(5_000, random=Random(2)), slo=SLO, top=rate, seconds=shortest)
    by_rate = {outcome.rate: outcome.requests for outcome in course.outcomes}
    assert max(by_rate.values()) >= fewest_samples(0.99)
    assert fewest_seconds(Profile.CAPACITY, rate=20) is None


def test_too_few_requests_are_refused_with_what_it_takes() -> None:
    with pytest.raises(Invalid, match="too few for a 99th percentile") as refusal:
        check_length(plan_of(profile=Profile.STEP, rate=40, seconds=10))
    assert (refusal.value.field, refusal.value.hint) == ("seconds", "Take at least 20 s, or a higher rate.")
    with pytest.raises(Invalid) as refusal:
        check_length(plan_of(profile=Profile.CAPACITY, rate=20, seconds=600))
    assert (refusal.value.field, refusal.value.hint) == ("rate", "Take a higher rate.")


@pytest.mark.parametrize("profile", list(Profile))
def test_what_a_profile_asks_for_by_itself_is_long_enough(profile: Profile) -> None:
    rate, seconds = USUAL[profile]
    check_length(plan_of(profile=profile, rate=rate, rate_cap=rate, seconds=seconds))
