"""A generator that is late itself does not flatter the target: time runs from the moment a request was due."""

import time

from core.loadtests.generator.http_client import Answer
from core.loadtests.generator.open_model import Generator
from core.loadtests.report.histogram import Histogram
from core.loadtests.values import Slo
from tests.loadtests.windows import plan_of

HALT, HALT_AT = 0.4, 150


class HaltingClient:
    """Answers at once, and halts the whole generator once, as a collection of garbage would."""

    def __init__(self) -> None:
        self.posted = 0

    def post(self, _body: bytes) -> Answer:
        self.posted += 1
        if self.posted == HALT_AT:
            time.sleep(HALT)
        return Answer(200, b"HTTP/1.1 200 OK\r\n\r\n")


def test_requests_that_leave_late_are_timed_from_when_they_were_due() -> None:
    """At 100 per second some forty requests were due during the halt; each waited for its end, and none for the
    target."""
    plan = plan_of(rate=100, rate_cap=200, seconds=3, in_flight=100, spacing="constant")
    generator = Generator(plan, slo=Slo(p99_ms=50), client=HaltingClient(), bodies=[b""], emit=lambda _point: None)  # type: ignore[arg-type]
    windows = generator.run()
    response = sum_of([window.response for window in windows])
    lag = sum_of([window.lag for window in windows])
    service = sum_of([window.service for window in windows])
    assert (service.percentile(0.5) or 0) < HALT * 1e3 / 10
    assert (response.percentile(0.99) or 0) >= HALT * 1e3 * 0.7
    assert (lag.percentile(0.99) or 0) >= HALT * 1e3 * 0.7
    assert sum(window.slow for window in windows) >= 25


def sum_of(counts: list[dict[int, int]]) -> Histogram:
    merged = Histogram()
    for histogram_counts in counts:
        merged.merge(Histogram(histogram_counts))
    return merged
