"""Counts what happens to the requests of one window or one second while it happens."""

from collections import Counter

from core.loadtests.generator.http_client import Answer, Failure
from core.loadtests.report.capacity import Outcome
from core.loadtests.report.histogram import Histogram
from core.loadtests.values import Stage, Window

MICROSECONDS = 1e-6
GOOD = range(200, 300)
DROPPED = "cap of requests in flight reached"


class Tally:
    """One window. A failed or dropped request is counted as slow as the time limit, so that failing is never fast.
    `slo_seconds` is when a request counts as slow, `timeout` the time limit in seconds."""

    def __init__(self, stage: Stage, *, slo_seconds: float, timeout: float) -> None:
        self.stage = stage
        self.slo_seconds = slo_seconds
        self.timeout = timeout
        self.due = self.sent = self.answered = self.slow = self.dropped = 0
        self.failures: Counter[str] = Counter()
        self.digests: Counter[str] = Counter()
        self.response, self.service, self.lag = Histogram(), Histogram(), Histogram()
        self.queue, self.compute = Histogram(), Histogram()
        self.cpu = 0.0
        self.is_over = False

    def count_due(self, *, is_dropped: bool) -> None:
        """A request is due; it is dropped when as many as permitted are unanswered already."""
        self.due += 1
        if is_dropped:
            self.dropped += 1
            self._count_failure(DROPPED, response=self.timeout)

    def count_sent(self, lag: float) -> None:
        """A request left, `lag` seconds after it was due. One that leaves after its window has ended was due and is not
        counted as sent."""
        self.sent += not self.is_over
        self.lag.add(lag)

    def count(self, outcome: Answer | Failure, *, response: float, service: float) -> None:
        """How a request ended: `response` seconds after it was due, `service` seconds after it was sent."""
        if isinstance(outcome, Failure):
            self._count_failure(outcome.cause, response=response)
            self.service.add(max(service, self.timeout))
            return
        self.answered += 1
        if outcome.status not in GOOD:
            self._count_failure(f"status {outcome.status}", response=response)
            self.service.add(max(service, self.timeout))
            return
        self.slow += response > self.slo_seconds
        self.response.add(response)
        self.service.add(service)
        self.digests[outcome.header(b"x-causeway-digest").decode("latin-1")] += 1
        self._count_server_time(outcome)

    def outcome(self) -> Outcome:
        failed = sum(self.failures.values())
        return Outcome(rate=self.stage.rate, requests=self.due, slow=self.slow, failed=failed)

    def window(self) -> Window:
        return Window(
            rate=self.stage.rate,
            seconds=self.stage.seconds - self.stage.settle,
            due=self.due,
            sent=self.sent,
            answered=self.answered,
            slow=self.slow,
            dropped=self.dropped,
            failures=dict(self.failures),
            response=self.response.counts,
            service=self.service.counts,
            lag=self.lag.counts,
            queue=self.queue.counts,
            compute=self.compute.counts,
            digests=dict(self.digests),
            cpu=self.cpu,
        )

    def _count_failure(self, cause: str, *, response: float) -> None:
        self.failures[cause] += 1
        self.slow += 1
        self.response.add(max(response, self.timeout))

    def _count_server_time(self, answer: Answer) -> None:
        for name, histogram in ((b"x-causeway-queue-us", self.queue), (b"x-causeway-compute-us", self.compute)):
            if (value := answer.header(name)).isdigit():
                histogram.add(int(value) * MICROSECONDS)
