"""Conditions as sentences, and counts with their word."""

from app.ui import numbers
from core.foundation.text import N_, _
from core.requirements.values import Comparison, Criterion

COMPARISONS: dict[str, str] = {Comparison.AT_LEAST: N_("at least"), Comparison.AT_MOST: N_("at most")}


def criterion_line(criterion: Criterion) -> str:
    """ "AUC at least 0.68"."""
    return f"{numbers.metric_name(criterion.metric)} {limit_line(criterion)}"


def limit_line(criterion: Criterion) -> str:
    """ "at least 0.68"."""
    limit = numbers.figure(criterion.limit) + numbers.unit_of(criterion.metric)
    comparison = _(COMPARISONS[criterion.comparison])
    return f"{comparison} {limit}"


def counted(count: int, *words: str) -> str:
    """A count with the word for one or for many: `counted(3, _("run"), _("runs"))` is "3 runs"."""
    singular, many = words
    return f"{numbers.number(count)} {singular if count == 1 else many}"
