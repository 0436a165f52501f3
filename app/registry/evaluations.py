"""How good a model is: the sentence that says it, its figures with their intervals by split, and what a requirement
makes of them."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.ui import charts, links, numbers
from app.ui.numbers import metric_name
from app.ui.tables import reading
from app.ui.wording import criterion_line
from core.foundation.text import _
from core.registry.values import Evaluation, Interval

SHOWN = ("auc", "log_loss", "ece", "brier")
UNSEEN = "test"


def judging(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The one to judge by: the rows that training never saw, else the last."""
    unseen = [one for one in evaluations if one.holdout_name == UNSEEN]
    found = unseen or list(evaluations)
    return found[-1] if found else None


def value_of(evaluations: Sequence[Evaluation], metric: str, *, split: str) -> float | None:
    """A figure on the rows of one split."""
    found = [one.metrics[metric].value for one in evaluations if one.holdout_name == split and metric in one.metrics]
    return found[0] if found else None


def sentence(evaluation: Evaluation) -> str:
    """The answer in words, as Markdown."""
    figures = [
        _("**{name} {value}** ({low} to {high})").format(
            name=metric_name(metric),
            value=numbers.number(one.value),
            low=numbers.number(one.low),
            high=numbers.number(one.high),
        )
        for metric in ("auc", "log_loss")
        if (one := evaluation.metrics.get(metric))
    ]
    rows = _("on the {n} rows of {split}").format(n=numbers.number(evaluation.rows), split=evaluation.holdout_name)
    unseen = _(", which training never saw") if evaluation.holdout_name == UNSEEN else ""
    conjunction = _(" and ")
    return f"{conjunction.join(figures)} {links.escape(rows)}{unseen}."


def condition_line(requirement_id: str, evaluation: Evaluation) -> str:
    """Whether the conditions of the requirement hold that this evaluation can answer, as Markdown; empty without."""
    if not requirement_id:
        return ""
    requirement = portal().requirements.get_requirement(actor(), requirement_id=requirement_id)
    parts = []
    for criterion in requirement.criteria:
        if found := evaluation.metrics.get(criterion.metric):
            color, icon = ("green", "check_circle") if criterion.holds(found.value) else ("red", "cancel")
            parts.append(f":{color}[:material/{icon}:] {criterion_line(criterion)}")
    asked = _(":gray[{id} asks for]").format(id=requirement.id)
    return f"{asked} {' · '.join(parts)}" if parts else ""


def evaluation_table(evaluations: Sequence[Evaluation]) -> None:
    """Every metric on every split; the intervals in gray."""
    metrics = [metric for metric in SHOWN if any(metric in one.metrics for one in evaluations)]
    columns = {_("Metric"): [*(metric_name(metric) for metric in metrics), _("Rows"), _("Positive")]}
    for one in evaluations:
        figures = [_figure(one.metrics.get(metric)) for metric in metrics]
        columns[links.escape(one.holdout_name)] = [
            *figures,
            numbers.number(one.rows),
            numbers.percent(one.positive_share),
        ]
    reading(columns, alt=_("Figures by split with their 95 % intervals"))
    st.caption(_("Computed from the very ONNX file; gray are 95 % intervals."))


def _figure(found: Interval | None) -> str:
    """The interval stays in one piece where the cell is narrow."""
    if found is None:
        return "—"
    joiner = "\u2060"
    return (
        f"{numbers.number(found.value)} :gray[{numbers.number(found.low)}{joiner}–{joiner}{numbers.number(found.high)}]"
    )


def interval_chart(evaluations: Sequence[Evaluation], metric: str, *, key: str) -> None:
    """One metric by split with its interval."""
    rows = [
        (one.holdout_name, one.metrics[metric].value, one.metrics[metric].low, one.metrics[metric].high)
        for one in evaluations
        if metric in one.metrics
    ]
    alt = _("{metric} by split with 95 % intervals").format(metric=metric_name(metric))
    charts.intervals(rows, key=key, x=metric_name(metric), alt=alt)
