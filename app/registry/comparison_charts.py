"""Versions side by side in pictures: how they learned, how their probabilities behave, and what one pays for what."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.registry.comparison import Line
from app.registry.naming import labels_of
from app.session import actor, portal
from app.ui import charts, frame
from app.ui.numbers import metric_name
from core.foundation.text import N_, _
from core.registry.values import Comparison, ModelVersion

MOST_LINES = 5
LEARNING = "learning"
VIEWS = {
    LEARNING: N_("Loss"),
    "roc": N_("ROC"),
    "calibration": N_("Calibration"),
    "scores": N_("Scores"),
}
AXES = {
    LEARNING: (N_("step"), N_("validation log loss")),
    "roc": (N_("false positive rate"), N_("true positive rate")),
    "calibration": (N_("predicted"), N_("observed")),
    "scores": (N_("probability"), N_("share of rows")),
}
HINTS = {
    LEARNING: N_("validation log loss over the steps"),
    "roc": N_("up and left is better"),
    "calibration": N_("on the dotted line, predicted equals observed"),
    "scores": N_("share of rows by predicted probability"),
}


def curves(comparison: Comparison, colors: Mapping[str, int]) -> None:
    """One kind of curve, chosen at the right edge; archived versions are dotted."""
    views = [view for view in VIEWS if view == LEARNING or any(curve.name == view for curve in comparison.curves)]
    with frame.section(_("Curves")):
        view = st.segmented_control(
            _("Curve"),
            views,
            default="roc" if "roc" in views else views[0],
            required=True,
            format_func=lambda chosen: _(VIEWS[chosen]),
            key="curve",
            label_visibility="collapsed",
        )
    _curve(comparison, view, colors)


def _curve(comparison: Comparison, view: str, colors: Mapping[str, int]) -> None:
    labels = labels_of(comparison.versions)
    points = _learning(comparison.versions) if view == LEARNING else _named(comparison, view)
    if not points:
        st.caption(_("There is nothing to draw: no run was recorded.") if view == LEARNING else _("No rows in common."))
        return
    series = {labels[version_id]: line for version_id, line in list(points.items())[:MOST_LINES]}
    dotted = [labels[version.id] for version in comparison.versions if version.state == "archived"]
    if view == "calibration":
        series[_("Perfect")] = ([0, 1], [0, 1])
        dotted.append(_("Perfect"))
    x, y = (_(axis) for axis in AXES[view])
    shown = {labels[version_id]: colors[version_id] for version_id in points} | {_("Perfect"): 5}
    title = _(VIEWS[view])
    hint = _(HINTS[view])
    charts.lines(series, key="curves", x=x, y=y, alt=f"{title}: {hint}", colors=shown, dotted=dotted)
    st.caption(_(HINTS[view])[:1].upper() + _(HINTS[view])[1:] + ".")


def _named(comparison: Comparison, view: str) -> dict[str, charts.Points]:
    return {curve.version_id: (curve.x, curve.y) for curve in comparison.curves if curve.name == view}


def _learning(versions: Sequence[ModelVersion]) -> dict[str, charts.Points]:
    trained = {version.id: _losses(version.run_id) for version in versions if version.run_id}
    return {version_id: points for version_id, points in trained.items() if points}


def _losses(run_id: str) -> charts.Points | None:
    """The validation loss over the steps of a run; None when it reported none."""
    history = portal().training.history(actor(), run_id=run_id, names=("validation_log_loss",))
    points = history[0].points if history else ()
    return ([point.step for point in points], [point.value for point in points]) if points else None


def trade_offs(comparison: Comparison, *, lines: Sequence[Line], colors: Mapping[str, int]) -> None:
    """Parallel axes, one line a version, all of them with up for better."""
    frame.section(_("Trade-offs"), hint=_("each line is one version"))
    ids = [version.id for version in comparison.versions]
    full = [line for line in lines if all(version_id in line.values for version_id in ids)]
    differing = [line for line in full if _counts(line)]
    if len(ids) < 2 or len(differing) < 2:
        st.caption(_("It takes two versions that differ in two figures."))
        return
    labels = labels_of(comparison.versions)
    axes = [
        charts.axis(f"{line.short} {line.unit}".strip(), [line.values[version_id] for version_id in ids], up=line.up)
        for line in differing
    ]
    charts.parallel(
        axes,
        colors=[colors[version_id] for version_id in ids],
        names=[f"{labels[version_id]}:" for version_id in ids],
        key="trade_offs",
        alt=_("Figures of each version on parallel axes"),
    )
    st.caption(_("Up is better on every axis."))


def _counts(line: Line) -> bool:
    """Whether a figure says something of its own: the Brier score goes with the log loss."""
    return line.comparable and len(set(line.values.values())) > 1 and line.name != metric_name("brier")
