"""The form of a new feature version: SQL over named snapshots, and what its times mean. It begins with the newest
version's."""

from typing import Any

import streamlit as st

from app import forms, frame, links
from app.features import words
from app.session import actor, portal
from app.sources import choose_sources
from core.features import FeatureVersion, FeatureView
from core.foundation.ids import Kind
from core.foundation.text import _

HOUR = 3600
KINDS = ("category", "number")
DRAFT = "feature_draft_sql"
FIRST = "SELECT key, event_time, value FROM flights"


def show() -> None:
    view = portal().features.get_view(actor(), view_id=links.wanted_id(Kind.FEATURE_VIEW))
    crumbs = [(_("Features"), "features"), (view.name, view.id)]
    number = view.latest.version + 1 if view.latest else 1
    title = _("Version {n} of {view}").format(n=number, view=view.name)
    keys = ", ".join(view.keys) or _("none")
    facts = [_("A version never changes; a job builds its rows"), _("keys: {keys}").format(keys=links.escape(keys))]
    frame.header(title, crumbs=crumbs, here=_("New version"), facts=facts)
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        sql = st.text_area(_("SQL"), value=_begins_with(view), height=430, key="sql_version", max_chars=20_000)
    with right:
        entered = _terms(view, view.latest)
    with st.container(horizontal=True, gap="xsmall"):
        saved = st.button(_("Build the version"), type="primary", icon=":material/build:", key="build")
        if st.button(_("Cancel"), type="tertiary", key="cancel"):
            st.session_state.pop(DRAFT, None)
            links.open_object(view.id)
    if saved:
        with forms.attempt() as done:
            made = portal().features.create_version(actor(), view_id=view.id, sql=sql, **entered)
        if done.succeeded:
            st.session_state.pop(DRAFT, None)
            frame.say(_("Building {id}").format(id=made.id))
            links.open_object(made.id)


def _begins_with(view: FeatureView) -> str:
    """What was brought along from the query page, or the newest version's."""
    brought: str = st.session_state.get(DRAFT, "")
    return brought or (view.latest.sql if view.latest else FIRST)


def _terms(view: FeatureView, given: FeatureVersion | None) -> dict[str, Any]:
    """What is asked beside the SQL, by the names of the action's parameters."""
    sources = choose_sources(view.project, key="version", given=given.sources if given else None)
    return {
        "sources": sources,
        **_times(given),
        **_kinds(given),
        "description": st.text_input(_("What is new"), key="new"),
    }


def _times(given: FeatureVersion | None) -> dict[str, Any]:
    event = st.text_input(
        _("Event time"),
        value=given.event_time if given else "",
        key="event_time",
        placeholder="event_time",
        help=_("The column with the moment from which a row is true."),
    )
    created = st.text_input(
        _("Written at"),
        value=given.created_time if given else "",
        key="created_time",
        placeholder=_("the same as the event time"),
        help=_("The column with the moment at which a row was written, where it is another one."),
    )
    ttl = _hours(
        _("Counts for (hours)"),
        given.ttl_seconds if given else 0,
        help=_("An older row answers nothing. 0 is for ever."),
    )
    delay = _hours(
        _("Arrives after (hours)"), given.delay_seconds if given else 0, help=_("How long a row takes to arrive.")
    )
    return {"event_time": event, "created_time": created, "ttl_seconds": ttl, "delay_seconds": delay}


def _hours(label: str, seconds: int, *, help: str) -> int:
    hours = st.number_input(label, value=seconds / HOUR, min_value=0.0, format="%g", key=label, help=help)
    return round(hours * HOUR)


def _kinds(given: FeatureVersion | None) -> dict[str, tuple[str, ...]]:
    """Which columns a model takes as categories and which as numbers."""
    features = given.features if given else ()
    named = {kind: ", ".join(feature.name for feature in features if feature.kind == kind) for kind in KINDS}
    categories = st.text_input(
        _("Categories"), value=named["category"], key="categories", placeholder=_("text columns")
    )
    numbers = st.text_input(_("Numbers"), value=named["number"], key="numbers", placeholder=_("every other column"))
    return {"categories": words(categories), "numbers": words(numbers)}


show()
