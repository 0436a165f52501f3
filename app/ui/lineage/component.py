"""The component that draws a chain, and what it opens."""

from datetime import UTC
from pathlib import Path

import streamlit as st

from app.session import portal
from app.ui import links
from app.ui.health import healths_of
from app.ui.lineage.facts import facts_of
from app.ui.lineage.story import drawing
from core.foundation.objects import Lineage

FOLDER = Path(__file__).parent
# One module, cut into files by what they do; only the last one exports.
SCRIPTS = ("layout.js", "marks.js", "card.js", "view.js", "map.js")
_lineage = st.components.v2.component(
    "causeway_lineage",
    html='<div class="place"><div class="map"></div></div>',
    css=(FOLDER / "map.css").read_text(encoding="utf-8"),
    js="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS),
)


def lineage(chain: Lineage, *, key: str) -> None:
    """Draws the chain and opens what was chosen in it."""
    now = portal().foundation.clock.now().astimezone(UTC)
    healths = healths_of(thing.id for thing in chain.things)
    data = drawing(chain, facts_of=facts_of, healths=healths, now=now)
    result = _lineage(key=key, data=data, on_open_change=_nothing)
    if chosen := getattr(result, "open", None):
        links.open_object(str(chosen))


def _nothing() -> None:
    """Streamlit keeps a component's trigger only where someone listens for it."""
