"""What a run is held against: the linear baseline, the best run and the version in production, on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from app.registry.naming import PRODUCTION, places
from app.session import actor, portal
from app.training.runs import best_run
from app.ui import frame, links, numbers
from app.ui.numbers import metric_name, metric_value
from app.ui.tables import reading
from app.ui.tasks import shown_metrics
from core.compute.values import JobState
from core.foundation.text import _
from core.registry.values import Evaluation, ModelVersion, judging
from core.tasks.task import task_called
from core.tasks.values import Interval
from core.training.values import Run, RunOrder

BASELINE = "linear"
MOST_SERVING, MOST_METRICS = 20, 6
# A difference of less than that share of a figure is none.
SAME = 0.0005


@dataclass(frozen=True)
class Rival:
    """Something that a run is held against; without an evaluation nothing is known of it, and without a target it is no
    object of its own."""

    title: str
    target: str
    evaluation: Evaluation | None
    # This run's figures minus its own, where they were paired by row.
    deltas: Mapping[str, Interval] = field(default_factory=dict)


def rivals_of(run: Run) -> tuple[Rival, ...]:
    """Those that there are, itself left out."""
    best, version = best_run(run.training_set_id), in_production(run)
    known = [
        _baseline(run),
        Rival(_("Best run"), best.id, judging(best.evaluations)) if best else None,
        Rival(_("Production"), version.id, judging(version.evaluations)) if version else None,
    ]
    own = {run.id, run.version_id}
    return tuple(rival for rival in known if rival and (not rival.target or rival.target not in own))


def _baseline(run: Run) -> Rival | None:
    """The best run of the linear recipe, else what was fitted beside the run itself, which is no run of its own."""
    listing = portal().training.list_runs(
        actor(),
        recipe=BASELINE,
        training_set_id=run.training_set_id,
        state=JobState.SUCCEEDED,
        order_by=RunOrder.BEST,
        limit=1,
    )
    for baseline in listing.items:
        return Rival(_("Baseline"), baseline.id, judging(baseline.evaluations))
    evaluation = judging(run.evaluations)
    comparisons = {comparison.split: comparison for comparison in run.judgement.comparisons}
    beside = comparisons.get(evaluation.holdout_name) if evaluation else None
    if evaluation is None or beside is None or not beside.baseline:
        return None
    judged = evaluation.model_copy(update={"metrics": beside.baseline})
    return Rival(_("Baseline"), "", judged, deltas=beside.against_baseline)


def in_production(run: Run) -> ModelVersion | None:
    """The version that serves: of the run's own model, else one that learned from the same rows."""
    serving = [version_id for version_id, where in places().items() if where[0].endpoint.environment == PRODUCTION]
    versions = [portal().registry.get_version(actor(), version_id=it) for it in serving[:MOST_SERVING]]
    if run.version_id:
        own = portal().registry.get_version(actor(), version_id=run.version_id)
        versions.sort(key=lambda version: version.model_id != own.model_id)
        versions = [it for it in versions if it.model_id == own.model_id or it.training_set_id == run.training_set_id]
    else:
        versions = [it for it in versions if it.training_set_id == run.training_set_id]
    return next(iter(versions), None)


def against(run: Run) -> None:
    """A table of the metrics of its task with their intervals, beside those of its rivals."""
    evaluation = judging(run.evaluations)
    rivals = rivals_of(run)
    if evaluation is None or not evaluation.metrics:
        return
    hint = _("on the {n} rows of {split}").format(n=numbers.number(evaluation.rows), split=evaluation.holdout_name)
    frame.section(_("Against others"), hint=links.escape(hint))
    task = task_called(run.task)
    first = [name for name in shown_metrics(task, most=len(task.leading)) if name in evaluation.metrics]
    names = list(dict.fromkeys([*first, *evaluation.metrics]))[:MOST_METRICS]
    columns = {_("Metric"): [metric_name(name) for name in names]}
    columns[_("This run")] = [_own(name, evaluation.metrics[name]) for name in names]
    for rival in rivals:
        columns[_head(rival)] = [_beside(name, evaluation, rival) for name in names]
    reading(columns, alt=_("Figures with their 95 % intervals beside those of others"))
    st.caption(
        _("Behind the arrow: by how much this run is better or worse; gray where it lies within chance.")
        if rivals
        else _alone(run)
    )


def _alone(run: Run) -> str:
    best = best_run(run.training_set_id)
    if best is not None and best.id == run.id:
        return _("It is the best run on these rows itself, and nothing else is there to hold it against.")
    return _("There is nothing to hold it against yet: no linear baseline, no better run, and nothing serves.")


def _head(rival: Rival) -> str:
    return f"{rival.title} [{rival.target}]({links.address_of(rival.target)})" if rival.target else rival.title


def _own(name: str, interval: Interval) -> str:
    low, high = numbers.number(interval.low), numbers.number(interval.high)
    return f"**{metric_value(name, interval.value)}** :gray[{low}\u2060–\u2060{high}]"


def _beside(name: str, own: Evaluation, rival: Rival) -> str:
    """The other's figure, and what this run is against it."""
    other = rival.evaluation
    if other is None or name not in other.metrics:
        return numbers.NONE
    value = other.metrics[name].value
    shown = metric_value(name, value)
    if other.holdout != own.holdout:
        return _("{value} :gray[other rows]").format(value=shown)
    mine = own.metrics[name]
    difference = mine.value - value
    if abs(difference) < SAME * abs(value):
        return _("{value} :gray[same]").format(value=shown)
    better = (difference < 0) == numbers.is_less_better(name)
    color, arrow = ("green", "arrow_upward") if better else ("red", "arrow_downward")
    sign = "+" if difference > 0 else ""
    delta = rival.deltas.get(name)
    is_chance = mine.low <= value <= mine.high if delta is None else delta.low <= 0 <= delta.high
    color = "gray" if is_chance else color
    return f"{shown} :{color}[:material/{arrow}: {sign}{numbers.number(difference)}]"
