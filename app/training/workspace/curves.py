"""The curves of all runs whose eye is open, laid over each other: one panel a metric, one axis of steps."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from app.registry.evaluations import value_of
from app.session import actor, portal, unless_changed
from app.training.run.rivals import in_production
from app.training.workspace.names import is_less_better, names_of, split_and_metric
from app.training.workspace.toolbar import run_fields
from app.ui import links, numbers
from app.ui.fields.address import flag, number, put
from app.ui.numbers import metric_name
from app.ui.panels.figure import Line, Panel, panels
from app.ui.tasks import leading_metrics
from core.compute.values import JobState
from core.foundation.text import _
from core.training.values import RecipeCard, Run
from core.training.workspace.values import METRICS, RunCurves, RunLine

MOST_POINTS, MOST_PANELS, LONGEST_NAME = 300, 6, 44
# Of smoothing.
LEAST, MOST = 0.0, 0.95
TRAINING, RATE = "train_loss", "learning_rate"


class Drawn(NamedTuple):
    """A run that is drawn: what it is called, the position of its color, whether it still grows, and whether it was
    archived."""

    name: str
    color: int
    is_running: bool
    is_archived: bool


def drawn_runs(
    lines: Sequence[RunLine], *, eyes: Mapping[str, int], cards: Mapping[str, RecipeCard]
) -> dict[str, Drawn]:
    """Those with an open eye that there are, some of them on another part of the list."""
    names = names_of(lines, cards)
    known = {**links.titles_of(run_id for run_id in eyes if run_id not in names), **names}
    running = {line.id for line in lines if line.state is JobState.RUNNING}
    archived = {line.id for line in lines if line.archived}
    return {
        run_id: Drawn(known[run_id], color, is_running=run_id in running, is_archived=run_id in archived)
        for run_id, color in eyes.items()
        if run_id in known
    }


def curves(drawn: Mapping[str, Drawn], *, tasks: Sequence[str], best: Run | None) -> None:
    """Of the runs that are drawn, and as a line across what serves has on the same rows as the `best` run."""
    smoothing, is_log, shown = _tools(tasks)
    if not drawn:
        st.caption(_("No run is drawn. Open the eye of one in the table."))
        return
    answer = portal().run_workspace.curves(actor(), run_ids=tuple(drawn), names=shown, most=MOST_POINTS)
    limits = production_limits(best, shown) if best else {}
    drawn_panels = (_panel(metric, answer, drawn, limits.get(metric)) for metric in shown)
    filled = [panel for panel in drawn_panels if panel.lines]
    if not filled:
        st.caption(_("Nothing was measured over steps in the drawn runs."))
        return
    titles = ", ".join(panel.title for panel in filled)
    alt = _("{metrics} over the steps of {n} runs").format(metrics=titles, n=len(drawn))
    panels(filled, key="curves", x=_("step"), alt=alt, smoothing=smoothing, log_y=is_log)


def _tools(tasks: Sequence[str]) -> tuple[float, bool, tuple[str, ...]]:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="tools_curves"):
        smoothing = smoothing_slider()
        is_log = st.toggle(_("Log axis"), **flag("log"))
        with st.popover(_("Panels"), icon=":material/add_chart:"):
            shown = panel_names(tasks)
            chosen = st.multiselect(
                _("Panels"),
                list(dict.fromkeys([*shown, *_metrics()])),
                default=shown,
                format_func=panel_title,
                max_selections=MOST_PANELS,
                key=f"panels_{','.join(shown)}",
            )
            if tuple(chosen) != shown:
                put("panels", ",".join(chosen))
                st.rerun()
    return smoothing, is_log, shown


def smoothing_slider() -> float:
    help_text = _("An exponential moving average; the raw line stands behind it.")
    field = number("smooth", low=LEAST, high=MOST)
    smoothing: float = st.slider(_("Smoothing"), LEAST, MOST, step=0.05, width=150, help=help_text, **field)
    return smoothing


def _metrics() -> list[str]:
    return [name.removeprefix(METRICS) for name in run_fields() if name.startswith(METRICS)]


def panel_names(tasks: Sequence[str]) -> tuple[str, ...]:
    """Those that the address names, else the first metrics of the tasks on the validation rows, loss and rate."""
    known = set(_metrics())
    given = tuple(name for name in st.query_params.get("panels", "").split(",") if name in known)
    first = [f"validation_{metric}" for metric in leading_metrics(tasks)][:3]
    usual = tuple(name for name in (*first, TRAINING, RATE) if name in known)
    return (given or usual)[:MOST_PANELS]


def panel_title(name: str) -> str:
    split, metric = split_and_metric(name)
    return f"{metric_name(metric)}, {split}" if split else metric_name(metric)


def production_limits(best: Run, names: Sequence[str]) -> dict[str, tuple[float, str]]:
    """By the name of what is drawn what the version in production has, where it was judged on the very rows."""
    version = unless_changed(f"in_production_{best.training_set_id}", lambda: in_production(best))
    judged = {evaluation.holdout for evaluation in best.evaluations}
    evaluations = [it for it in version.evaluations if it.holdout in judged] if version else []
    limits: dict[str, tuple[float, str]] = {}
    for name, (split, metric) in ((name, split_and_metric(name)) for name in names):
        value = value_of(evaluations, metric, split=split) if split else None
        if version and value is not None:
            shown = numbers.number(value)
            limits[name] = (value, _("production v{n} · {value}").format(n=version.version, value=shown))
    return limits


def _panel(
    name: str, answer: Sequence[RunCurves], drawn: Mapping[str, Drawn], limit: tuple[float, str] | None
) -> Panel:
    series = {curve.run_id: match for curve in answer for match in curve.series if match.name == name}
    lines = [
        Line(
            name=_short(drawn[run_id].name),
            xs=[point.step for point in curve.points],
            ys=[point.value for point in curve.points],
            color=drawn[run_id].color,
            is_running=drawn[run_id].is_running,
            is_dotted=drawn[run_id].is_archived,
        )
        for run_id, curve in series.items()
    ]
    split, metric = split_and_metric(name)
    better = _("less is better") if is_less_better(name) else _("more is better") if split else ""
    hint = " · ".join(part for part in (split, better, numbers.unit_of(metric).strip()) if part)
    return Panel(title=metric_name(metric), hint=hint, lines=lines, limit=limit)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"\u2026{name[-LONGEST_NAME + 1 :]}"
