"""The search palette on Ctrl-K: pages and recent objects at once, everything else from the server while one types."""

from pathlib import Path
from typing import Any

import streamlit as st

from app import navigation
from app.session import actor, portal
from app.ui import links, status
from core.foundation.ids import Kind
from core.foundation.objects import Thing
from core.foundation.text import _

FOLDER = Path(__file__).parent
RECENT = 60
FOUND = 20
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
spellcheck="false" maxlength="120"><ul id="found" role="listbox"></ul><footer></footer></dialog>
"""
_palette = st.components.v2.component(
    "causeway_palette",
    html=HTML,
    css=(FOLDER / "palette.css").read_text(encoding="utf-8"),
    js=(FOLDER / "palette.js").read_text(encoding="utf-8"),
)


@st.fragment
def palette() -> None:
    """Draws the trigger; opens what was chosen. A search reruns this part of the page alone."""
    state = st.session_state.get("palette") or {}
    query = str(state.get("query") or "")[:120]
    result = _palette(key="palette", data=entries(query), on_open_change=_nothing, on_query_change=_nothing)
    if chosen := getattr(result, "open", None):
        _open(str(chosen))


def entries(query: str) -> dict[str, Any]:
    """What the palette shows: pages, recent objects, and (with a query) what the server found for it."""
    pages = [_page_entry(card) for card in navigation.PAGES if not card.is_hidden or card.url == "start-sweep"]
    things = list(portal().identity.search(actor(), query="", limit=RECENT))
    if query:
        known = {thing.id for thing in things}
        found = portal().identity.search(actor(), query=query, limit=FOUND)
        things += [thing for thing in found if thing.id not in known]
    words = {
        "search": _("Search"),
        "placeholder": _("Search pages and anything with an id"),
        "help": _("Arrow keys move · Enter opens · Esc closes"),
        "nothing": _("Nothing is called that."),
        "pages": _("Pages"),
    }
    objects = [_thing_entry(thing) for thing in things if links.has_page(thing.id)]
    return {"pages": pages, "objects": objects, "words": words, "query": query}


def _page_entry(card: navigation.PageCard) -> dict[str, str]:
    place = _(card.section) or _("Pages")
    return {"key": f"/{card.url}", "title": _(card.title), "detail": "", "type": place, "group": _("Pages")}


def _thing_entry(thing: Thing) -> dict[str, str | bool]:
    menu = navigation.cards()[links.url_of(thing.id)]
    owner = navigation.cards().get(menu.menu, menu)
    state = status.look(thing.state).word.lower()
    return {
        "key": thing.id,
        "title": thing.title or thing.id,
        "detail": f"{thing.id} · {state}",
        "type": _(owner.title),
        "group": _(owner.title),
        "recent": thing.kind not in UNASKED,
    }


def _open(chosen: str) -> None:
    if chosen.startswith("/"):
        links.open_page(chosen[1:])
    links.open_object(chosen)


def _nothing() -> None:
    """Streamlit keeps a component's trigger only where someone listens for it."""
