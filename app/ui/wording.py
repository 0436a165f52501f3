"""Words for what the domains measure: metrics with their units, conditions as sentences."""

from app.ui import times
from core.foundation.text import N_, _
from core.requirements.values import Comparison, Criterion, Metric

METRICS: dict[str, str] = {
    Metric.AUC: N_("AUC"),
    Metric.LOG_LOSS: N_("Log loss"),
    Metric.ECE: N_("Calibration error"),
    "brier": N_("Brier score"),
    Metric.P99_MS: N_("p99 latency"),
    Metric.ERROR_RATE: N_("Error rate"),
    Metric.CAPACITY_RPS: N_("Capacity"),
    Metric.PARITY_MISMATCHES: N_("Parity mismatches"),
}
UNITS: dict[str, str] = {Metric.P99_MS: " ms", Metric.CAPACITY_RPS: " rps"}
LESS_IS_BETTER: frozenset[str] = frozenset(
    {Metric.LOG_LOSS, Metric.ECE, Metric.P99_MS, Metric.ERROR_RATE, Metric.PARITY_MISMATCHES, "brier"}
)
COMPARISONS: dict[str, str] = {Comparison.AT_LEAST: N_("at least"), Comparison.AT_MOST: N_("at most")}


def metric_name(metric: str) -> str:
    return _(METRICS.get(metric, metric.replace("_", " ").capitalize()))


def metric_value(metric: str, value: float | None) -> str:
    """A figure with its unit."""
    return times.number(value) + (UNITS.get(metric, "") if value is not None else "")


def criterion_line(criterion: Criterion) -> str:
    """ "AUC at least 0.68"."""
    limit = f"{criterion.limit:g}" + UNITS.get(criterion.metric, "")
    comparison = _(COMPARISONS[criterion.comparison])
    return f"{metric_name(criterion.metric)} {comparison} {limit}"


def counted(count: int, *words: str) -> str:
    """A count with the word for one or for many: `counted(3, _("run"), _("runs"))` is "3 runs"."""
    one, many = words
    return f"{times.number(count)} {one if count == 1 else many}"
