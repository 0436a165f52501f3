"""The figures of an installation for Prometheus: those of the process that is asked, and those of the model servers,
read from their files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlmodel import col, func, select

from core.compute.tables import JobRow
from core.compute.values import JobState
from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.objects import ObjectRow
from core.foundation.observability.metrics import exposition
from core.foundation.reach import Reach
from core.identity.permissions import Permission
from core.serving.counter_file import SERVERS, Counted, Histogram, begin_of, cell_of, counted_in

MICROSECONDS = 1e6
LABELS = ("endpoint", "model", "version")
IDS = ("endpoint_id", "version_id")
CLASSES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}
TIMES = {
    "total": ("causeway_request_seconds", "From the arrival of a request at a model server to its answer."),
    "waiting": ("causeway_request_waiting_seconds", "How long requests waited for their turn in a model server."),
    "compute": ("causeway_request_compute_seconds", "How long the model itself took."),
}
# From 0.2 ms, each a third longer than the one before, moved to where a cell begins: then no cell lies across a bound.
BOUNDS = tuple(cell_of(round(200 * 1.333**step)) for step in range(28))


class MetricsService(Service):
    """What Prometheus scrapes."""

    domain = "metrics"

    @action(permission=Permission.METRICS, reads=True)
    def render(self, call: Call) -> str:
        """The figures of the portal, its jobs and its model servers in Prometheus' text format, as `/metrics` answers
        them; of jobs and endpoints those of the projects that one may see."""
        reach = call.reach()
        folder = self.foundation.settings.home / SERVERS
        servers = [counted for counted in counted_in(folder) if _is_visible(call, counted, reach)]
        return exposition([_jobs(call, reach), *families_of(servers)])


def families_of(servers: Sequence[Counted]) -> Iterator[Metric]:
    """The same figures as Prometheus knows them. Every class of answers is there from the start."""
    requests = CounterMetricFamily(
        "causeway_requests", "Answers of model servers by class of status.", labels=[*LABELS, "code"]
    )
    for counted in servers:
        for number, name in CLASSES.items():
            requests.add_metric([*_values(counted), name], counted.by_class[number])
    yield requests
    yield from (_histogram(servers, name) for name in TIMES)
    yield _gauge(
        "causeway_model_server_start_time_seconds",
        "When the model server began to count.",
        moments=[(counted, counted.started_us) for counted in servers],
    )
    yield _gauge(
        "causeway_model_server_counted_time_seconds",
        "When the model server last wrote its counts down, as it does each second.",
        moments=[(counted, counted.copied_us) for counted in servers],
    )
    yield from _gaps(servers)
    known = GaugeMetricFamily("causeway_model_server_info", "1 for each model server.", labels=[*LABELS, *IDS])
    for counted in servers:
        known.add_metric([*_values(counted), *(counted.labels[name] for name in IDS)], 1)
    yield known


def buckets_of(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulative counts by their upper bound in seconds."""
    reached = [0, *accumulate(histogram.cells)]
    bounds = [(repr(begin_of(cell) / MICROSECONDS), float(reached[cell])) for cell in BOUNDS]
    return [*bounds, ("+Inf", float(reached[-1]))]


def _histogram(servers: Iterable[Counted], name: str) -> Metric:
    family = HistogramMetricFamily(*TIMES[name], labels=LABELS)
    for counted in servers:
        histogram = counted.histograms[name]
        buckets = buckets_of(histogram)
        family.add_metric(_values(counted), buckets=buckets, sum_value=histogram.sum_us / MICROSECONDS)
    return family


def _gaps(servers: Sequence[Counted]) -> Iterator[Metric]:
    """Of which rows something was unknown or missing, by inputs and views of the models."""
    rows = CounterMetricFamily("causeway_predicted_rows", "Rows that were given predictions.", labels=LABELS)
    for counted in servers:
        rows.add_metric(_values(counted), counted.gaps.rows)
    yield rows
    unknown = [(counted, counted.gaps.unknown) for counted in servers]
    yield _by_name("causeway_unknown_inputs", "Rows with a value that the model does not know.", "input", unknown)
    missing = [(counted, counted.gaps.missing) for counted in servers]
    yield _by_name("causeway_missing_views", "Rows for which a view had no row, or an expired one.", "view", missing)


def _by_name(name: str, documentation: str, label: str, counts: Iterable[tuple[Counted, Mapping[str, int]]]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=[*LABELS, label])
    samples = ((counted, item) for counted, by_name in counts for item in by_name.items())
    for counted, (value, count) in samples:
        family.add_metric([*_values(counted), value], count)
    return family


def _gauge(name: str, documentation: str, *, moments: Iterable[tuple[Counted, int]]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=LABELS)
    for counted, moment_us in moments:
        family.add_metric(_values(counted), moment_us / MICROSECONDS)
    return family


def _jobs(call: Call, reach: Reach) -> Metric:
    """Jobs that wait or run."""
    rows = select(JobRow.state, func.count()).join(ObjectRow, col(ObjectRow.id) == JobRow.id).group_by(JobRow.state)
    rows = rows.where(*reach.condition(ObjectRow.project))
    counts = dict(call.session.exec(rows.where(col(JobRow.state).in_([JobState.QUEUED, JobState.RUNNING]))).all())
    family = GaugeMetricFamily("causeway_jobs", "Jobs that wait or run.", labels=["state"])
    for state in (JobState.QUEUED, JobState.RUNNING):
        family.add_metric([state.value], counts.get(state, 0))
    return family


def _is_visible(call: Call, counted: Counted, reach: Reach) -> bool:
    if reach.is_everywhere:
        return True
    row = call.session.get(ObjectRow, counted.labels["endpoint_id"])
    return row is not None and reach.includes(row.project)


def _values(counted: Counted) -> list[str]:
    return [counted.labels[name] for name in LABELS]
