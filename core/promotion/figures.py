"""Figures as people read them: with their interval, and a real minus sign."""

from core.foundation.text import grouped
from core.tasks.metrics import in_words
from core.tasks.task import all_metrics
from core.tasks.values import Interval


def metric_name(metric: str) -> str:
    known = all_metrics().get(metric)
    return in_words(known) if known else metric.replace("_", " ")


def figure(value: float, *, digits: int = 4) -> str:
    text = grouped(f"{value:,.{digits}f}")
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_interval(interval: Interval) -> str:
    return grouped(f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})")


def signed(interval: Interval) -> str:
    """A difference with its interval."""
    return grouped(f"{interval.value:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})")
