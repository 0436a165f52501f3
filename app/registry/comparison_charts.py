"""Versions side by side in pictures: how they learned, how their probabilities behave, and what one pays for what."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.registry.comparison import SAME, Line
from app.registry.naming import labels_of
from app.registry.pictures import caption_of, draw
from app.session import actor, portal
from app.ui import charts, frame
from app.ui.panels.parallel import axis, parallel
from app.ui.tasks import shown_metrics
from core.foundation.text import N_, _
from core.registry.sentences import title_of
from core.registry.values import Comparison, ModelVersion
from core.tasks.task import Task, quality_metrics, task_called
from core.tasks.values import Picture

MOST_LINES = 5
LEARNING = "learning"


def curves(comparison: Comparison, colors: Mapping[str, int]) -> None:
    """One picture of their task, or how they learned, chosen at the right edge; archived versions are dotted."""
    pictures = {picture.name: picture for picture in _pictures(comparison)}
    titles = {LEARNING: N_("Loss"), **{name: picture.title for name, picture in pictures.items()}}
    with frame.section(_("Curves")):
        view = st.segmented_control(
            _("Curve"),
            list(titles),
            default=next(iter(pictures), LEARNING),
            required=True,
            format_func=lambda chosen: _(titles[chosen]),
            key="curve",
            label_visibility="collapsed",
        )
    _curve(comparison, pictures.get(view), colors)


def _pictures(comparison: Comparison) -> list[Picture]:
    """Those for which there is something to draw."""
    names = {curve.name for curve in comparison.curves}
    return [picture for picture in task_called(comparison.task).pictures if picture.name in names]


def _curve(comparison: Comparison, picture: Picture | None, colors: Mapping[str, int]) -> None:
    labels = labels_of(comparison.versions)
    shown = {labels[version_id]: place for version_id, place in colors.items() if version_id in labels}
    dotted = [labels[version.id] for version in comparison.versions if version.state == "archived"]
    if picture is None:
        _learning_curves(comparison, labels=labels, colors=shown, dotted=dotted)
        return
    lines = {labels[curve.version_id]: curve for curve in comparison.curves if curve.name == picture.name}
    draw(picture, dict(list(lines.items())[:MOST_LINES]), key="curves", colors=shown, dotted=dotted)
    st.caption(caption_of(picture))


def _learning_curves(
    comparison: Comparison, *, labels: Mapping[str, str], colors: Mapping[str, int], dotted: Sequence[str]
) -> None:
    task = task_called(comparison.task)
    points = _learning(comparison.versions, task=task)
    if not points:
        st.caption(_("There is nothing to draw: no run was recorded."))
        return
    series = {labels[version_id]: line for version_id, line in list(points.items())[:MOST_LINES]}
    axis = _("validation {metric}").format(metric=title_of(task.leading[0]))
    alt = _("{axis} over the steps").format(axis=axis)
    charts.lines(series, key="curves", x=_("step"), y=axis, alt=alt, colors=colors, dotted=dotted)
    st.caption(f"{alt[:1].upper()}{alt[1:]}.")


def _learning(versions: Sequence[ModelVersion], *, task: type[Task]) -> dict[str, charts.Points]:
    if not task.leading:
        return {}
    trained = {version.id: _course(version.run_id, task.leading[0]) for version in versions if version.run_id}
    return {version_id: points for version_id, points in trained.items() if points}


def _course(run_id: str, metric: str) -> charts.Points | None:
    """A metric of the validation rows over the steps of a run, else its loss; None when it reported neither."""
    names = (f"validation_{metric}", "validation_loss")
    history = {series.name: series.points for series in portal().training.history(actor(), run_id=run_id, names=names)}
    points = next((history[name] for name in names if name in history), ())
    return ([point.step for point in points], [point.value for point in points]) if points else None


def trade_offs(comparison: Comparison, *, lines: Sequence[Line], colors: Mapping[str, int]) -> None:
    """Parallel axes, one line a version, all of them with up for better."""
    frame.section(_("Trade-offs"), hint=_("each line is one version"))
    ids = [version.id for version in comparison.versions]
    full = [line for line in lines if all(version_id in line.values for version_id in ids)]
    leading = shown_metrics(task_called(comparison.task))
    differing = [line for line in full if _counts(line, leading)]
    if len(ids) < 2 or len(differing) < 2:
        st.caption(_("It takes two versions that differ in two figures."))
        return
    labels = labels_of(comparison.versions)
    axes = [
        axis(f"{line.short} {line.unit}".strip(), [line.values[version_id] for version_id in ids], up=line.up)
        for line in differing
    ]
    parallel(
        axes,
        colors=[colors[version_id] for version_id in ids],
        names=[f"{labels[version_id]}:" for version_id in ids],
        key="trade_offs",
        alt=_("Figures of each version on parallel axes"),
    )
    st.caption(_("Up is better on every axis."))


def _counts(line: Line, leading: Sequence[str]) -> bool:
    """Whether a figure is worth an axis: of those of the task the first, for others go along with them."""
    is_shown = line.metric in leading or line.metric not in quality_metrics()
    low, high = min(line.values.values()), max(line.values.values())
    return line.comparable and is_shown and high - low > SAME * max(abs(low), abs(high))
