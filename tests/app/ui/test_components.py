"""What the palette and the lineage are drawn from."""

from datetime import UTC, datetime

import pytest

from app import navigation
from app.ui import links
from app.ui.components.lineage import drawing, plain_edges
from app.ui.components.palette import _page_entry, _thing_entry
from core.foundation.ids import Kind
from core.foundation.objects import Edge, Lineage, Thing

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def thing(object_id: str, kind: Kind, title: str = "x", state: str = "ready") -> Thing:
    return Thing(id=object_id, kind=kind, project="PROJ-1", title=title, state=state, owner="P-1", updated_at=NOW)


def edges(*pairs: str) -> tuple[Edge, ...]:
    split = (pair.split(">") for pair in pairs)
    return tuple(Edge(source=source, target=target, relation="then") for source, target in split)


def test_an_edge_that_a_longer_way_says_is_left_out() -> None:
    assert plain_edges(edges("R>TS", "TS>RUN", "RUN>MV", "R>RUN", "R>MV")) == [
        ("R", "TS"),
        ("TS", "RUN"),
        ("RUN", "MV"),
    ]


def test_edges_that_run_in_a_circle_end_all_the_same() -> None:
    assert set(plain_edges(edges("A>B", "B>A", "A>C"))) <= {("A", "B"), ("B", "A"), ("A", "C")}


def test_a_dataset_stands_aside_for_its_snapshot_but_not_where_it_is_looked_at() -> None:
    things = (thing("DS-1", Kind.DATASET), thing("SNAP-1", Kind.SNAPSHOT), thing("FEAT-1", Kind.FEATURE_VERSION))
    chain = Lineage(start="FEAT-1", things=things, edges=edges("DS-1>SNAP-1", "SNAP-1>FEAT-1"))
    shown = [node["id"] for column in drawing(chain)["columns"] for node in column["nodes"]]
    assert shown == ["SNAP-1", "FEAT-1"]
    from_there = drawing(chain.model_copy(update={"start": "DS-1"}))
    assert "DS-1" in [node["id"] for column in from_there["columns"] for node in column["nodes"]]


def test_what_keeps_a_version_online_stands_in_a_chain_of_its_own_alone() -> None:
    things = (
        thing("FEAT-1", Kind.FEATURE_VERSION),
        thing("MAT-1", Kind.MATERIALIZATION),
        thing("FP-1", Kind.FEATURE_PARITY),
    )
    chain = Lineage(start="FEAT-1", things=things, edges=edges("FEAT-1>MAT-1", "FEAT-1>FP-1"))
    for start, shown in (("FEAT-1", ["FEAT-1"]), ("MAT-1", ["FEAT-1", "MAT-1"]), ("FP-1", ["FEAT-1", "FP-1"])):
        drawn = drawing(chain.model_copy(update={"start": start}))
        assert [node["id"] for column in drawn["columns"] for node in column["nodes"]] == shown


def test_columns_run_from_the_goal_to_the_endpoint_and_empty_ones_are_left_out() -> None:
    things = (thing("EP-1", Kind.ENDPOINT), thing("R-1", Kind.REQUIREMENT), thing("JOB-1", Kind.JOB))
    chain = Lineage(start="R-1", things=things, edges=edges("R-1>EP-1", "R-1>JOB-1"))
    drawn = drawing(chain)
    assert [column["title"] for column in drawn["columns"]] == ["Requirement", "Endpoint"]
    assert drawn["edges"] == [["R-1", "EP-1"]]


@pytest.mark.parametrize("kind", [kind for kind in Kind if links.has_page(f"{kind.prefix}-1")])
def test_the_palette_names_every_kind_by_its_page(kind: Kind) -> None:
    entry = _thing_entry(thing(f"{kind.prefix}-1", kind, state="in review"))
    assert entry["key"] == f"{kind.prefix}-1"
    assert entry["type"] in {card.title for card in navigation.PAGES if not card.is_hidden}
    assert entry["detail"] == f"{kind.prefix}-1 · needs review"


def test_pages_open_by_their_address() -> None:
    assert all(_page_entry(card)["key"][1:] in navigation.cards() for card in navigation.PAGES)
