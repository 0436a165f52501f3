"""The component that draws a chain, and what it opens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from app.session import portal
from app.ui import links, redraws
from app.ui.health import healths_of
from app.ui.lineage.facts import facts_of
from app.ui.lineage.story import drawing
from core.foundation.objects import Lineage

FOLDER = Path(__file__).parent
DRAWN, MAX_AGE = "causeway_lineage_drawn", timedelta(seconds=10)
# One module, cut into files by what they do; only the last one exports.
SCRIPTS = ("layout.js", "marks.js", "card.js", "view.js", "map.js")
_lineage = st.components.v2.component(
    "causeway_lineage",
    html='<div class="place"><div class="map"></div></div>',
    css=(FOLDER / "map.css").read_text(encoding="utf-8"),
    js="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class Drawn:
    """What was drawn of a chain that stood like this."""

    stands: object
    at: datetime
    data: dict[str, Any]

    def holds(self, stands: object, now: datetime) -> bool:
        """Whether it may be drawn once more: on a live page, for a few seconds, while the chain stands."""
        return redraws.drawn_again() and self.stands == stands and now - self.at < MAX_AGE


def lineage(chain: Lineage, *, key: str) -> None:
    """Draws the chain and opens what was chosen in it."""
    result = _lineage(key=key, data=_data(chain), on_open_change=_nothing)
    if chosen := getattr(result, "open", None):
        links.open_object(str(chosen))


def _data(chain: Lineage) -> dict[str, Any]:
    """What is drawn. A live page draws it again every few seconds, and the healths and facts of all these objects are
    most of its cost: while the chain stands they are read anew more seldom."""
    now = portal().foundation.clock.now().astimezone(UTC)
    stands = (chain.edges, [(thing.id, thing.title, thing.state) for thing in chain.things])
    drawn: Drawn | None = st.session_state.get(DRAWN)
    if drawn and drawn.holds(stands, now):
        return drawn.data
    healths = healths_of(thing.id for thing in chain.things)
    data = drawing(chain, facts_of=facts_of, healths=healths, now=now)
    st.session_state[DRAWN] = Drawn(stands, now, data)
    return data


def _nothing() -> None:
    """Streamlit keeps a component's trigger only where someone listens for it."""
