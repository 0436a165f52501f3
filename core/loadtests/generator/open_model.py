"""The open-model generator: a greenlet for every request that is due, timed from the moment it was due. Runs inside
Locust, one process, one core; what it costs is measured beside what it measures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from time import perf_counter, process_time

import gevent
from gevent.pool import Pool

from core.loadtests.generator.arrivals import Ceiling, arrivals
from core.loadtests.generator.http_client import Answer, Client, Failure
from core.loadtests.generator.profiles import course_of
from core.loadtests.generator.tally import Tally
from core.loadtests.report.validity import is_fit
from core.loadtests.values import Plan, SeriesPoint, Slo, Stage, Window

CATCH_UP = 32
HEAD_START = 0.1
REST_AFTER_OVERLOAD = 0.5
SILENCE = 3
A_SECOND = Stage(rate=0, seconds=1)
Emit = Callable[[SeriesPoint], None]


class Generator:
    """Runs one plan. `emit` is given each second that has passed."""

    def __init__(self, plan: Plan, *, slo: Slo, client: Client, bodies: Sequence[bytes], emit: Emit) -> None:
        self.plan, self.slo, self.client, self.bodies, self.emit = plan, slo, client, bodies, emit
        self.random = Random(plan.seed)
        self.pool = Pool(plan.in_flight)
        self.ceiling = Ceiling(plan.rate_cap)
        self.tallies: list[Tally] = []
        self.second = self._tally(A_SECOND)
        self.seconds = self.posted = 0
        self.has_answered = self.is_stopped = False

    def run(self) -> tuple[Window, ...]:
        """The windows of the whole test, once every request has been answered or given up."""
        watch = gevent.spawn(self._report_seconds)
        course = course_of(self.plan, slo=self.slo, random=self.random)
        begin = start = perf_counter() + HEAD_START
        stage = course.next(None, fit=True, elapsed=0.0)
        while stage is not None and not self.is_stopped:
            tally = self._run_stage(stage, start=start)
            start = max(start + stage.seconds, self._at_rest(tally)) if course.waits else start + stage.seconds
            fit = not course.waits or is_fit(tally.window(), slo=self.slo, in_flight=self.plan.in_flight)
            stage = course.next(tally.outcome(), fit=fit, elapsed=start - begin)
        self._drain()
        watch.kill()
        return tuple(tally.window() for tally in self.tallies if tally.due)

    def _run_stage(self, stage: Stage, *, start: float) -> Tally:
        """Sends what is due. The first `settle` seconds are counted nowhere."""
        unseen, tally = self._tally(stage), self._tally(stage)
        self._send_all(stage, start=start, seconds=stage.settle, tally=unseen)
        self.tallies.append(tally)
        with _measuring_cpu(tally):
            self._send_all(stage, start=start + stage.settle, seconds=stage.seconds - stage.settle, tally=tally)
        tally.is_over = True
        return tally

    def _send_all(self, stage: Stage, *, start: float, seconds: float, tally: Tally) -> None:
        due_moments = arrivals(
            min(stage.rate, self.plan.rate_cap),
            start=start,
            seconds=seconds,
            spacing=self.plan.spacing,
            random=self.random,
            ceiling=self.ceiling,
        )
        for number, due in enumerate(due_moments):
            _wait_until(due, yields=number % CATCH_UP == 0)
            if self.is_stopped:
                return
            self._send(due, tally=tally)
        _wait_until(start + seconds, yields=True)

    def _send(self, due: float, *, tally: Tally) -> None:
        is_full = self.pool.full()
        for counter in (tally, self.second):
            counter.count_due(is_dropped=is_full)
        if not is_full:
            self.ceiling.take(perf_counter())
            self.posted += 1
            self.pool.spawn(self._exchange, due, tally, self.bodies[self.posted % len(self.bodies)])

    def _exchange(self, due: float, tally: Tally, body: bytes) -> None:
        sent = perf_counter()
        for counter in (tally, self.second):
            counter.count_sent(sent - due)
        outcome = self._answer_to(body)
        now = perf_counter()
        # The second in which the answer came is another one than that in which the request left.
        for counter in (tally, self.second):
            counter.count(outcome, response=now - due, service=now - sent)

    def _answer_to(self, body: bytes) -> Answer | Failure:
        try:
            answer = self.client.post(body)
        except Failure as failure:
            return failure
        self.has_answered = True
        return answer

    def _at_rest(self, tally: Tally) -> float:
        """Waits until the target is at rest again, longer when it was overloaded; the moment from which to go on."""
        self._drain()
        if not tally.outcome().holds(self.slo):
            gevent.sleep(REST_AFTER_OVERLOAD)
        return perf_counter()

    def _drain(self) -> None:
        """Waits for the last answers. What is still open at the time limit has failed."""
        self.pool.join(timeout=self.plan.timeout_ms / 1e3)
        now = perf_counter()
        for greenlet in list(self.pool):
            due, tally, _body = greenlet.args
            tally.count(Failure("no answer before the end"), response=now - due, service=now - due)
        self.pool.kill()

    def _report_seconds(self) -> None:
        start = perf_counter()
        while True:
            used = process_time()
            gevent.sleep(max(0.0, start + self.seconds + 1 - perf_counter()))
            done, self.second = self.second, self._tally(A_SECOND)
            done.cpu = process_time() - used
            self.emit(self._point(done))
            self.seconds += 1
            self.is_stopped = self.seconds >= SILENCE and self.posted > 0 and not self.has_answered

    def _point(self, tally: Tally) -> SeriesPoint:
        return SeriesPoint(
            second=self.seconds,
            offered=tally.due,
            achieved=tally.sent,
            errors=sum(tally.failures.values()),
            p50_ms=tally.response.percentile(0.5),
            p99_ms=tally.response.percentile(0.99),
            in_flight=len(self.pool),
            cpu=tally.cpu,
            lag_p99_ms=tally.lag.percentile(0.99),
        )

    def _tally(self, stage: Stage) -> Tally:
        return Tally(stage, slo_seconds=self.slo.p99_ms / 1e3, timeout=self.plan.timeout_ms / 1e3)


def _wait_until(moment: float, *, yields: bool) -> None:
    """Lets the requests under way go on. Even when late it must yield now and then, or none would ever be answered."""
    ahead = moment - perf_counter()
    if ahead > 0 or yields:
        gevent.sleep(max(0.0, ahead))


@contextmanager
def _measuring_cpu(tally: Tally) -> Iterator[None]:
    used, began = process_time(), perf_counter()
    yield
    tally.cpu = (process_time() - used) / max(perf_counter() - began, 1e-9)
