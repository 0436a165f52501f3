"""Windows as a generator would have seen them, with whatever is wrong in them."""

from collections.abc import Sequence
from typing import Any

from core.loadtests.report.histogram import Histogram
from core.loadtests.values import Counts, Plan, Profile, Slo, Window

DIGEST = "ab" * 32
SLO = Slo(p99_ms=50, error_rate=0.001)


def plan_of(**fields: Any) -> Plan:
    return Plan(
        **{"profile": Profile.SOAK, "rate": 200, "seconds": 10, "in_flight": 200, "rate_cap": 200, "seed": 7, **fields}
    )


def counts_of(milliseconds: Sequence[float]) -> Counts:
    histogram = Histogram()
    for time_ms in milliseconds:
        histogram.add(time_ms / 1e3)
    return histogram.counts


def window_of(*, rate: float = 200, slow: int = 0, lag_ms: float = 0.2, **fields: Any) -> Window:
    """A window of two seconds in which all went well, unless `fields` say otherwise. `slow` requests took 90 ms, the
    others 5 ms; the server says that it computed for 2 ms of them."""
    due = int(fields.get("due", rate * 2))
    times = counts_of([5.0] * (due - slow) + [90.0] * slow)
    fine = {"seconds": 2.0, "due": due, "sent": due, "answered": due, "dropped": 0, "failures": {}, "cpu": 0.2}
    seen = {"response": times, "service": times, "lag": counts_of([lag_ms] * due), "digests": {DIGEST: due}}
    server = {"queue": counts_of([0.1] * due), "compute": counts_of([2.0] * due)}
    return Window(**{"rate": rate, "slow": slow, **fine, **seen, **server, **fields})
