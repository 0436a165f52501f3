"""Figures as people read them: with their interval, and a real minus sign."""

from core.foundation.text import grouped
from core.registry.values import Interval

NAMES = {"auc": "AUC", "log_loss": "log loss", "ece": "calibration error", "brier": "Brier score"}


def metric_name(metric: str) -> str:
    return NAMES.get(metric, metric.replace("_", " "))


def figure(value: float, *, digits: int = 4) -> str:
    text = grouped(f"{value:,.{digits}f}")
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_interval(interval: Interval) -> str:
    return grouped(f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})")


def signed(interval: Interval) -> str:
    """A difference with its interval."""
    return grouped(f"{interval.value:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})")
