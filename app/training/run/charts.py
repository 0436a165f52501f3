"""Every metric that a run reported, by step: those of the same name on training and validation rows in one panel."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.training.workspace.curves import smoothing_slider
from app.training.workspace.names import is_less_better, split_and_metric
from app.ui import numbers
from app.ui.fields.address import flag
from app.ui.numbers import metric_name
from app.ui.panels.figure import Line, Panel, panels
from app.ui.tasks import leading_metrics
from core.foundation.text import _
from core.training.values import Run, Series

MOST_POINTS, MOST_PANELS = 500, 12
# Colors of what was measured on training rows and on held-out rows.
COLORS = {"train": 5, "validation": 0}


def charts_of(run: Run) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="tools_run_charts"):
        smoothing = smoothing_slider()
        is_log = st.toggle(_("Log axis"), **flag("log"))
    history = portal().training.history(actor(), run_id=run.id, most=MOST_POINTS)
    # What was judged once at the end has no course.
    courses = [series for series in history if len(series.points) > 1 or not run.state.is_over]
    if not courses:
        st.caption(
            _("Nothing was measured.") if run.state.is_over else _("The first figures come with the first steps.")
        )
        return
    shown = panels_of(courses, run)[:MOST_PANELS]
    alt = _("{metrics} over the steps").format(metrics=", ".join(panel.title for panel in shown))
    panels(shown, key="run_charts", x=_("step"), alt=alt, smoothing=smoothing, log_y=is_log)


def panels_of(history: Sequence[Series], run: Run) -> list[Panel]:
    """The first metrics of the task first, then losses, then whatever else was reported."""
    by_metric: dict[str, list[tuple[str, Series]]] = {}
    for series in history:
        split, metric = place_of(series.name)
        by_metric.setdefault(metric, []).append((split, series))
    leading = leading_metrics([run.task], most=9)
    order = sorted(by_metric, key=lambda metric: (metric not in leading, metric != "loss", metric))
    return [_panel(metric, by_metric[metric], run) for metric in order]


def place_of(name: str) -> tuple[str, str]:
    """Of which rows a figure is, and which figure: train_loss and validation_loss are the same."""
    split, metric = split_and_metric(name)
    if split:
        return split, metric
    first, _mark, rest = name.partition("_")
    return (first, rest) if first in COLORS and rest else ("", name)


def _panel(metric: str, series: Sequence[tuple[str, Series]], run: Run) -> Panel:
    lines = [
        Line(
            name=split or metric_name(metric),
            xs=[point.step for point in curve.points],
            ys=[point.value for point in curve.points],
            color=COLORS.get(split, 1),
            is_running=not run.state.is_over,
        )
        for split, curve in series
    ]
    splits = " · ".join(split for split, _curve in series if split)
    better = (_("less is better") if is_less_better(metric) else _("more is better")) if splits else ""
    hint = " · ".join(part for part in (splits, better, numbers.unit_of(metric).strip()) if part)
    return Panel(title=metric_name(metric), hint=hint, lines=lines)
