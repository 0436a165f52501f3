"""A run as it learns: how far it is, the course of its metrics, and the end of its log."""

from collections.abc import Mapping

import streamlit as st

from app.session import actor, portal
from app.ui import charts, frame, links, numbers, times
from app.ui.numbers import metric_name
from core.foundation.text import N_, _
from core.training.values import Run, Series

TAIL_LINES, MOST_POINTS = 14, 200
VIEWS: dict[str, tuple[str, ...]] = {
    N_("Loss"): ("train_loss", "validation_log_loss"),
    N_("AUC"): ("validation_auc",),
    N_("Rate"): ("learning_rate",),
    N_("Speed"): ("rows_per_s",),
}
AXES = {
    N_("Loss"): N_("log loss"),
    N_("AUC"): N_("AUC"),
    N_("Rate"): N_("learning rate"),
    N_("Speed"): N_("rows a second"),
}
NAMES = {
    "train_loss": N_("Training"),
    "validation_log_loss": N_("Validation"),
    "validation_auc": N_("Validation"),
    "learning_rate": N_("Learning rate"),
    "rows_per_s": N_("Rows a second"),
}


def progress_line(run: Run) -> str:
    """How far it is and how good so far, as Markdown."""
    if run.progress is None and run.started_at is None:
        return _(":gray[:material/hourglass_empty:] **Waiting for capacity.** It starts by itself.")
    share = numbers.percent(run.progress or 0.0, 0)
    parts = [_("**{share}** done").format(share=share), links.escape(run.stage), times.remaining(run.eta_seconds)]
    validation = _("validation")
    parts += [
        f"{validation} {metric_name(metric).lower() if metric == 'log_loss' else metric_name(metric)} "
        f"{numbers.number(run.metrics[f'validation_{metric}'])}"
        for metric in ("log_loss", "auc")
        if f"validation_{metric}" in run.metrics
    ]
    return ":blue[:material/progress_activity:] " + " · ".join(part for part in parts if part)


def live_run(run: Run) -> None:
    """The bar, the curves and the log of a run under way."""
    st.markdown(progress_line(run))
    st.progress(run.progress or 0.0)
    learning(run)
    log_tail(run.job_id)


def learning(run: Run) -> None:
    """The course of the metrics over the steps."""
    with frame.section(_("Learning"), hint=_("over steps")):
        view = st.segmented_control(
            _("Shown"),
            list(VIEWS),
            default="Loss",
            required=True,
            format_func=_,
            key="learning_view",
            label_visibility="collapsed",
        )
    history = portal().training.history(actor(), run_id=run.id, names=VIEWS[view], most=MOST_POINTS)
    series = {curve.name: curve for curve in history}
    shown = {_(NAMES[name]): series[name] for name in VIEWS[view] if name in series}
    if not shown:
        st.caption(
            _("Nothing was measured.") if run.state.is_over else _("The first figures come with the first steps.")
        )
        return
    _curves(shown, axis=_(AXES[view]))


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


def log_tail(job_id: str, *, lines: int = TAIL_LINES) -> None:
    """The last lines a job wrote, and the way to all of them."""
    text = portal().compute.read_log(actor(), job_id=job_id).text
    with frame.section(_("Log"), hint=_("its last lines") if text else _("empty")):
        links.follow(job_id, _("Whole log"))
    if text:
        st.code("\n".join(text.splitlines()[-lines:]), language=None, wrap_lines=True)
