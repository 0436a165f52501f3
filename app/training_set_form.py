"""Parts of the form of a training set: the rows to learn from, the feature versions to join, and the splits by time.
They return what was typed, unchecked: it becomes values when the button is pressed, and a refusal is shown there."""

from datetime import date
from typing import Any

import streamlit as st

from app.features import words
from app.session import actor, portal
from app.sources import choose_sources
from core.features import FeatureVersion, FeatureView
from core.foundation.text import _

MOST = 200
SPLITS = ("train", "validation", "test")
EARLIEST = date(1970, 1, 1)
Entered = dict[str, Any]


def entity_form(project: str) -> Entered:
    """The rows: SQL, and what its columns are."""
    sql = st.text_area(
        _("Rows to learn from (SQL)"),
        key="sql_entity",
        height=260,
        placeholder="SELECT id, moment, label, ... FROM flights",
        help=_("One row for each moment of prediction, with its outcome."),
    )
    sources = choose_sources(project, key="entity")
    first, second, third = st.columns(3, gap="small")
    row_id = first.text_input(_("Row id"), key="entity_row_id", placeholder="flight_id")
    event = second.text_input(_("Moment of prediction"), key="entity_event", placeholder="sched_dep_utc")
    label = third.text_input(_("Label (0 or 1)"), key="entity_label", placeholder="late")
    categories = first.text_input(_("Categories sent"), key="entity_categories", placeholder="origin, dest, carrier")
    numbers = second.text_input(_("Numbers sent"), key="entity_numbers", placeholder="distance")
    keys_only = third.text_input(_("For look-up only"), key="entity_keys", placeholder="tailnum")
    return {
        "sql": sql,
        "sources": sources,
        "row_id": row_id,
        "event_time": event,
        "label": label,
        "categories": words(categories),
        "numbers": words(numbers),
        "keys_only": words(keys_only),
    }


def uses_form(project: str) -> list[Entered]:
    """The feature versions to join, each with the columns that its keys are found in."""
    views = portal().features.list_views(actor(), project=project, limit=MOST).items
    built = {view.name: (view, view.latest) for view in views if view.latest and view.latest.state == "published"}
    chosen = st.multiselect(_("Features to join"), list(built), key="uses", help=_("Views at their newest version."))
    return [_use(*built[name]) for name in chosen]


def _use(view: FeatureView, version: FeatureVersion) -> Entered:
    with st.container(key=f"card_use_{view.id}", border=True, gap="xsmall"):
        st.markdown(f"**{view.name}** :gray[v{version.version}, {len(version.features)} features]")
        places = st.columns(len(view.keys) + 1, gap="small")
        keys = {
            key: place.text_input(_("{key} is in").format(key=key), value=key, key=f"use_{view.id}_{key}")
            for key, place in zip(view.keys, places, strict=False)
        }
        first = view.name.partition("_")[0]
        prefix = places[-1].text_input(_("Prefix of its names"), value=f"{first}_", key=f"use_{view.id}_prefix")
    return {"version_id": version.id, "keys": keys, "prefix": prefix}


def splits_form() -> list[Entered]:
    """Three stretches of time, the later ones judged."""
    st.caption(_("Splits, by day in UTC; the end is excluded"))
    return [_split(name) for name in SPLITS]


def _split(name: str) -> Entered:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", wrap=False):
        st.markdown(f"`{name}`", width=84)
        start = _day(_("{split} from").format(split=name), key=f"split_{name}_start")
        end = _day(_("{split} to").format(split=name), key=f"split_{name}_end")
    return {"name": name, "start": start, "end": end}


def _day(label: str, *, key: str) -> date | None:
    return st.date_input(
        label, value=None, key=key, label_visibility="collapsed", min_value=EARLIEST, format="YYYY-MM-DD"
    )


def requirement_choice(project: str) -> str:
    """The requirement that the work answers to, "" for none."""
    listing = portal().requirements.list_requirements(actor(), state="open", limit=MOST)
    titles = {item.id: f"{item.id} {item.title}" for item in listing.items if item.project == project}
    chosen = st.selectbox(
        _("Requirement"),
        ["", *titles],
        format_func=lambda item: titles.get(item, _("None")),
        key="requirement_choice",
    )
    return chosen or ""
