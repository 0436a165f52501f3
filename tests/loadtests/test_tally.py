"""Failing is never fast: whatever got no good answer counts as slow as the time limit."""

import pytest

from core.loadtests.generator.http_client import Answer, Failure
from core.loadtests.generator.tally import Tally
from core.loadtests.report.histogram import Histogram
from core.loadtests.values import Stage

TIMEOUT = 2.0


def tally_of() -> Tally:
    return Tally(Stage(rate=100, seconds=1), slo_seconds=0.05, timeout=TIMEOUT)


@pytest.mark.parametrize(
    "outcome", [Failure("connection refused"), Answer(503, b""), Answer(404, b""), Answer(301, b"")]
)
def test_a_failed_request_counts_as_slow_as_the_time_limit(outcome: Answer | Failure) -> None:
    tally = tally_of()
    tally.count_due(is_dropped=False)
    tally.count(outcome, response=0.001, service=0.001)
    window = tally.window()
    for times in (window.response, window.service):
        assert Histogram(times).percentile(0.5) == pytest.approx(TIMEOUT * 1e3, rel=0.001)
    assert (window.slow, sum(window.failures.values())) == (1, 1)
    assert tally.outcome().failed == 1


def test_a_failure_that_took_longer_than_the_limit_counts_with_its_own_time() -> None:
    tally = tally_of()
    tally.count(Failure("no answer in time"), response=3.0, service=2.5)
    assert tally.response.percentile(0.5) == pytest.approx(3_000, rel=0.001)
    assert tally.service.percentile(0.5) == pytest.approx(2_500, rel=0.001)


def test_a_request_that_was_dropped_counts_as_slow_as_the_time_limit() -> None:
    tally = tally_of()
    tally.count_due(is_dropped=True)
    assert tally.response.percentile(0.5) == pytest.approx(TIMEOUT * 1e3, rel=0.001)
    assert (tally.due, tally.sent, tally.slow, tally.dropped) == (1, 0, 1, 1)


def test_a_good_answer_counts_with_the_time_it_took() -> None:
    tally = tally_of()
    for response in (0.05, 0.051):
        tally.count(Answer(200, b""), response=response, service=0.01)
    assert tally.slow == 1
    assert tally.service.percentile(0.5) == pytest.approx(10, rel=0.001)
    assert tally.failures.total() == 0
