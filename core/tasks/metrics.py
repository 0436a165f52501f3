"""What judges: the metrics of all tasks, and those of what serves, by their names."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.foundation.text import N_, _
from core.tasks.measures.scales import POSITIVE, SHARE, UNBOUNDED, Scale
from core.tasks.values import Better


@dataclass(frozen=True)
class Metric:
    """A figure that judges. `title` is its name alone, `in_words` within a sentence, `short` at the head of a narrow
    column where it has such a name; `unit` stands after the figure, with its space. `scale` says what it can be,
    `chance` what it is where nothing was learned. What is `relative` has the unit of the label, so that a margin of it
    is a share of the baseline's figure."""

    name: str
    title: str
    in_words: str
    better: Better
    unit: str = ""
    scale: Scale = UNBOUNDED
    chance: float | None = None
    relative: bool = False
    short: str = ""


# Those that several tasks have: they mean the same in each.
LOG_LOSS = Metric("log_loss", N_("Log loss"), N_("log loss"), "down", scale=POSITIVE)
CALIBRATION_ERROR = Metric("ece", N_("Calibration error"), N_("calibration error"), "down", scale=SHARE, short="ECE")
MACRO_F1 = Metric("macro_f1", N_("Macro F1"), N_("macro F1"), "up", scale=SHARE)

P99_MS, ERROR_RATE, CAPACITY_RPS, PARITY_MISMATCHES = "p99_ms", "error_rate", "capacity_rps", "parity_mismatches"
# What serves is judged by these, whatever its task.
OPERATIONAL = (
    Metric(P99_MS, N_("p99 latency"), N_("p99 latency"), "down", unit=" ms", scale=POSITIVE),
    Metric(ERROR_RATE, N_("Error rate"), N_("error rate"), "down", scale=SHARE),
    Metric(CAPACITY_RPS, N_("Capacity"), N_("capacity"), "up", unit=" rps", scale=POSITIVE),
    Metric(PARITY_MISMATCHES, N_("Parity mismatches"), N_("parity mismatches"), "down", scale=POSITIVE),
)


def by_name(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """ValueError when two tasks mean different things by one name."""
    known: dict[str, Metric] = {}
    for metric in metrics:
        if known.setdefault(metric.name, metric) != metric:
            raise ValueError(f"two metrics are called {metric.name}")
    return known


def in_words(metric: Metric) -> str:
    return _(metric.in_words)
