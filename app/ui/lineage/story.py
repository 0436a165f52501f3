"""What the map shows of a chain: five columns from the goal to the endpoint, and in the shortest story neither what a
version's own name says already nor an edge that a longer way makes needless."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from app.ui import links, status
from app.ui.health import KINDS, STATES, Healths
from app.ui.lineage.words import column_titles, group_title, kind_word, words
from app.ui.times import since
from core.foundation.ids import Kind
from core.foundation.objects import Edge, Lineage, Thing
from core.health.values import Health

# From left to right, and in each column from top to bottom.
COLUMNS: tuple[tuple[Kind, ...], ...] = (
    (Kind.REQUIREMENT, Kind.DATASET, Kind.SNAPSHOT),
    (Kind.FEATURE_VIEW, Kind.FEATURE_VERSION, Kind.MATERIALIZATION, Kind.FEATURE_PARITY),
    (Kind.TRAINING_SET, Kind.SWEEP, Kind.RUN),
    (Kind.MODEL, Kind.MODEL_VERSION),
    (Kind.EVIDENCE, Kind.LOAD_TEST, Kind.PROMOTION, Kind.ENDPOINT, Kind.DEPLOYMENT),
)
PLACED = frozenset(kind for kinds in COLUMNS for kind in kinds)
CONTAINERS = frozenset({Kind.DATASET, Kind.FEATURE_VIEW, Kind.MODEL})
# Every version can have many of them, which its page shows; they stand in a story that is told around them.
BESIDE = frozenset({Kind.MATERIALIZATION, Kind.FEATURE_PARITY})
ASKS = "asks for"
# The worst first: what a closed group says of its members.
SEVERITY = ("red", "orange", "blue", "violet", "gray", "green")
# More of one kind than this are told by their state alone until somebody opens one: each fact is a read.
MOST_FACTS = 6


def drawing(
    chain: Lineage, *, facts_of: Callable[[Iterable[Thing]], dict[str, str]], healths: Healths, now: datetime
) -> dict[str, Any]:
    """The chain as the component takes it. Objects of kinds without a place (jobs, people) are left out; `facts_of`
    reads one fact for each of the objects it is given, by id."""
    placed = {thing.id: thing for thing in chain.things if thing.kind in PLACED}
    story = _story(chain, placed)
    facts = facts_of(_worth_a_fact(chain, placed, story))
    marks = {thing.id: _marks(thing, healths.get(thing.id)) for thing in placed.values()}
    nodes = [
        (thing, marks[thing.id] | _node(thing, story, facts.get(thing.id, ""), marks[thing.id], now))
        for thing in placed.values()
    ]
    columns = [
        {"title": title, "groups": [_group(kind, nodes) for kind in kinds]}
        for title, kinds in zip(column_titles(), COLUMNS, strict=True)
    ]
    return {
        "columns": columns,
        "edges": {"story": _drawn(chain.edges, story), "all": _drawn(chain.edges, set(placed))},
        "start": chain.start,
        "total": len(placed),
        "words": words(placed[chain.start].title if chain.start in placed else chain.start, len(placed)),
    }


def _story(chain: Lineage, placed: dict[str, Thing]) -> set[str]:
    """The ids without containers of which a version is in the chain, without load tests whose evidence is in it, and
    without what stands beside a version; the object that the story is about is always in it."""
    covered = {edge.source for edge in chain.edges if _says_more(placed.get(edge.source), placed.get(edge.target))}
    return {thing.id for thing in placed.values() if thing.id not in covered and thing.kind not in BESIDE} | (
        {chain.start} & set(placed)
    )


def _says_more(source: Thing | None, target: Thing | None) -> bool:
    """Whether the second of two linked objects tells all that the story needs of the first."""
    if source is None or target is None:
        return False
    is_tested = source.kind is Kind.LOAD_TEST and target.kind is Kind.EVIDENCE
    return is_tested or source.kind in CONTAINERS


def _worth_a_fact(chain: Lineage, placed: dict[str, Thing], story: set[str]) -> list[Thing]:
    counts = Counter(placed[object_id].kind for object_id in story)
    return [
        placed[object_id]
        for object_id in story
        if object_id == chain.start or counts[placed[object_id].kind] <= MOST_FACTS
    ]


def _group(kind: Kind, nodes: Iterable[tuple[Thing, dict[str, Any]]]) -> dict[str, Any]:
    """All objects of one kind; several of them are drawn as one that opens. How it is called and what it says depends
    on whether the shortest story is shown or all."""
    members = [(thing, node) for thing, node in nodes if thing.kind is kind]
    shown = {"story": [node for _thing, node in members if node["story"]], "all": [node for _thing, node in members]}
    return {
        "key": kind.value,
        "icon": members[0][1]["icon"] if members else "",
        "titles": {size: group_title(kind, len(nodes)) for size, nodes in shown.items()},
        "summaries": {size: _summary(nodes) for size, nodes in shown.items()},
        "nodes": [node for _thing, node in members],
    }


def _summary(members: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The worst health or state among the members, with how many are in it unless all are."""
    looks = Counter((node["color"], node["health"] or node["state"]) for node in members)
    if not looks:
        return {"fact": "", "color": "gray"}
    color, word = min(looks, key=lambda look: SEVERITY.index(look[0]))
    count = looks[color, word]
    return {"fact": word.lower() if count == len(members) else f"{count} {word.lower()}", "color": color}


def _marks(thing: Thing, health: Health | None) -> dict[str, Any]:
    """The word of the life cycle and, of what has one, its health with the reason; other objects have one state, which
    is colored."""
    look = status.look(thing.state)
    if health is not None:
        judged = status.look(health.state)
        return {"state": look.word, "health": judged.word, "color": judged.color, "why": health.reason}
    color = "gray" if thing.kind in KINDS - STATES else look.color
    return {"state": look.word, "health": "", "color": color, "why": ""}


def _node(thing: Thing, story: set[str], figure: str, marks: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is wrong comes before the figure."""
    is_wrong = bool(marks["why"])
    return {
        "id": thing.id,
        "title": _title(thing),
        "whole": thing.title or thing.id,
        "fact": marks["health"] if is_wrong else figure or marks["state"],
        "figure": figure,
        "kind": kind_word(thing.kind),
        "icon": _icon(thing.id),
        "changed": since(thing.updated_at, now=now),
        "opens": links.has_page(thing.id),
        "story": thing.id in story,
    }


def _title(thing: Thing) -> str:
    """Evidence names what it measured behind a colon; beside its version the first word is enough."""
    title = thing.title or thing.id
    return title.partition(":")[0] if thing.kind is Kind.EVIDENCE else title


def _icon(object_id: str) -> str:
    return links.icon_of(object_id).removeprefix(":material/").removesuffix(":")


def _drawn(edges: Sequence[Edge], shown: set[str]) -> list[list[str]]:
    """The edges to draw as source, target, and "asks" where a goal asked for what it leads to."""
    between = [edge for edge in edges if {edge.source, edge.target} <= shown]
    asking = {(edge.source, edge.target) for edge in between if edge.relation == ASKS}
    return [[source, target, "asks" if (source, target) in asking else ""] for source, target in plain_edges(between)]


def plain_edges(edges: Sequence[Edge]) -> list[tuple[str, str]]:
    """The edges without those that a longer way makes needless."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.source, set()).add(edge.target)
    plain = []
    for source, targets in after.items():
        further = set().union(*(_reached(other, after) for other in targets)) if len(targets) > 1 else set()
        plain += [(source, target) for target in sorted(targets - further)]
    return plain


def _reached(start: str, after: dict[str, set[str]]) -> set[str]:
    """All that follows from `start`, itself left out."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = after.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached - {start}
