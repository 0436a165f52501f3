"""The capacity that a search finds is that of the queue it was run against, and its interval knows how sure it is."""

from random import Random

import pytest

from core.loadtests.report.capacity import Outcome, estimate, knee, monotone
from core.loadtests.values import Capacity, Slo
from tests.loadtests.queues import OneServer, search

SLO = Slo(p99_ms=50)


def measured(*rows: tuple[float, int, int], failed: int = 0, slo: Slo = SLO) -> Capacity:
    """An estimate from (rate, requests, slow)."""
    outcomes = [Outcome(rate=rate, requests=requests, slow=slow, failed=failed) for rate, requests, slow in rows]
    return estimate(outcomes, slo=slo, random=Random(1))


@pytest.mark.parametrize(("speed", "p99_ms", "top"), [(2_000, 50, 4_000), (800, 20, 4_000), (1_200, 10, 2_000)])
def test_the_capacity_of_a_queue_is_found_and_enclosed(speed: float, p99_ms: float, top: float) -> None:
    """Against the M/M/1 queue, whose answer is known. Windows of two seconds begin at rest, which flatters a queue by a
    few percent, so the truth may lie 5 % outside the interval."""
    slo, missed = Slo(p99_ms=p99_ms), 0
    for seed in range(12):
        server = OneServer(speed, random=Random(seed))
        capacity = estimate(search(server, slo=slo, top=top).outcomes, slo=slo, random=Random(seed))
        truth = server.capacity(slo)
        assert capacity.rate == pytest.approx(truth, rel=0.35)
        missed += (capacity.low or 0) > truth * 1.05 or (capacity.high or truth) < truth * 0.95
    assert missed <= 2


def test_a_target_that_halts_now_and_then_gets_a_wide_interval() -> None:
    def width(halt: float) -> float:
        total = 0.0
        for seed in range(6):
            server = OneServer(2_000, random=Random(seed), halt=halt, halt_every=5)
            capacity = estimate(search(server, slo=SLO, top=4_000).outcomes, slo=SLO, random=Random(seed))
            total += (capacity.high or 4_000) - (capacity.low or 0)
        return total

    assert width(0.1) > 1.5 * width(0.0)


def test_a_rate_that_always_holds_has_no_upper_end() -> None:
    capacity = measured((100, 200, 0), (200, 400, 0), (200, 400, 1))
    assert (capacity.rate, capacity.high) == (200, None)


def test_a_target_that_never_holds_has_no_capacity() -> None:
    capacity = measured((100, 200, 50), (25, 50, 30))
    assert (capacity.rate, capacity.low, capacity.high) == (None, None, 25)


def test_failures_bound_the_capacity_as_slowness_does() -> None:
    outcomes = [Outcome(100, 1_000, 0, 0), Outcome(200, 1_000, 5, 5), Outcome(400, 1_000, 9, 9)]
    capacity = estimate(outcomes, slo=Slo(p99_ms=50, error_rate=0.001), random=Random(1))
    assert capacity.rate == pytest.approx(120)
    assert capacity.high == 200


def test_a_rate_that_broke_below_one_that_held_makes_the_interval_wide() -> None:
    """Something beside the load disturbed the target at 300 per second, for a while."""
    calm = [
        (100.0, 200, 0),
        (200.0, 400, 0),
        (400.0, 800, 0),
        (400.0, 800, 0),
        (500.0, 1_000, 400),
        (500.0, 1_000, 300),
    ]
    quiet, disturbed = measured(*calm), measured(*calm, (300.0, 600, 280), (300.0, 600, 250))
    assert quiet.low is not None
    assert disturbed.low is not None
    assert (quiet.low, quiet.high) == (pytest.approx(402, abs=2), 500)
    assert (disturbed.low, disturbed.high) == (pytest.approx(202, abs=3), 500)


def test_the_same_measurements_give_the_same_interval() -> None:
    rows = [(100.0, 300, 0), (200.0, 600, 3), (300.0, 900, 4), (300.0, 900, 40), (400.0, 1_200, 300)]
    assert measured(*rows) == measured(*rows)


def test_shares_out_of_order_are_pooled_by_their_weight() -> None:
    assert monotone([1, 4, 0, 9], weights=[10, 10, 10, 10]) == pytest.approx([0.1, 0.2, 0.2, 0.9])
    assert monotone([5, 0], weights=[10, 30]) == pytest.approx([0.125, 0.125])
    assert monotone([0, 0], weights=[0, 0]) == [0.0, 0.0]


def test_the_knee_is_where_the_curve_bends() -> None:
    flat_then_steep = [(rate, 5.0 if rate <= 800 else 5 + (rate - 800) * 0.5) for rate in range(100, 1_300, 100)]
    assert knee(flat_then_steep) == 800
    assert knee([(100, 5), (200, 5), (300, 5), (400, 4)]) is None
    assert knee([(100, 5), (200, 50)]) is None
