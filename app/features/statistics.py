"""What a feature version's values look like: over time, against those that a model learned from, and what they cost."""

from collections.abc import Sequence

import streamlit as st

from app.features.glossary import DRIFT
from app.features.materialization import freshness
from app.lake.snapshot_diff import one_shift, shifts
from app.session import actor, portal
from app.ui import charts, frame, links, numbers, times
from app.ui.fields.address import put
from core.features.catalog.values import FeatureWindow, Window
from core.features.values import FeatureVersion, FeatureView
from core.foundation.text import N_, _

WINDOWS: dict[Window, str] = {"day": N_("Day"), "week": N_("Week"), "month": N_("Month")}
MIDDLE, HIGH = 0.5, 0.95
MOST_LINES = 5
MOST_SETS = 200


def statistics(view: FeatureView, shown: FeatureVersion) -> None:
    """Freshness and cost, then the values over time, then drift."""
    if not shown.rows_digest:
        st.caption(_("There are figures once the version is built."))
        return
    freshness(view)
    _cost(shown)
    _over_time(shown)
    _drift(view, shown)


def _cost(shown: FeatureVersion) -> None:
    cost = portal().feature_statistics.usage(actor(), version_id=shown.id).cost
    newest = f"{shown.newest_event:%Y-%m-%d}" if shown.newest_event else "—"
    figures = (
        (_("Newest event"), newest, times.absolute(shown.newest_event)),
        (_("Rows"), numbers.number(cost.rows), None),
        (_("Time to build"), numbers.duration(cost.build_seconds), None),
        (_("Size in the store"), numbers.size(cost.bytes), None),
    )
    for place, (label, value, more) in zip(st.columns(4, gap="xsmall"), figures, strict=True):
        place.metric(label, value, border=True, help=more)


def _over_time(shown: FeatureVersion) -> None:
    with frame.section(_("Over time"), hint=_("by event time in UTC")):
        names = [feature.name for feature in shown.features]
        name = st.selectbox(_("Feature"), names, key="windows_of", label_visibility="collapsed", width=180)
        window = st.segmented_control(
            _("Window"),
            list(WINDOWS),
            default="week",
            format_func=lambda chosen: _(WINDOWS[chosen]),
            key="windows_by",
            label_visibility="collapsed",
            required=True,
        )
    every = portal().feature_statistics.windows(actor(), version_id=shown.id, window=window)
    windows = [window for window in every if window.feature == name]
    if not windows:
        st.caption(_("It has no rows."))
        return
    if len(windows) == 1:
        _single(windows[0])
        return
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        (_numbers if windows[0].kind == "number" else _categories)(windows)
    with right:
        _nulls(windows)


def _single(window: FeatureWindow) -> None:
    """All rows lie in one window, where a line would be a point."""
    counts = {_("Window from"): f"{window.start:%Y-%m-%d}", _("Nulls"): numbers.percent(window.null_share)}
    if window.kind == "number":
        cuts = dict(window.percentiles)
        counts |= {_("Mean"): numbers.number(window.mean), _("Median"): numbers.number(cuts.get(MIDDLE))}
        counts |= {_("95th percentile"): numbers.number(cuts.get(HIGH))}
    else:
        counts |= {links.code(value): numbers.number(count) for value, count in window.frequent[:MOST_LINES]}
    frame.facts(counts)


def _numbers(windows: Sequence[FeatureWindow]) -> None:
    """The mean, and the median with the band up to the 95th percentile."""
    name = windows[0].feature
    means = [(window.start, window.mean) for window in windows if window.mean is not None]
    cuts = [(window.start, dict(window.percentiles)) for window in windows if window.percentiles]
    starts = [start for start, _cut in cuts]
    medians = [cut[MIDDLE] for _start, cut in cuts]
    median = _("median, up to the 95th percentile")
    charts.lines(
        {
            _("mean"): ([start for start, _mean in means], [mean for _start, mean in means]),
            median: (starts, medians),
        },
        key="windows_values",
        x="",
        y=name,
        alt=_("Mean, median and percentiles of {name} over time").format(name=name),
        bands={median: (starts, medians, [cut[HIGH] for _start, cut in cuts])},
    )


def _categories(windows: Sequence[FeatureWindow]) -> None:
    """The shares of the values that are the commonest over all windows."""
    totals: dict[str, int] = {}
    for window in windows:
        for value, count in window.frequent:
            totals[value] = totals.get(value, 0) + count
    most = sorted(totals, key=lambda value: -totals[value])[:MOST_LINES]
    starts = [window.start for window in windows]
    charts.lines(
        {value: (starts, [dict(window.frequent).get(value, 0) / window.rows for window in windows]) for value in most},
        key="windows_values",
        x="",
        y=_("share of rows"),
        alt=_("Shares of the most frequent values of {name} over time").format(name=windows[0].feature),
    )


def _nulls(windows: Sequence[FeatureWindow]) -> None:
    shares = [window.null_share * 100 for window in windows]
    if not any(shares):
        st.caption(_("No nulls at any time."))
        return
    charts.lines(
        {_("nulls"): ([window.start for window in windows], shares)},
        key="windows_nulls",
        x="",
        y=_("nulls, %"),
        alt=_("Share of nulls of {name} over time").format(name=windows[0].feature),
    )


def _drift(view: FeatureView, shown: FeatureVersion) -> None:
    sets = _training_sets(view, shown)
    with frame.section(_("Drift"), hint=_("the newest 28 days against the training data")):
        chosen = st.selectbox(
            _("Training set"),
            list(sets),
            format_func=lambda id_: f"{sets[id_]} ({id_})",
            key="drift_against",
            label_visibility="collapsed",
            width=240,
        )
    if not chosen:
        st.caption(_("No training set was made of this view yet; drift is measured against one."))
        return
    drift = portal().feature_statistics.drift(actor(), version_id=shown.id, training_set_id=chosen)
    names = (_("Training"), _("Now"))
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen_drift = shifts([shift.distance for shift in drift], names=names, key="drift")
        since, until = (f"{moment:%Y-%m-%d}" for moment in (drift[0].since, drift[0].until))
        st.caption(
            _("{n} rows from {since} to {until}, against the split {split} of {set}.").format(
                n=numbers.number(drift[0].rows), since=since, until=until, split=drift[0].split, set=chosen
            )
        )
        st.caption(_(DRIFT))
        st.button(_("Go to parity"), type="tertiary", icon=":material/compare:", key="to_parity", on_click=_to_parity)
    with right, frame.card("drift"):
        if chosen_drift is not None:
            one_shift(chosen_drift, names=names)


def _to_parity() -> None:
    put("tab", "online")


def _training_sets(view: FeatureView, shown: FeatureVersion) -> dict[str, str]:
    """Names of the training sets that were made of the view, by id: those of the version first."""
    listed = portal().training_sets.list_training_sets(actor(), project=view.project, limit=MOST_SETS).items
    training_sets = [training_set for training_set in listed if training_set.splits and training_set.contract]
    of_view = [
        training_set
        for training_set in training_sets
        if training_set.contract and view.name in {used.view for used in training_set.contract.views}
    ]
    pins = {training_set.id: any(use.version_id == shown.id for use in training_set.uses) for training_set in of_view}
    return {
        training_set.id: training_set.title
        for training_set in sorted(of_view, key=lambda training_set: not pins[training_set.id])
    }
