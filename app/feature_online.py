"""A feature version in the online store: how fresh it is, what keeps it there, and what a model server would be
answered now."""

import streamlit as st

from app import forms, frame, links, status, times
from app.session import actor, may, portal
from core.features import FeatureVersion, FeatureView, VersionState
from core.foundation.text import _
from core.identity import Permission

SCHEDULES = {0: _("by hand"), 3600: _("every hour"), 86_400: _("every day")}


def freshness(view: FeatureView) -> None:
    """One sentence on whether the version that people get is as new as it should be."""
    found = portal().features.freshness(actor(), view_id=view.id)
    newest = times.absolute(found.newest_event)
    st.caption(f"{status.inline(found.verdict)} {links.escape(found.reason)} " + _("Newest row {at}").format(at=newest))


def online(shown: FeatureVersion) -> None:
    """The standing order, its schedule, and a look-up."""
    orders = portal().online.list_materializations(actor(), version_id=shown.id).items
    can_run = may(Permission.JOBS_WRITE, project=shown.project)
    if not orders:
        st.caption(_("It is not in the online store."))
    for order in orders:
        frame.facts(
            {
                _("State"): status.inline(order.state.value) + (" " + _("newer data wait") if order.behind else ""),
                _("Schedule"): SCHEDULES.get(order.every_seconds, times.duration(order.every_seconds)),
                _("Up to"): times.absolute(order.watermark),
                _("Keys"): times.number(order.keys),
                _("Cause"): links.escape(order.cause) or "—",
            }
        )
    if can_run and shown.state in (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED):
        _keep(shown)
    if orders:
        _look_up(shown)


def _keep(shown: FeatureVersion) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        every = st.selectbox(_("Keep it online"), list(SCHEDULES), format_func=SCHEDULES.__getitem__, width=160)
        if st.button(_("Bring it online now"), key="materialize"):
            with forms.attempt() as done:
                portal().online.materialize(actor(), version_id=shown.id, every_seconds=every)
            if done.succeeded:
                st.rerun()


def _look_up(shown: FeatureVersion) -> None:
    """Asks as a model server would, with the keys as they are typed."""
    with st.form("online_lookup", border=False):
        st.caption(_("What a model server would be answered now"))
        keys = {name: st.text_input(name, key=f"online_{name}") for name in shown.keys}
        asked = st.form_submit_button(_("Look up"))
    if asked:
        with forms.attempt():
            answer = portal().online.get_online(actor(), version_id=shown.id, keys=(keys,))[0]
            st.markdown(status.inline(answer.status))
            frame.facts({name: links.code(str(value)) for name, value in answer.values.items()})
            st.caption(_("Row of {at}").format(at=times.absolute(answer.event_time)))
