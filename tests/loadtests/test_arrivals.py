"""Arrivals come as planned, do not wait for anyone, and never exceed the cap."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from statistics import mean, pstdev

import pytest

from core.loadtests.generator.arrivals import Ceiling, Spacing, arrivals


def sent_at(
    rate: float, *, cap: float, seconds: float, spacing: Spacing = "poisson", lateness: Sequence[float] = (0.0,)
) -> list[float]:
    """When requests leave if the sender is late by one of `lateness`, by chance."""
    random, ceiling, sent = Random(5), Ceiling(cap), [0.0]
    for due in arrivals(rate, start=0.0, seconds=seconds, spacing=spacing, random=random, ceiling=ceiling):
        sent.append(max(sent[-1], due + random.choice(lateness)))
        ceiling.take(sent[-1])
    return sent[1:]


def most_in_a_second(moments: Sequence[float]) -> int:
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_poisson_arrivals_have_the_rate_and_the_spread_of_chance() -> None:
    moments = sent_at(200, cap=400, seconds=100)
    gaps = [after - before for before, after in pairwise(moments)]
    assert len(moments) == pytest.approx(20_000, rel=0.03)
    assert pstdev(gaps) == pytest.approx(mean(gaps), rel=0.05)


def test_constant_arrivals_are_evenly_spaced() -> None:
    moments = sent_at(50, cap=100, seconds=10, spacing="constant")
    assert len(moments) == pytest.approx(500, abs=1)
    assert moments[0] == pytest.approx(0.02)


@pytest.mark.parametrize("rate", [1, 3, 10, 33, 100, 997, 3_000])
@pytest.mark.parametrize("spacing", ["poisson", "constant"])
def test_no_second_exceeds_the_cap_by_more_than_five_percent(rate: float, spacing: Spacing) -> None:
    """Whatever is asked for, and also after the sender was halted and is late with everything."""
    for wanted in (rate, 5 * rate):
        moments = sent_at(wanted, cap=rate, seconds=20, spacing=spacing, lateness=(0.0, 0.0, 0.001, 0.02, 1.5))
        assert most_in_a_second(moments) <= max(1, rate * 1.05)


@pytest.mark.parametrize("rate", [20, 100, 1_000])
def test_the_cap_takes_little_from_a_rate_that_keeps_to_it(rate: float) -> None:
    assert len(sent_at(rate, cap=rate, seconds=50)) >= 0.9 * rate * 50


def test_the_end_of_a_stage_is_kept() -> None:
    assert max(sent_at(100, cap=20, seconds=5)) < 5
