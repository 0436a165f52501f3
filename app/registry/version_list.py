"""The versions of a model: the grid from which they are opened and compared, and their quality side by side."""

import streamlit as st

from app.registry.naming import Places, colors_of, figure_of, stage_of
from app.ui import charts, frame, links, times
from app.ui.tables import picks
from app.ui.wording import metric_name
from core.foundation.text import N_, _
from core.registry.values import ModelVersion

MOST_COMPARED = 8
CHARTED = 8
METRICS = ("auc", "log_loss", "ece")
SHORT = {"auc": N_("AUC"), "log_loss": N_("Log loss"), "ece": N_("Calibration")}


def version_list(versions: tuple[ModelVersion, ...], known: Places) -> None:
    """The grid; what is chosen in it is opened or compared."""
    bar = frame.section(_("Versions"), hint=_("choose one to open it, several to compare"))
    figures = {metric: [figure_of(one, metric) for one in versions] for metric in METRICS}
    rows = picks(
        {
            _("Version"): [f"v{one.version}" for one in versions],
            _("Id"): [one.id for one in versions],
            _("Stage"): [stage_of(one, known) for one in versions],
            **{_(SHORT[metric]): [one.value if one else None for one in figures[metric]] for metric in METRICS},
            _("From"): [one.run_id or _("upload") for one in versions],
            _("By"): [frame.name_of(one.created_by) for one in versions],
            _("Registered"): [times.ago(one.created_at, now=frame.now()) for one in versions],
            _("Serves"): [", ".join(place.words for place in known.get(one.id, ())) or "—" for one in versions],
        },
        key="versions",
        states=_("Stage"),
        widths={_("Version"): 68, _("Id"): 66, _("Stage"): 104, _("From"): 76, _("By"): 100, _("Registered"): 90},
        numbers={_(SHORT[metric]): "%.4f" for metric in METRICS},
        most=10,
    )
    chosen = [versions[row].id for row in rows]
    with bar:
        if len(chosen) == 1 and st.button(_("Open {id}").format(id=chosen[0]), key="open_version"):
            links.open_object(chosen[0])
        label = _("Compare {n}").format(n=len(chosen) or "")
        if st.button(label.strip(), icon=":material/compare_arrows:", disabled=len(chosen) < 2, key="compare"):
            links.open_page("compare", ids=",".join(chosen[:MOST_COMPARED]))


def quality(versions: tuple[ModelVersion, ...]) -> None:
    """One metric of the newest versions with its intervals."""
    judged = [one for one in versions if one.evaluations][:CHARTED]
    with frame.section(_("Quality"), hint=_("on unseen rows")):
        metric = st.segmented_control(
            _("Metric"),
            METRICS,
            default="auc",
            required=True,
            format_func=lambda chosen: _(SHORT[chosen]),
            key="metric",
            label_visibility="collapsed",
        )
    rows = [
        (f"v{one.version}", found.value, found.low, found.high, colors_of(versions)[one.id])
        for one in reversed(judged)
        if (found := figure_of(one, metric))
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
