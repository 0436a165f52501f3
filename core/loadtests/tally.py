"""Counts what happens to the requests of one window or one second while it happens."""

from collections import Counter

from core.loadtests.capacity import Outcome
from core.loadtests.histogram import Histogram
from core.loadtests.http_client import Answer
from core.loadtests.values import Stage, Window

MICROSECONDS = 1e-6
GOOD = range(200, 300)


class Tally:
    """One window. A failed or dropped request is counted as slow as the time limit, so that failing is never fast."""

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

    def count_sent(self, lag: float) -> None:
        """A request left. One that leaves after its window has ended was due and is not counted as sent."""
        self.sent += not self.is_over
        self.lag.add(lag)

    def count_dropped(self, cause: str) -> None:
        self.dropped += 1
        self._fail(cause, seconds=self.timeout)

    def count_failure(self, cause: str, *, seconds: float) -> None:
        self.service.add(self.timeout)
        self._fail(cause, seconds=seconds)

    def count_answer(self, answer: Answer, *, response: float, service: float) -> None:
        """`response` since the due moment, `service` since the sending, both in seconds."""
        self.answered += 1
        if answer.status not in GOOD:
            self.count_failure(f"status {answer.status}", seconds=response)
            return
        self.slow += response > self.slo_seconds
        self.response.add(response)
        self.service.add(service)
        self.digests[answer.header(b"x-causeway-digest").decode("latin-1")] += 1
        self._count_server_time(answer)

    def outcome(self) -> Outcome:
        return Outcome(
            rate=self.stage.rate, requests=self.due, slow=self.slow, failed=sum(self.failures.values())
        )

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

    def _fail(self, cause: str, *, seconds: float) -> None:
        self.failures[cause] += 1
        self.slow += 1
        self.response.add(max(seconds, self.timeout))

    def _count_server_time(self, answer: Answer) -> None:
        for name, histogram in ((b"x-causeway-queue-us", self.queue), (b"x-causeway-compute-us", self.compute)):
            if (value := answer.header(name)).isdigit():
                histogram.add(int(value) * MICROSECONDS)
