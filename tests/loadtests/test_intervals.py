"""The interval of a percentile encloses the true one as often as it says."""

from random import Random

import pytest

from core.loadtests.report.intervals import fewest_samples, rank_interval


def test_a_99th_percentile_takes_368_samples() -> None:
    assert fewest_samples(0.99) == 368
    assert rank_interval(367, fraction=0.99) is None
    assert rank_interval(368, fraction=0.99) is not None


def test_the_ranks_of_the_median_are_those_of_the_tables() -> None:
    """David and Nagaraja, and every table of the sign test: 10 samples at 95 % give the second and the ninth."""
    assert rank_interval(10, fraction=0.5) == (2, 9)
    assert rank_interval(5, fraction=0.5) is None
    assert rank_interval(6, fraction=0.5) == (1, 6)


@pytest.mark.parametrize(("samples", "fraction"), [(400, 0.99), (2_000, 0.99), (200, 0.5), (1_000, 0.9)])
def test_at_least_95_of_100_intervals_enclose_the_truth(samples: int, fraction: float) -> None:
    ranks = rank_interval(samples, fraction=fraction)
    assert ranks is not None
    random, rounds, enclosed = Random(11), 600, 0
    for _round in range(rounds):
        times = sorted(random.random() for _n in range(samples))
        enclosed += times[ranks[0] - 1] <= fraction <= times[ranks[1] - 1]
    assert enclosed / rounds >= 0.93


@pytest.mark.parametrize("samples", [1_000, 50_000, 3_000_000])
def test_many_samples_are_no_trouble_and_narrow_the_interval(samples: int) -> None:
    ranks = rank_interval(samples, fraction=0.99)
    assert ranks is not None
    spread = 1.96 * (samples * 0.99 * 0.01) ** 0.5
    assert ranks[0] == pytest.approx(0.99 * samples - spread, abs=3)
    assert ranks[1] == pytest.approx(0.99 * samples + spread, abs=3)
