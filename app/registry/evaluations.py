"""How good a model is: the sentence that says it, its figures with their intervals by split, and what a requirement
makes of them."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.ui import charts, links, numbers
from app.ui.numbers import metric_name, metric_value
from app.ui.tables import reading
from app.ui.tasks import shown_metrics
from app.ui.wording import criterion_line
from core.foundation.text import _
from core.registry.values import UNSEEN, Evaluation, at_chance
from core.tasks.task import Task
from core.tasks.values import Interval

# So many figures stand in a sentence.
SPOKEN = 2


def value_of(evaluations: Sequence[Evaluation], metric: str, *, split: str) -> float | None:
    """A figure on the rows of one split."""
    values = [
        evaluation.metrics[metric].value
        for evaluation in evaluations
        if evaluation.holdout_name == split and metric in evaluation.metrics
    ]
    return values[0] if values else None


def sentence(evaluation: Evaluation, *, task: type[Task]) -> str:
    """The answer in words, as Markdown."""
    figures = [
        _("**{name} {value}** ({low} to {high})").format(
            name=metric_name(metric),
            value=metric_value(metric, interval.value),
            low=numbers.number(interval.low),
            high=numbers.number(interval.high),
        )
        for metric in shown_metrics(task, most=SPOKEN)
        if (interval := evaluation.metrics.get(metric))
    ]
    rows = _("on the {n} rows of {split}").format(n=numbers.number(evaluation.rows), split=evaluation.holdout_name)
    unseen = _(", which training never saw") if evaluation.holdout_name == UNSEEN else ""
    if not figures:
        return _("No metric judges its answers {rows}{unseen}.").format(rows=links.escape(rows), unseen=unseen)
    conjunction = _(" and ")
    return f"{conjunction.join(figures)} {links.escape(rows)}{unseen}."


def answer(evaluation: Evaluation, *, task: type[Task]) -> str:
    """The same behind a mark, which says first of a model that learned nothing that it did not."""
    if metric := at_chance(evaluation.metrics):
        warning = _("**No better than chance** by {metric}:").format(metric=metric_name(metric))
        return f":orange[:material/warning:] {warning} {sentence(evaluation, task=task)}"
    return f":green[:material/check_circle:] {sentence(evaluation, task=task)}"


def condition_line(requirement_id: str, evaluation: Evaluation) -> str:
    """Whether the conditions of the requirement hold that this evaluation can answer, as Markdown; empty without."""
    if not requirement_id:
        return ""
    requirement = portal().requirements.get_requirement(actor(), requirement_id=requirement_id)
    parts = []
    for criterion in requirement.criteria:
        if interval := evaluation.metrics.get(criterion.metric):
            color, icon = ("green", "check_circle") if criterion.holds(interval.value) else ("red", "cancel")
            parts.append(f":{color}[:material/{icon}:] {criterion_line(criterion)}")
    source = _(":gray[{id} asks for]").format(id=requirement.id)
    return f"{source} {' · '.join(parts)}" if parts else ""


def evaluation_table(evaluations: Sequence[Evaluation], *, task: type[Task], has_model: bool = True) -> None:
    """Every metric on every split; the intervals in gray. A run without a model gave predictions."""
    names = [metric.name for metric in task.metrics]
    metrics = [name for name in names if any(name in evaluation.metrics for evaluation in evaluations)]
    facts = [{_("Rows"): numbers.number(evaluation.rows), **label_facts(evaluation)} for evaluation in evaluations]
    about = list(dict.fromkeys(name for known in facts for name in known))
    columns = {_("Metric"): [*(metric_name(metric) for metric in metrics), *about]}
    for evaluation, known in zip(evaluations, facts, strict=True):
        figures = [_figure(evaluation.metrics.get(metric)) for metric in metrics]
        columns[links.escape(evaluation.holdout_name)] = [*figures, *(known.get(name, "—") for name in about)]
    reading(columns, alt=_("Figures by split with their 95 % intervals"))
    of_file, of_rows = _("Computed from the very ONNX file"), _("Computed from the predictions that it gave")
    st.caption(_("{source}; gray are 95 % intervals.").format(source=of_file if has_model else of_rows))


def label_facts(evaluation: Evaluation) -> dict[str, str]:
    """What the labels of its rows are: the share of positives, the most frequent class, or the middle of numbers."""
    spread = evaluation.spread
    if spread is None:
        return {_("Positive"): numbers.percent(evaluation.positive_share)}
    if spread.shares:
        name = max(spread.shares, key=lambda name: spread.shares[name])
        return {_("Most frequent"): f"{links.escape(name)} {numbers.percent(spread.shares[name])}"}
    if spread.mean is None or spread.deviation is None:
        return {}
    return {_("Label"): f"{numbers.figure(spread.mean, 4)} ± {numbers.figure(spread.deviation, 3)}"}


def _figure(interval: Interval | None) -> str:
    """The interval stays in one piece where the cell is narrow."""
    if interval is None:
        return "—"
    joiner = "\u2060"
    low, high = numbers.number(interval.low), numbers.number(interval.high)
    return f"{numbers.number(interval.value)} :gray[{low}{joiner}–{joiner}{high}]"


def interval_chart(evaluations: Sequence[Evaluation], metric: str, *, key: str) -> None:
    """One metric by split with its interval."""
    rows = [
        (
            evaluation.holdout_name,
            evaluation.metrics[metric].value,
            evaluation.metrics[metric].low,
            evaluation.metrics[metric].high,
        )
        for evaluation in evaluations
        if metric in evaluation.metrics
    ]
    alt = _("{metric} by split with 95 % intervals").format(metric=metric_name(metric))
    charts.intervals(rows, key=key, x=metric_name(metric), alt=alt)
