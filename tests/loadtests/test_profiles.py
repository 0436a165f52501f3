"""The course of the load follows the plan and ends with it."""

import math
from random import Random

import pytest

from core.loadtests.generator.profiles import FixedCourse
from core.loadtests.report.capacity import estimate
from core.loadtests.values import Plan, Profile, Slo, Stage
from tests.loadtests.queues import OneServer, search
from tests.loadtests.windows import plan_of

SLO = Slo(p99_ms=50)


def stages_of(plan: Plan) -> list[Stage]:
    course = FixedCourse(plan)
    stages = []
    while (stage := course.next(None, fit=True, elapsed=0.0)) is not None:
        stages.append(stage)
    return stages


@pytest.mark.parametrize("profile", [Profile.SMOKE, Profile.STEP, Profile.SPIKE, Profile.SOAK])
@pytest.mark.parametrize("seconds", [5, 10, 31])
def test_the_stages_fill_the_time_of_the_plan_and_the_first_one_is_not_counted(
    profile: Profile, seconds: float
) -> None:
    stages = stages_of(plan_of(profile=profile, seconds=seconds))
    assert sum(stage.seconds for stage in stages) == pytest.approx(seconds)
    assert stages[0].settle == stages[0].seconds
    assert all(stage.settle == 0 for stage in stages[1:])
    assert max(stage.rate for stage in stages) == 200


def test_steps_rise_and_a_spike_comes_down_again() -> None:
    steps = [stage.rate for stage in stages_of(plan_of(profile=Profile.STEP, seconds=21))]
    assert steps == sorted(steps)
    spike = [stage.rate for stage in stages_of(plan_of(profile=Profile.SPIKE, seconds=21))]
    assert spike[0] == spike[-1] == 40


def test_a_search_measures_around_the_knee_several_times() -> None:
    server = OneServer(1_000, random=Random(2))
    outcomes = search(server, slo=SLO, top=4_000).outcomes
    truth = server.capacity(SLO)
    close = [outcome for outcome in outcomes if abs(outcome.rate / truth - 1) < 0.25]
    assert len(close) >= 8
    assert len({outcome.rate for outcome in close}) >= 3


def test_a_search_descends_when_even_the_first_rate_is_too_much() -> None:
    server = OneServer(150, random=Random(2))
    outcomes = search(server, slo=SLO, top=4_000).outcomes
    assert min(outcome.rate for outcome in outcomes) < server.capacity(SLO)


def test_a_search_stops_where_the_generator_is_not_fit_and_counts_nothing_from_there() -> None:
    course = search(OneServer(3_000, random=Random(2)), slo=SLO, top=4_000, fit_to=900)
    assert max(outcome.rate for outcome in course.outcomes) <= 900
    assert max(outcome.rate for outcome in course.outcomes) >= 900 / 1.2
    capacity = estimate(course.outcomes, slo=SLO, random=Random(1))
    assert capacity.rate == max(outcome.rate for outcome in course.outcomes)
    assert capacity.high is None


def test_a_search_with_a_generator_that_is_never_fit_ends_at_once() -> None:
    course = search(OneServer(3_000, random=Random(2)), slo=SLO, top=4_000, fit_to=0)
    assert course.outcomes == []
    assert len(course.unfit) <= 3


@pytest.mark.parametrize("seconds", [10, 20, 45])
def test_a_search_keeps_to_its_time(seconds: float) -> None:
    """`search` itself checks the end; a longer search measures more."""
    course = search(OneServer(900, random=Random(2)), slo=SLO, top=2_000, seconds=seconds)
    assert len(course.outcomes) <= seconds / 2.3
    assert math.isclose(course.outcomes[0].rate, 125)
