"""The chain around an object: columns from the requirement to the endpoint, every object a node to trace and
open."""

from pathlib import Path
from typing import Any

import streamlit as st

from app import links, status
from core.foundation.ids import Kind
from core.foundation.objects import Lineage, Thing
from core.foundation.text import _

FOLDER = Path(__file__).parent
COLUMNS: tuple[tuple[str, frozenset[Kind]], ...] = (
    (_("Requirement"), frozenset({Kind.REQUIREMENT})),
    (_("Data"), frozenset({Kind.DATASET, Kind.SNAPSHOT})),
    (_("Features"), frozenset({Kind.FEATURE_VIEW, Kind.FEATURE_VERSION})),
    (_("Training set"), frozenset({Kind.TRAINING_SET})),
    (_("Run"), frozenset({Kind.RUN, Kind.SWEEP})),
    (_("Model"), frozenset({Kind.MODEL, Kind.MODEL_VERSION})),
    (_("Evidence"), frozenset({Kind.EVIDENCE, Kind.LOAD_TEST})),
    (_("Approval"), frozenset({Kind.PROMOTION})),
    (_("Endpoint"), frozenset({Kind.ENDPOINT, Kind.DEPLOYMENT})),
)
HTML = '<div class="board"><svg aria-hidden="true"></svg><div class="columns"></div></div><div class="foot"></div>'
_lineage = st.components.v2.component(
    "causeway_lineage",
    html=HTML,
    css=(FOLDER / "lineage.css").read_text(encoding="utf-8"),
    js=(FOLDER / "lineage.js").read_text(encoding="utf-8"),
)


def lineage(chain: Lineage, *, key: str) -> None:
    """Draws the chain and opens what was chosen in it."""
    result = _lineage(key=key, data=drawing(chain), on_open_change=_nothing)
    if chosen := getattr(result, "open", None):
        links.open_object(str(chosen))


def drawing(chain: Lineage) -> dict[str, Any]:
    """The chain as columns of nodes; objects of other kinds (jobs, people) are left out."""
    columns = [
        {"title": title, "nodes": [_node(thing) for thing in chain.things if thing.kind in kinds]}
        for title, kinds in COLUMNS
    ]
    words = {"open": _("Open"), "before": _("led to it"), "after": _("follow from it"), "more": _("more")}
    edges = [[edge.source, edge.target, edge.relation] for edge in chain.edges]
    return {"columns": [c for c in columns if c["nodes"]], "edges": edges, "start": chain.start, "words": words}


def _node(thing: Thing) -> dict[str, str | bool]:
    shown = status.look(thing.state)
    return {
        "id": thing.id,
        "title": thing.title or thing.id,
        "state": shown.word,
        "color": shown.color,
        "opens": links.has_page(thing.id),
    }


def _nothing() -> None:
    """Streamlit keeps a component's trigger only where someone listens for it."""
