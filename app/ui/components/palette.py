"""The search palette on Ctrl-K: what was recent, actions and pages at once, everything else (objects by id and title,
feature columns) from the server while one types. What was recent is kept by the browser, for each person apart."""

from pathlib import Path
from typing import Any

import streamlit as st

from app import navigation
from app.session import actor, may, person, portal, unless_changed
from app.ui import links, redraws, status
from app.ui.components.starts import Start, open_starts
from app.ui.health import healths_of
from core.features.catalog.search import CatalogFeature
from core.foundation.ids import Kind
from core.foundation.objects import Thing
from core.foundation.text import _
from core.health.values import Health

FOLDER = Path(__file__).parent
RECENT = 60
MOST_MATCHES = 20
COLUMNS = 12
# Found by what one types, and not offered before: there are many, and people come for what they belong to.
UNASKED = frozenset(
    {
        Kind.JOB,
        Kind.EVIDENCE,
        Kind.PERSON,
        Kind.SERVICE_ACCOUNT,
        Kind.SNAPSHOT,
        Kind.MATERIALIZATION,
        Kind.FEATURE_PARITY,
    }
)
HTML = """
<button type="button" class="trigger" aria-haspopup="dialog"><span class="lens" aria-hidden="true"></span>
<span class="word">...</span><kbd></kbd></button>
<dialog><input type="text" role="combobox" aria-expanded="true" aria-controls="found" autocomplete="off"
spellcheck="false" maxlength="120"><ul id="found" role="listbox"></ul>
<div class="looking" role="status"></div><footer></footer></dialog>
"""
_palette = st.components.v2.component(
    "causeway_palette",
    html=HTML,
    css=(FOLDER / "palette.css").read_text(encoding="utf-8"),
    js=(FOLDER / "palette.js").read_text(encoding="utf-8"),
)


def palette() -> None:
    """Draws the trigger; opens what was chosen. A search reruns this part of the page alone."""
    redraws.part(_draw)


def _draw() -> None:
    state = st.session_state.get("palette") or {}
    query = str(state.get("query") or "")[:120]
    data = entries(query) if query else unless_changed("palette", lambda: entries(""))
    result = _palette(key="palette", data=data, on_open_change=_nothing, on_query_change=_nothing)
    if chosen := getattr(result, "open", None):
        _open(str(chosen))


def entries(query: str) -> dict[str, Any]:
    """What the palette shows: actions the visitor may take, pages, recent objects, and (with a query) what the server
    found for it."""
    begun = open_starts()
    start_titles = {start.title for start in begun}
    listed = [card for card in navigation.PAGES if navigation.is_listed(card, may=may)]
    pages = [_page_entry(card) for card in listed if _(card.title) not in start_titles]
    things = list(portal().identity.search(actor(), query="", limit=RECENT))
    if query:
        known = {thing.id for thing in things}
        matches = portal().identity.search(actor(), query=query, limit=MOST_MATCHES)
        things += [thing for thing in matches if thing.id not in known]
    words = {
        "search": _("Search"),
        "placeholder": _("Search pages and anything with an id"),
        "help": _("Arrow keys move · Enter opens · Esc closes"),
        "nothing": _("Nothing has this name."),
        "looking": _("Still looking…"),
        "recent": _("Recent"),
        "changed": _("Changed lately"),
    }
    opened = [thing for thing in things if links.has_page(thing.id)]
    healths = healths_of(thing.id for thing in opened)
    objects = [_thing_entry(thing, healths.get(thing.id)) for thing in opened]
    objects += _columns(query) if query else []
    return {
        "person": person().id,
        "actions": [_start_entry(start) for start in begun],
        "pages": pages,
        "objects": objects,
        "types": {card.url: _(_owner(card).title) for card in navigation.PAGES},
        "words": words,
        "query": query,
    }


def _columns(query: str) -> list[dict[str, str | bool]]:
    """Feature columns, each opening the newest version that has it."""
    listing = portal().feature_catalog.catalog(actor(), query=query, limit=COLUMNS)
    columns = [column for column in listing.items if column.feature is not None and column.version_id]
    healths = healths_of(column.version_id for column in columns)
    return [_column_entry(column) | _mark(healths.get(column.version_id)) for column in columns]


def _mark(health: Health | None) -> dict[str, str | bool]:
    look = status.look(health.state) if health else None
    return {"health": look.word, "color": look.color} if look else {"health": "", "color": ""}


def _column_entry(column: CatalogFeature) -> dict[str, str | bool]:
    return {
        "key": column.version_id,
        "title": column.name,
        "detail": f"{links.title_of(column.version_id)} · {status.look(column.state or '').word.lower()}",
        "type": _("Feature columns"),
        "recent": False,
    }


def _start_entry(start: Start) -> dict[str, str]:
    return {"key": f"/{start.url}", "title": start.title, "detail": "", "type": _("Actions")}


def _page_entry(card: navigation.PageCard) -> dict[str, str]:
    return {
        "key": f"/{card.url}",
        "title": _(card.title),
        "detail": _(card.section) if card.section else "",
        "type": _("Pages"),
    }


def _owner(card: navigation.PageCard) -> navigation.PageCard:
    """The page of the sidebar that a page belongs to."""
    return navigation.cards().get(card.menu, card)


def _thing_entry(thing: Thing, health: Health | None) -> dict[str, str | bool]:
    state = status.look(thing.state).word.lower()
    return {
        "key": thing.id,
        "title": thing.title or thing.id,
        "detail": f"{thing.id} · {state}",
        "type": _(_owner(navigation.cards()[links.url_of(thing.id)]).title),
        "recent": thing.kind not in UNASKED,
        **_mark(health),
    }


def _open(chosen: str) -> None:
    if chosen.startswith("/"):
        links.open_page(chosen[1:])
    links.open_object(chosen)


def _nothing() -> None:
    """Streamlit keeps a component's trigger only where someone listens for it."""
