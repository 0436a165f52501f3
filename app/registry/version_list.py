"""The versions of a model: the grid from which they are opened and compared, and their quality side by side."""

from collections.abc import Iterable, Sequence

import streamlit as st

from app.registry.naming import Places, colors_of, figure_of, stage_of
from app.ui import cells, charts, frame, links
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.numbers import metric_name, metric_short
from app.ui.tasks import shown_metrics
from core.foundation.text import _
from core.foundation.values import Listing
from core.registry.values import ModelVersion
from core.tasks.task import task_of

MOST_COMPARED = 8
CHARTED = 8


def version_list(listing: Listing[ModelVersion], known: Places) -> None:
    """The table; what is chosen in it is opened or compared."""
    metrics = metrics_of(listing.items)
    bar = frame.section(_("Versions"), hint=_("choose several to compare them"))
    columns = (
        Column(_("Version")),
        Column(_("Stage"), "word", 96),
        health_column(),
        *(Column(metric_short(metric), "number", 104, help=metric_name(metric)) for metric in metrics),
        Column(_("From"), "code", 92, priority=2),
        Column(_("By"), width=120, priority=3),
        Column(_("Serves"), width=190, priority=2),
        Column(_("Registered"), "time", 104, priority=2),
    )
    healths = healths_of(version.id for version in listing.items)
    lines = [_row(version, known, healths, metrics) for version in listing.items]
    chosen = rows(columns, lines, key="versions", label=_("Versions"), total=listing.total, choice="several")
    with bar:
        label = _("Compare {n}").format(n=len(chosen) or "")
        if st.button(label.strip(), icon=":material/compare_arrows:", disabled=len(chosen) < 2, key="compare"):
            links.open_page("compare", ids=",".join(chosen[:MOST_COMPARED]))


def metrics_of(versions: Iterable[ModelVersion]) -> tuple[str, ...]:
    """The first figures of the task that the newest version has: those of one model rarely have several."""
    newest = next(iter(versions), None)
    return shown_metrics(task_of(newest.signature.target)) if newest else ()


def _row(version: ModelVersion, known: Places, healths: Healths, metrics: Sequence[str]) -> Row:
    figures = [figure_of(version, metric) for metric in metrics]
    serving = known.get(version.id, ())
    return Row(
        version.id,
        (
            cells.text(f"v{version.version}", target=version.id, detail=version.id),
            cells.word(stage_of(version, known)),
            health_cell(healths.get(version.id)),
            *(cells.number(figure.value if figure else None) for figure in figures),
            cells.code(version.run_id or _("upload"), target=version.run_id),
            cells.text(frame.name_of(version.created_by)),
            cells.text(
                ", ".join(place.words for place in serving) or "—", target=serving[0].endpoint.id if serving else ""
            ),
            cells.time(version.created_at, now=frame.now()),
        ),
        target=version.id,
    )


def quality(versions: tuple[ModelVersion, ...]) -> None:
    """One metric of the newest versions with its intervals."""
    judged, metrics = [version for version in versions if version.evaluations][:CHARTED], metrics_of(versions)
    if not metrics:
        return
    with frame.section(_("Quality"), hint=_("on unseen rows")):
        metric = st.segmented_control(
            _("Metric"),
            metrics,
            default=metrics[0],
            required=True,
            format_func=metric_name,
            key="metric",
            label_visibility="collapsed",
        )
    rows = [
        (f"v{version.version}", interval.value, interval.low, interval.high, colors_of(versions)[version.id])
        for version in reversed(judged)
        if (interval := figure_of(version, metric))
    ]
    if not rows:
        st.caption(_("No version was judged yet."))
        return
    charts.intervals(
        [row[:4] for row in rows],
        key="quality",
        x=metric_name(metric),
        colors=[row[4] for row in rows],
        alt=_("{metric} by version").format(metric=metric_name(metric)),
    )
