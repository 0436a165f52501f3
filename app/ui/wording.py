"""Words for what the domains measure: metrics with their units, conditions as sentences."""

from app.ui import times
from core.foundation.text import _
from core.requirements.values import Comparison, Criterion, Metric

METRICS: dict[str, str] = {
    Metric.AUC: _("AUC"),
    Metric.LOG_LOSS: _("Log loss"),
    Metric.ECE: _("Calibration error"),
    "brier": _("Brier score"),
    Metric.P99_MS: _("p99 latency"),
    Metric.ERROR_RATE: _("Error rate"),
    Metric.CAPACITY_RPS: _("Capacity"),
    Metric.PARITY_MISMATCHES: _("Parity mismatches"),
}
UNITS: dict[str, str] = {Metric.P99_MS: " ms", Metric.CAPACITY_RPS: " rps"}
LESS_IS_BETTER: frozenset[str] = frozenset(
    {Metric.LOG_LOSS, Metric.ECE, Metric.P99_MS, Metric.ERROR_RATE, Metric.PARITY_MISMATCHES, "brier"}
)
COMPARISONS: dict[str, str] = {Comparison.AT_LEAST: _("at least"), Comparison.AT_MOST: _("at most")}


def metric_name(metric: str) -> str:
    return METRICS.get(metric, metric.replace("_", " ").capitalize())


def metric_value(metric: str, value: float | None) -> str:
    """A figure with its unit."""
    return times.number(value) + (UNITS.get(metric, "") if value is not None else "")


def criterion_line(criterion: Criterion) -> str:
    """ "AUC at least 0.68"."""
    limit = f"{criterion.limit:g}" + UNITS.get(criterion.metric, "")
    return f"{metric_name(criterion.metric)} {COMPARISONS[criterion.comparison]} {limit}"


def counted(count: int, *words: str) -> str:
    """A count with the word for one or for many: `counted(3, _("run"), _("runs"))` is "3 runs"."""
    one, many = words
    return f"{times.number(count)} {one if count == 1 else many}"
