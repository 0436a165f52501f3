"""What portal and worker count of themselves, by Prometheus' own client. The figures of model servers come from their
files: they are counted where a library would cost too much."""

from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client import generate_latest as _generate
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# When a counter began is exported once for the process, not once more for each of its series.
disable_created_metrics()  # type: ignore[no-untyped-call]
ACTIONS = Counter("causeway_actions", "Actions by their outcome: ok, denied, refused or failed.", ["action", "outcome"])
ACTION_SECONDS = Histogram("causeway_action_seconds", "How long actions took.", ["action"], buckets=SECONDS)
HTTP_REQUESTS = Counter("causeway_http_requests", "Requests to the portal by class of status.", ["code"])
HTTP_SECONDS = Histogram("causeway_http_request_seconds", "How long the portal's answers took.", buckets=SECONDS)
JOB_TRANSITIONS = Counter("causeway_job_transitions", "Transitions of jobs.", ["kind", "transition"])
RECONCILER_FAILURES = Counter("causeway_reconciler_failures", "Failed rounds of a reconciler.", ["reconciler"])
WORKER_LEADS = Gauge("causeway_worker_leads", "1 in the one worker that ticks the reconcilers.")
WORKER_ROUND = Gauge("causeway_worker_last_round_timestamp_seconds", "When the worker last looked at its jobs.")

# A class of answers that has not come yet is 0, not missing: a ratio over it is then 0 too.
for _code in ("2xx", "3xx", "4xx", "5xx"):
    HTTP_REQUESTS.labels(_code)


class Given(Collector):
    """Figures that were worked out elsewhere, as a registry takes them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposition(further: Iterable[Metric] = ()) -> str:
    """The figures of this process and further ones, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Given(further))
    return _generate(REGISTRY).decode() + _generate(registry).decode()
