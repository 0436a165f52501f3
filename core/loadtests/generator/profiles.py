"""The course of the load: fixed ones are written down beforehand, the capacity search decides after each window."""

from collections.abc import Iterator, Sequence
from math import sqrt
from random import Random
from typing import Protocol

from core.loadtests.report.capacity import Outcome
from core.loadtests.values import Plan, Profile, Slo, Stage

WARM_UP = 1.0
STEPS = (0.2, 0.4, 0.6, 0.8, 1.0)
SPIKE = ((0.2, 0.4), (1.0, 0.2), (0.2, 0.4))
SETTLE = 0.3
FIRST_SHARE = 1 / 16
GROWTH = 2.0
DESCENT = 4.0
CLOSE_ENOUGH = 1.1
REPEATS = 4
STEP_ABOVE = 1.15
UNFIT_TRIES = 2


class Course(Protocol):
    """Gives the stages one by one. With `waits` the next one begins only when all requests of the last are answered."""

    waits: bool

    def next(self, last: Outcome | None, *, fit: bool, elapsed: float) -> Stage | None:
        """The next stage, or None at the end. `last` is what the one before has shown, `fit` whether the generator was
        well enough for that to count, `elapsed` how many seconds of the plan are over."""


class FixedCourse:
    """Stages that are known beforehand, without a pause between them."""

    waits = False

    def __init__(self, plan: Plan) -> None:
        self._stages = _fixed_stages(plan)

    def next(self, last: Outcome | None, *, fit: bool, elapsed: float) -> Stage | None:
        return next(self._stages, None)


class CapacitySearch:
    """Doubles the rate until the SLO breaks twice, halves the gap until it is within 10 %, then measures the rates
    around the knee again, in changing order, until each has four windows. The plan's time ends it earlier."""

    waits = True

    def __init__(self, plan: Plan, *, slo: Slo, random: Random) -> None:
        self.plan = plan
        self.slo = slo
        self.random = random
        self.outcomes: list[Outcome] = []
        self.unfit: list[float] = []
        self._rate = 0.0
        self._around: list[float] = []
        self._climbing = True

    def next(self, last: Outcome | None, *, fit: bool, elapsed: float) -> Stage | None:
        if last is not None and fit:
            self.outcomes.append(last)
        elif last is not None:
            self.unfit.append(last.rate)
        rate = self._next_rate()
        seconds = self.plan.window_seconds + SETTLE
        if rate is None or elapsed + seconds > self.plan.seconds:
            return None
        self._rate = rate
        return Stage(rate=rate, seconds=seconds, settle=SETTLE)

    def _next_rate(self) -> float | None:
        if self._climbing and (rate := self._climb()) is not None:
            return rate
        self._climbing = False
        return self._halve() or self._repeat()

    def _climb(self) -> float | None:
        """The next higher rate; the same again after a first failure; a lower one while none has held; None when the
        top is known."""
        if not self._rate:
            return max(1.0, self.plan.rate * FIRST_SHARE)
        if self._is_open(self._rate):
            return self._rate
        low, high = self._ends()
        if low is None:
            return self._rate / DESCENT if self._rate >= DESCENT and self._windows(self._rate) else None
        higher = min(self._rate * GROWTH, self.plan.rate)
        return None if high is not None or self._rate >= self.plan.rate else higher

    def _halve(self) -> float | None:
        low, high = self._ends()
        if low is None or high is None or high / low <= CLOSE_ENOUGH or self._around:
            return None
        middle = round(sqrt(low * high), 1)
        return None if middle in (low, high) else middle

    def _repeat(self) -> float | None:
        """The rate around the knee with the fewest windows, chance deciding between equals."""
        self._around = self._around or self._rates_around()
        self._extend()
        waiting = [
            (len(self._windows(rate)), self.random.random(), rate)
            for rate in self._around
            if len(self._windows(rate)) < REPEATS and not self._is_too_much(rate)
        ]
        return min(waiting)[2] if waiting else None

    def _rates_around(self) -> list[float]:
        low, high = self._ends()
        if low is None:
            return sorted({outcome.rate for outcome in self.outcomes})[:2]
        return [round(low * 0.9, 1), low, *([] if high is None else [high])]

    def _extend(self) -> None:
        """A top that held at least once does not bound the capacity from above: a higher rate may."""
        top = self._around[-1] if self._around else 0.0
        results = [outcome.holds(self.slo) for outcome in self._windows(top)]
        if len(results) > 1 and any(results) and top * STEP_ABOVE <= self.plan.rate:
            self._around.append(round(top * STEP_ABOVE, 1))

    def _ends(self) -> tuple[float | None, float | None]:
        """The highest rate that held, and the lowest above it that broke or was too much for the generator."""
        too_much = {rate for rate in self.unfit if self._is_too_much(rate)}
        rates = sorted({outcome.rate for outcome in self.outcomes} | too_much)
        beyond = [rate for rate in rates if rate in too_much or not self._holds_slo(rate)]
        holding = [rate for rate in rates if rate not in beyond and (not beyond or rate < beyond[0])]
        return (holding[-1] if holding else None), (beyond[0] if beyond else None)

    def _windows(self, rate: float) -> Sequence[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.rate == rate]

    def _holds_slo(self, rate: float) -> bool:
        """All windows of a rate taken together, but one good window out of two forgives the first."""
        windows = self._windows(rate)
        return 2 * sum(outcome.holds(self.slo) for outcome in windows) >= len(windows)

    def _is_open(self, rate: float) -> bool:
        """One more window is needed at this rate: none counted so far, or the only one broke."""
        windows = self._windows(rate)
        missing = not windows or (len(windows) == 1 and not self._holds_slo(rate))
        return missing and not self._is_too_much(rate)

    def _is_too_much(self, rate: float) -> bool:
        """The generator itself was not fit at this rate, twice, and never fit."""
        return self.unfit.count(rate) >= UNFIT_TRIES and not self._windows(rate)


def course_of(plan: Plan, *, slo: Slo, random: Random) -> Course:
    if plan.profile is Profile.CAPACITY:
        return CapacitySearch(plan, slo=slo, random=random)
    return FixedCourse(plan)


def _fixed_stages(plan: Plan) -> Iterator[Stage]:
    yield Stage(rate=_shape(plan)[0][0], seconds=WARM_UP, settle=WARM_UP)
    for rate, seconds in _shape(plan):
        windows = max(1, round(seconds / plan.window_seconds))
        for _window in range(windows):
            yield Stage(rate=rate, seconds=seconds / windows)


def _shape(plan: Plan) -> list[tuple[float, float]]:
    """The rates and how long each lasts; together the plan's time less the warm-up."""
    seconds = plan.seconds - WARM_UP
    if plan.profile is Profile.STEP:
        return [(plan.rate * share, seconds / len(STEPS)) for share in STEPS]
    if plan.profile is Profile.SPIKE:
        return [(plan.rate * share, seconds * part) for share, part in SPIKE]
    return [(plan.rate, seconds)]
