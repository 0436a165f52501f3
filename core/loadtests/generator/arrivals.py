"""When requests are due. The open model: arrivals do not wait for answers, as users of a service do not wait for each
other; so a stall of the target is felt by every request that was due during it."""

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Literal

Spacing = Literal["poisson", "constant"]
# 3 % and a little more than a second keep what is measured within 5 %, whatever the clocks add.
TOLERANCE = 1.03
A_SECOND = 1.005


class Ceiling:
    """A cap on what is sent in any one second, whatever the schedule says: never more than 5 % above `rate`."""

    def __init__(self, rate: float) -> None:
        self._recent: deque[float] = deque(maxlen=max(1, int(rate * TOLERANCE)))

    def earliest(self, at: float) -> float:
        """The first instant from `at` on at which one more is permitted."""
        is_full = len(self._recent) == self._recent.maxlen
        return max(at, self._recent[0] + A_SECOND) if is_full else at

    def take(self, at: float) -> None:
        """One was sent at this instant."""
        self._recent.append(at)


def arrivals(
    rate: float, *, start: float, seconds: float, spacing: Spacing, random: Random, ceiling: Ceiling
) -> Iterator[float]:
    """The instants at which requests are due, in order, in [start, start + seconds). What the ceiling forbids is due
    later; whoever sends one reports it to the ceiling before asking for the next."""
    due, end = start, start + seconds
    while True:
        due += random.expovariate(rate) if spacing == "poisson" else 1 / rate
        permitted = ceiling.earliest(due)
        if permitted >= end:
            return
        yield permitted
