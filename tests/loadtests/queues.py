"""Queues whose capacity is known, run in time that costs nothing, so that an estimate can be held against the truth."""

import math
from random import Random

from core.loadtests.generator.profiles import CapacitySearch
from core.loadtests.report.capacity import Outcome
from core.loadtests.values import Plan, Profile, Slo

CAP = 100_000


class OneServer:
    """Poisson arrivals, exponential service at `speed` per second, one server (M/M/1). A halt of `halt` seconds comes
    every `halt_every` seconds, as from a collector of garbage."""

    def __init__(self, speed: float, *, random: Random, halt: float = 0.0, halt_every: float = math.inf) -> None:
        self.speed, self.random, self.halt, self.halt_every = speed, random, halt, halt_every
        self.next_halt = halt_every * random.random()

    def capacity(self, slo: Slo) -> float:
        """Where P(time > t) = exp(-(speed - rate) t) = 1 %."""
        return self.speed - math.log(100) / (slo.p99_ms / 1e3)

    def window(self, rate: float, *, seconds: float, settle: float, slo: Slo) -> Outcome:
        """From rest, as the search leaves it between windows."""
        arrived = free = 0.0
        requests = slow = 0
        self.next_halt -= seconds
        while (arrived := arrived + self.random.expovariate(rate)) < seconds:
            if self.next_halt < 0 and arrived > seconds / 2:
                free, self.next_halt = max(free, arrived) + self.halt, self.halt_every
            free = max(free, arrived) + self.random.expovariate(self.speed)
            if arrived >= settle:
                requests += 1
                slow += (free - arrived) * 1e3 > slo.p99_ms
        return Outcome(rate=rate, requests=requests, slow=slow, failed=0)


def search(
    server: OneServer, *, slo: Slo, top: float, seconds: float = 45.0, fit_to: float = math.inf
) -> CapacitySearch:
    """A whole search. Above `fit_to` per second the generator is not fit."""
    plan = Plan(profile=Profile.CAPACITY, rate=top, seconds=seconds, in_flight=2_000, rate_cap=top)
    course = CapacitySearch(plan, slo=slo, random=server.random)
    elapsed, last, fit = 0.0, None, True
    while (stage := course.next(last, fit=fit, elapsed=elapsed)) is not None:
        last = server.window(stage.rate, seconds=stage.seconds, settle=stage.settle, slo=slo)
        fit = stage.rate <= fit_to
        elapsed += stage.seconds + (0.1 if last.holds(slo) else 1.0)
    assert elapsed <= seconds + 1.0
    return course
