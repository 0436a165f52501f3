"""A run as it learns: how far it is, and the course of its metrics."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from app.session import actor, portal
from app.ui import charts, frame, links, numbers, times
from app.ui.numbers import metric_in_words, metric_name
from app.ui.tasks import leading_metrics
from core.foundation.text import _
from core.training.values import Run, Series

MOST_POINTS = 200
LOSS, RATE, SPEED = "loss", "rate", "speed"
# What every recipe may report beside the metrics of its task.
LOSSES = ("train_loss", "validation_loss")


class View(NamedTuple):
    """What is drawn together over the steps: `series` are the names of what a run reports, by what they are called."""

    title: str
    axis: str
    series: Mapping[str, str]


def views_of(run: Run) -> dict[str, View]:
    """The loss, which is the metric that judges where it reports that one, the other first metrics of its task that it
    reports, and the pace."""
    first, *others = leading_metrics([run.task]) or ("",)
    loss = metric_in_words(first) if f"validation_{first}" in run.metrics else _("loss")
    validation = {f"validation_{first}": _("Validation"), LOSSES[1]: _("Validation")}
    losses = {LOSSES[0]: _("Training"), **validation}
    views = {LOSS: View(_("Loss"), loss, losses)}
    for metric in (metric for metric in others if f"validation_{metric}" in run.metrics):
        series = {f"validation_{metric}": _("Validation")}
        views[metric] = View(metric_name(metric), metric_in_words(metric), series)
    views[RATE] = View(_("Rate"), _("learning rate"), {"learning_rate": _("Learning rate")})
    views[SPEED] = View(_("Speed"), _("rows a second"), {"rows_per_s": _("Rows a second")})
    return views


def progress_line(run: Run) -> str:
    """How far it is and how good so far, as Markdown."""
    if run.progress is None and run.started_at is None:
        return _(":gray[:material/hourglass_empty:] **Waiting for capacity.** It starts by itself.")
    share = numbers.percent(run.progress or 0.0, 0)
    parts = [_("**{share}** done").format(share=share), links.escape(run.stage), times.remaining(run.eta_seconds)]
    validation = _("validation")
    parts += [
        f"{validation} {metric_in_words(metric)} {numbers.number(run.metrics[f'validation_{metric}'])}"
        for metric in leading_metrics([run.task])
        if f"validation_{metric}" in run.metrics
    ]
    return ":blue[:material/progress_activity:] " + " · ".join(part for part in parts if part)


def progress(run: Run) -> None:
    """How far a run under way is, with its bar."""
    with frame.card("progress", tight=True):
        st.markdown(progress_line(run))
        st.progress(run.progress or 0.0)


def learning(run: Run) -> None:
    """The course of the metrics over the steps."""
    views = views_of(run)
    with frame.section(_("Learning"), hint=_("over steps")):
        chosen = st.segmented_control(
            _("Shown"),
            list(views),
            default=LOSS,
            required=True,
            format_func=lambda name: views[name].title,
            key="learning_view",
            label_visibility="collapsed",
        )
    view = views[str(chosen)]
    history = portal().training.history(actor(), run_id=run.id, names=tuple(view.series), most=MOST_POINTS)
    series = {curve.name: curve for curve in history}
    shown = {title: series[name] for name, title in view.series.items() if name in series}
    if not shown:
        st.caption(
            _("Nothing was measured.") if run.state.is_over else _("The first figures come with the first steps.")
        )
        return
    _curves(shown, axis=view.axis)


def _curves(shown: Mapping[str, Series], *, axis: str) -> None:
    charts.lines(
        {
            name: ([point.step for point in points.points], [point.value for point in points.points])
            for name, points in shown.items()
        },
        key="learning",
        x=_("step"),
        y=axis,
        alt=_("{axis} over the steps").format(axis=axis),
        colors={_("Validation"): 0, _("Training"): 5},
    )
