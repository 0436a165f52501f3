"""The second mark of an object, beside the gray word of its life cycle: how well it is, in the same form on lists,
headers, the map and the palette."""

from collections.abc import Iterable, Mapping

import streamlit as st

from app.session import actor, portal
from app.ui import links, status
from app.ui.cells import Cell, Column, state
from core.foundation.ids import Kind, is_id, kind_of
from core.foundation.text import _
from core.health.values import SEVERITY, Health

# Other objects have one state, which is colored.
KINDS = frozenset(
    {
        Kind.DATASET,
        Kind.SNAPSHOT,
        Kind.FEATURE_VIEW,
        Kind.FEATURE_VERSION,
        Kind.TRAINING_SET,
        Kind.MODEL,
        Kind.MODEL_VERSION,
        Kind.ENDPOINT,
        Kind.REQUIREMENT,
    }
)
# Their life is a job's and colored; health is shown of them only where something is wrong.
STATES = frozenset({Kind.SNAPSHOT, Kind.TRAINING_SET, Kind.REQUIREMENT})
PUT_AWAY = (Kind.DATASET, Kind.FEATURE_VIEW, Kind.TRAINING_SET, Kind.MODEL, Kind.ENDPOINT)
CAME_OF_DATA = (Kind.FEATURE_VERSION, Kind.TRAINING_SET, Kind.RUN, Kind.SWEEP, Kind.MODEL_VERSION, Kind.ENDPOINT)
Healths = Mapping[str, Health]


def healths_of(object_ids: Iterable[str]) -> Healths:
    """By id, those that were judged; all are read at once."""
    wanted = tuple(dict.fromkeys(object_id for object_id in object_ids if object_id and kind_of(object_id) in KINDS))
    if not wanted:
        return {}
    return {health.object_id: health for health in portal().health.of_objects(actor(), object_ids=wanted)}


def health_of(object_id: str) -> Health | None:
    return healths_of((object_id,)).get(object_id)


def is_ill(health: Health | None) -> bool:
    return health is not None and health.state not in ("", "healthy")


def severity(health: Health | None) -> int:
    """For sorting: the worst first."""
    return SEVERITY.index(health.state if health else "")


def health_column(*, width: int = 136) -> Column:
    """The head of the marks; the longest of them fits in it."""
    return Column(_("Health"), "state", width)


def health_cell(health: Health | None) -> Cell:
    """The mark in a catalog; the pointer shows why, and it opens the worst of what the object rests on. Empty while
    nothing was judged."""
    if health is None:
        return Cell(text="")
    cell = state(health.state)
    return Cell(
        text=cell.text,
        sort=float(severity(health)),
        color=cell.color,
        icon=cell.icon,
        title=health.reason,
        target=health.cause_id if health.cause_id != health.object_id else "",
    )


def health_mark(health: Health | None) -> None:
    """The mark beside a name; the pointer shows why."""
    if health is not None:
        status.badge(health.state, help=links.escape(health.reason) or None)


def health_line(health: Health | None) -> None:
    """Why something is wrong, with a link to the worst of what the object rests on."""
    if health is None or not is_ill(health):
        return
    with st.container(key="page_health", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f"{status.icon(health.state)} {links.escape(health.reason)}", width="content")
        if health.cause_id != health.object_id and links.has_page(health.cause_id):
            links.follow(health.cause_id, _("Open {id}").format(id=health.cause_id))


def warning_of_sources(object_id: str) -> bool:
    """A banner on the page of something that came of a snapshot in quarantine; whether there is one."""
    if not links.has_page(object_id) or kind_of(object_id) not in CAME_OF_DATA:
        return False
    quarantined = portal().retention.quarantined_upstream(actor(), object_id=object_id)
    for snapshot in quarantined:
        key = f"row_quarantine_{snapshot.snapshot_id}"
        with st.container(key=key, border=True, horizontal=True, vertical_alignment="center"):
            status.badge("quarantined", _("Its source is in quarantine"))
            links.link(snapshot.snapshot_id, snapshot.title)
            st.caption(links.escape(snapshot.reason))
    return bool(quarantined)


def put_away_state(object_id: str) -> str:
    """ "archived", "deleted", or empty."""
    if not is_id(object_id) or kind_of(object_id) not in PUT_AWAY:
        return ""
    return portal().identity.find_object(actor(), name=object_id).put_away


def put_away_line(object_id: str) -> None:
    """What was archived or deleted says so; nothing for what is in use."""
    words = {
        "archived": _("**Archived.** It is out of lists and choices, and nothing is done with it until it is back."),
        "deleted": _("**Deleted.** What was recorded of it is all that stays."),
    }
    if line := words.get(put_away_state(object_id)):
        st.markdown(f":gray[:material/inventory_2:] {line}")
