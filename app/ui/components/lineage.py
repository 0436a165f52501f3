"""The chain around an object: columns from the requirement to the endpoint, every object a node to trace and
open."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.ui import links, status
from core.foundation.ids import Kind
from core.foundation.objects import Edge, Lineage, Thing
from core.foundation.text import N_, _

FOLDER = Path(__file__).parent
COLUMNS: tuple[tuple[str, frozenset[Kind]], ...] = (
    (N_("Requirement"), frozenset({Kind.REQUIREMENT})),
    (N_("Data"), frozenset({Kind.DATASET, Kind.SNAPSHOT})),
    (N_("Features"), frozenset({Kind.FEATURE_VIEW, Kind.FEATURE_VERSION})),
    (N_("Online"), frozenset({Kind.MATERIALIZATION, Kind.FEATURE_PARITY})),
    (N_("Training set"), frozenset({Kind.TRAINING_SET})),
    (N_("Run"), frozenset({Kind.RUN, Kind.SWEEP})),
    (N_("Model"), frozenset({Kind.MODEL, Kind.MODEL_VERSION})),
    (N_("Evidence"), frozenset({Kind.EVIDENCE, Kind.LOAD_TEST})),
    (N_("Approval"), frozenset({Kind.PROMOTION})),
    (N_("Endpoint"), frozenset({Kind.ENDPOINT, Kind.DEPLOYMENT})),
)
PLACED = frozenset().union(*(kinds for _title, kinds in COLUMNS))
CONTAINERS = frozenset({Kind.DATASET, Kind.FEATURE_VIEW, Kind.MODEL})
# Every version can have many of them, which its page shows; they stand in a chain that is drawn around them.
BESIDE = frozenset({Kind.MATERIALIZATION, Kind.FEATURE_PARITY})
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
    """The chain as columns of nodes. Objects of other kinds (jobs, people) are left out, so are a dataset, view or
    model that stands beside its own version, and edges that say no more than a longer way does."""
    placed = {thing.id for thing in chain.things if thing.kind in PLACED - BESIDE or thing.id == chain.start}
    shown = placed - _told_by_versions(chain)
    columns = [
        {
            "title": _(title),
            "nodes": [_node(thing) for thing in chain.things if thing.kind in kinds and thing.id in shown],
        }
        for title, kinds in COLUMNS
    ]
    words = {"open": _("Open"), "before": _("led to it"), "after": _("follow from it"), "more": _("more")}
    edges = [edge for edge in chain.edges if {edge.source, edge.target} <= shown]
    return {
        "columns": [column for column in columns if column["nodes"]],
        "edges": [[source, target] for source, target in plain_edges(edges)],
        "start": chain.start,
        "words": words,
    }


def _told_by_versions(chain: Lineage) -> set[str]:
    """Containers of which a version is in the chain, but for the one that the chain is drawn around."""
    containers = {thing.id for thing in chain.things if thing.kind in CONTAINERS}
    return {edge.source for edge in chain.edges if edge.source in containers} - {chain.start}


def plain_edges(edges: Sequence[Edge]) -> list[tuple[str, str]]:
    """The edges without those that a longer way makes needless."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.source, set()).add(edge.target)
    kept = []
    for source, targets in after.items():
        further = set().union(*(_reached(other, after) for other in targets)) if len(targets) > 1 else set()
        kept += [(source, target) for target in sorted(targets - further)]
    return kept


def _reached(start: str, after: dict[str, set[str]]) -> set[str]:
    """All that follows from `start`, itself left out."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = after.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen - {start}


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
