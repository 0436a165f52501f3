"""What the map of a chain shows, and what the shortest story leaves out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.ui import redraws
from app.ui.health import Healths
from app.ui.lineage.component import FOLDER, MAX_AGE, SCRIPTS, Drawn
from app.ui.lineage.facts import FACTS
from app.ui.lineage.story import COLUMNS, PLACED, drawing, plain_edges
from app.ui.lineage.words import group_title
from core.foundation.ids import Kind
from core.foundation.objects import Edge, Lineage, Thing
from core.health.values import Health

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def thing(object_id: str, kind: Kind, title: str = "x", state: str = "ready") -> Thing:
    return Thing(id=object_id, kind=kind, project="PROJ-1", title=title, state=state, owner="P-1", updated_at=NOW)


def edges(*pairs: str, relation: str = "then") -> tuple[Edge, ...]:
    split = (pair.split(">") for pair in pairs)
    return tuple(Edge(source=source, target=target, relation=relation) for source, target in split)


def drawn(start: str, *things: Thing, links: tuple[Edge, ...] = (), healths: Healths | None = None) -> dict[str, Any]:
    chain = Lineage(start=start, things=things, edges=links)
    facts = lambda listed: {item.id: f"fact of {item.id}" for item in listed}  # noqa: E731
    return drawing(chain, facts_of=facts, healths=healths or {}, now=NOW)


def nodes(drawing: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for column in drawing["columns"] for group in column["groups"] for node in group["nodes"]]


def story(drawing: dict[str, Any]) -> list[str]:
    return [node["id"] for node in nodes(drawing) if node["story"]]


def test_an_edge_that_a_longer_way_says_is_left_out() -> None:
    assert plain_edges(edges("R>TS", "TS>RUN", "RUN>MV", "R>RUN", "R>MV")) == [
        ("R", "TS"),
        ("TS", "RUN"),
        ("RUN", "MV"),
    ]


def test_edges_that_run_in_a_circle_end_all_the_same() -> None:
    assert plain_edges(edges("A>B", "B>A", "A>C")) == [("A", "B"), ("B", "A")]


def test_a_dataset_stands_aside_for_its_snapshot_but_not_where_it_is_looked_at() -> None:
    things = (thing("DS-1", Kind.DATASET), thing("SNAP-1", Kind.SNAPSHOT), thing("FEAT-1", Kind.FEATURE_VERSION))
    links = edges("DS-1>SNAP-1", "SNAP-1>FEAT-1")
    assert story(drawn("FEAT-1", *things, links=links)) == ["SNAP-1", "FEAT-1"]
    assert story(drawn("DS-1", *things, links=links)) == ["DS-1", "SNAP-1", "FEAT-1"]
    assert {node["id"] for node in nodes(drawn("FEAT-1", *things, links=links))} == {"DS-1", "SNAP-1", "FEAT-1"}


def test_a_load_test_stands_aside_for_its_evidence() -> None:
    things = (thing("MV-1", Kind.MODEL_VERSION), thing("EV-1", Kind.EVIDENCE), thing("LT-1", Kind.LOAD_TEST))
    links = edges("MV-1>EV-1", "MV-1>LT-1", "LT-1>EV-1")
    shown = drawn("MV-1", *things, links=links)
    assert story(shown) == ["MV-1", "EV-1"]
    assert shown["edges"]["story"] == [["MV-1", "EV-1", ""]]
    assert sorted(shown["edges"]["all"]) == [["LT-1", "EV-1", ""], ["MV-1", "LT-1", ""]]


def test_what_keeps_a_version_online_stands_in_a_story_of_its_own_alone() -> None:
    things = (
        thing("FEAT-1", Kind.FEATURE_VERSION),
        thing("MAT-1", Kind.MATERIALIZATION),
        thing("FP-1", Kind.FEATURE_PARITY),
    )
    links = edges("FEAT-1>MAT-1", "FEAT-1>FP-1")
    shown = [story(drawn(start, *things, links=links)) for start in ("FEAT-1", "MAT-1", "FP-1")]
    assert shown == [["FEAT-1"], ["FEAT-1", "MAT-1"], ["FEAT-1", "FP-1"]]


def test_columns_run_from_the_goal_to_the_endpoint_and_what_has_no_place_is_left_out() -> None:
    things = (thing("EP-1", Kind.ENDPOINT), thing("R-1", Kind.REQUIREMENT), thing("JOB-1", Kind.JOB))
    shown = drawn("R-1", *things, links=edges("R-1>EP-1", "R-1>JOB-1"))
    held = {
        column["title"]: [node["id"] for group in column["groups"] for node in group["nodes"]]
        for column in shown["columns"]
    }
    assert {title: ids for title, ids in held.items() if ids} == {
        "Goal and data": ["R-1"],
        "Evidence and release": ["EP-1"],
    }
    assert (shown["edges"]["all"], shown["total"]) == ([["R-1", "EP-1", ""]], 2)


def test_what_a_goal_asked_for_is_told_apart_from_what_came_of_something() -> None:
    things = (thing("R-1", Kind.REQUIREMENT), thing("TS-1", Kind.TRAINING_SET), thing("FEAT-1", Kind.FEATURE_VERSION))
    links = edges("R-1>TS-1", relation="asks for") + edges("FEAT-1>TS-1", relation="joined into")
    assert sorted(drawn("TS-1", *things, links=links)["edges"]["story"]) == [
        ["FEAT-1", "TS-1", ""],
        ["R-1", "TS-1", "asks"],
    ]


def test_a_group_says_how_many_it_holds_and_the_worst_of_them() -> None:
    states = ("pass", "fail", "inconclusive", "fail", "pass")
    things = [
        thing(f"EV-{number}", Kind.EVIDENCE, f"Quality: m v{number}", state) for number, state in enumerate(states)
    ]
    shown = drawn("MV-1", thing("MV-1", Kind.MODEL_VERSION), *things)
    group = shown["columns"][4]["groups"][0]
    assert group["titles"]["story"] == "5 pieces of evidence"
    assert group["summaries"]["story"] == {"fact": "2 failed", "color": "red"}
    assert [node["title"] for node in group["nodes"]] == ["Quality"] * 5
    alike = drawn("MV-1", thing("MV-1", Kind.MODEL_VERSION), *things[:1])
    assert alike["columns"][4]["groups"][0]["summaries"]["all"] == {"fact": "passed", "color": "green"}


def test_facts_are_read_for_few_and_for_the_object_itself() -> None:
    many = [thing(f"RUN-{number}", Kind.RUN, state="finished") for number in range(30)]
    shown = {node["id"]: node["fact"] for node in nodes(drawn("RUN-3", thing("TS-1", Kind.TRAINING_SET), *many))}
    assert {object_id for object_id, fact in shown.items() if fact.startswith("fact of")} == {"TS-1", "RUN-3"}
    assert shown["RUN-4"] == "Finished"


def test_a_node_wears_the_color_of_its_health_and_says_what_is_wrong_before_its_figure() -> None:
    things = (thing("FEAT-1", Kind.FEATURE_VERSION, state="published"), thing("MV-1", Kind.MODEL_VERSION))
    healths = {
        "FEAT-1": Health(object_id="FEAT-1", state="drifted", reason="delay has drifted", cause_id="FEAT-1"),
        "MV-1": Health(object_id="MV-1", state="healthy"),
    }
    features, version = nodes(drawn("MV-1", *things, links=edges("FEAT-1>MV-1"), healths=healths))
    assert (features["state"], features["health"], features["color"]) == ("Published", "Drifted", "orange")
    assert (features["fact"], features["figure"], features["why"]) == ("Drifted", "fact of FEAT-1", "delay has drifted")
    assert (version["health"], version["color"], version["fact"]) == ("Healthy", "green", "fact of MV-1")


def test_a_life_cycle_is_gray_where_nothing_was_judged_and_a_job_keeps_its_colored_state() -> None:
    things = (
        thing("MV-1", Kind.MODEL_VERSION, state="production"),
        thing("RUN-1", Kind.RUN, state="failed"),
        thing("TS-1", Kind.TRAINING_SET, state="ready"),
    )
    colors = {node["id"]: node["color"] for node in nodes(drawn("MV-1", *things))}
    assert colors == {"MV-1": "gray", "RUN-1": "red", "TS-1": "green"}


def test_a_closed_group_says_the_worst_health_of_its_members() -> None:
    things = [thing(f"FEAT-{number}", Kind.FEATURE_VERSION, state="published") for number in range(3)]
    healths = {
        f"FEAT-{number}": Health(object_id=f"FEAT-{number}", state=state)
        for number, state in enumerate(("healthy", "stale", "stale"))
    }
    group = drawn("FEAT-0", *things, healths=healths)["columns"][1]["groups"][1]
    assert group["summaries"]["all"] == {"fact": "2 stale", "color": "orange"}


@pytest.mark.parametrize("kind", sorted(PLACED))
def test_every_kind_on_the_map_has_a_word_for_one_and_for_many(kind: Kind) -> None:
    assert group_title(kind, 1) != group_title(kind, 2)
    assert sum(kind in kinds for kinds in COLUMNS) == 1
    assert set(FACTS) <= PLACED


def test_the_scripts_of_the_map_are_one_module() -> None:
    assert {path.name for path in Path(FOLDER).glob("*.js")} == set(SCRIPTS)
    exports = [name for name in SCRIPTS if "export default" in (FOLDER / name).read_text("utf-8")]
    assert exports == ["map.js"]


def test_a_map_is_drawn_as_it_was_for_seconds_while_a_live_page_is_drawn_again_and_its_chain_stands() -> None:
    cached = Drawn("as it stood", NOW, {})
    with redraws.drawing(again=False):
        assert not cached.holds("as it stood", NOW)
    with redraws.drawing(again=True):
        assert cached.holds("as it stood", NOW)
        assert not cached.holds("otherwise", NOW)
        assert not cached.holds("as it stood", NOW + MAX_AGE)
    assert not cached.holds("as it stood", NOW)
