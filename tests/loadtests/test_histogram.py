"""A percentile from buckets is the percentile of the times themselves, to three digits."""

import math
from itertools import pairwise
from random import Random

import pytest

from core.loadtests.report.histogram import Histogram, bucket_of, middle_of


def test_times_below_two_milliseconds_are_exact_to_the_microsecond() -> None:
    assert [middle_of(bucket_of(us)) for us in range(2_048)] == [float(us) for us in range(2_048)]


def test_no_time_is_moved_by_more_than_a_tenth_of_a_percent() -> None:
    random = Random(3)
    for _n in range(20_000):
        us = int(10 ** random.uniform(0, 8))
        assert abs(middle_of(bucket_of(us)) - us) <= max(0.5, us * 0.001)


def test_buckets_are_in_order_and_leave_no_gap() -> None:
    buckets = [bucket_of(us) for us in range(200_000)]
    steps = {after - before for before, after in pairwise(buckets)}
    assert steps == {0, 1}


@pytest.mark.parametrize("fraction", [0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("samples", [1, 7, 100, 1_000, 12_345])
def test_a_percentile_is_the_nearest_rank_of_the_sorted_times(fraction: float, samples: int) -> None:
    random = Random(samples)
    times = [random.lognormvariate(2, 1) for _n in range(samples)]
    histogram = Histogram()
    for time in times:
        histogram.add(time / 1e3)
    rank = math.ceil(round(fraction * samples, 9))
    percentile = histogram.percentile(fraction)
    assert percentile == pytest.approx(sorted(times)[rank - 1], rel=0.002, abs=0.002)


def test_two_histograms_merge_into_that_of_all_times() -> None:
    first, second, both = Histogram(), Histogram(), Histogram()
    for number in range(500):
        (first if number % 3 else second).add(number / 1e4)
        both.add(number / 1e4)
    first.merge(second)
    assert first.counts == both.counts
    assert first.total == 500


def test_an_empty_histogram_has_no_percentile_and_a_clock_read_backwards_counts_as_zero() -> None:
    histogram = Histogram()
    assert histogram.percentile(0.99) is None
    histogram.add(-0.001)
    assert histogram.percentile(0.99) == 0.0
    with pytest.raises(LookupError):
        histogram.at_rank(2)
