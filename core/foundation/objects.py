"""Every object with a short id has one row here, whatever domain it belongs to: its project decides who may see it, its
title and state are what links and search show. The title of what has an identifier is kept nowhere else. `links` holds
the edges of the chain, from what came first to what follows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, Index, text
from sqlmodel import Field, Relationship, Session, SQLModel, col, func, or_, select

from core.foundation.columns import time_field
from core.foundation.ids import Kind
from core.foundation.reach import Reach, newest_of_each
from core.foundation.values import Value

NEXT_NUMBER = text(
    "INSERT INTO counters (kind, value) VALUES (:kind, 1) "
    "ON CONFLICT (kind) DO UPDATE SET value = counters.value + 1 RETURNING value"
)
LINEAGE_DEPTH = 12
# From an object to what is a part of it.
PARTS = ("holds", "has", "has version")
MOST_SHOWN = 400
# So many of each kind are looked through for a text.
SEARCHED = 5_000
# Far more edges than any chain has: where something is refused or deleted by what a walk finds, a cut would be a fault.
EVERY_EDGE = 1_000_000
# So many places are asked for at once; a database takes only so many values in one question.
ASKED_AT_ONCE = 5_000
# No edge leaves an endpoint. Two versions that served on one endpoint have nothing to do with each other, so a walk
# that went through it would turn: it would credit the one with what came of the other.
ENDPOINTS = f"{Kind.ENDPOINT.prefix}-%"


class CounterRow(SQLModel, table=True):
    __tablename__ = "counters"

    kind: str = Field(primary_key=True)
    value: int


class ObjectRow(SQLModel, table=True):
    __tablename__ = "objects"
    __table_args__ = (
        Index("ix_objects_project_updated_at", "project", "updated_at"),
        # Objects are found by their names, too.
        Index("ix_objects_kind_title", "kind", "title"),
        Index("ix_objects_kind_name", "kind", "name"),
        # What people own is found among all that there is.
        Index("ix_objects_owner", "owner", "kind", "created_at", "id", "project"),
        Index("ix_objects_owner_state", "owner", "state", "updated_at"),
        # Few things are put away, and lists leave them out.
        Index("ix_objects_put_away", "put_away", "kind", "id"),
        Index("ix_objects_newest_kind", "kind", "updated_at", "id", "title", "name", "project"),
    )

    id: str = Field(primary_key=True)
    kind: str
    project: str
    title: str
    state: str
    owner: str
    # The identifier of what has one, which stays when the title changes.
    name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    # "archived" or "deleted" once it is.
    put_away: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_at: datetime = time_field()
    updated_at: datetime = time_field(index=True)


NEWEST_FIRST = col(ObjectRow.updated_at).desc()


class LinkRow(SQLModel, table=True):
    __tablename__ = "links"

    source: str = Field(primary_key=True, foreign_key="objects.id")
    target: str = Field(primary_key=True, foreign_key="objects.id", index=True)
    relation: str = Field(primary_key=True)
    created_at: datetime = time_field()


class WriteLockRow(SQLModel, table=True):
    """Holds no rows: on PostgreSQL a writer locks this table."""

    __tablename__ = "write_lock"

    id: int = Field(primary_key=True)


class Thing(Value):
    """An object as links and search show it. `project` is empty for what belongs to none, `name` (its identifier) for
    what has none. `put_away` says that it is archived or deleted."""

    id: str
    kind: Kind
    project: str
    title: str
    name: str = ""
    state: str
    owner: str
    put_away: str = ""
    updated_at: datetime


class Edge(Value):
    """`source` came first; `relation` reads "source relation target"."""

    source: str
    target: str
    relation: str


class Lineage(Value):
    """All that leads to an object and all that follows from it, at most 12 steps away. Neither way turns: what else
    came of something that led to the object is not in it, and what follows ends at an endpoint."""

    start: str
    things: tuple[Thing, ...]
    edges: tuple[Edge, ...]


def next_id(session: Session, kind: Kind) -> str:
    number = session.connection().execute(NEXT_NUMBER, {"kind": kind.value}).scalar_one()
    return f"{kind.prefix}-{number}"


def coming_number(session: Session, kind: Kind) -> int:
    """The number that the next object of a kind gets, for whoever holds the write lock."""
    last = session.get(CounterRow, kind.value, populate_existing=True)
    return last.value + 1 if last else 1


def catalog_entry(table: str) -> Any:
    """The row among the objects that belongs to each row of a domain's table."""
    return Relationship(
        sa_relationship_kwargs={
            "primaryjoin": f"foreign({table}.id) == ObjectRow.id",
            "lazy": "selectin",
            "uselist": False,
            "viewonly": True,
        }
    )


def are_kept(ids: Any, *, kind: Kind, archived: bool = False) -> ColumnElement[bool]:
    """The rows of a domain's table that lists show, by the column of their ids: those that were not put away, or the
    archived ones instead."""
    shelf = ("archived",) if archived else ("archived", "deleted")
    put_away = select(ObjectRow.id).where(col(ObjectRow.put_away).in_(shelf), ObjectRow.kind == kind.value)
    return col(ids).in_(put_away) if archived else col(ids).not_in(put_away)


def put_away(session: Session, row: ObjectRow) -> ObjectRow | None:
    """The object itself, or what it is a part of, where that was archived or deleted."""
    if row.put_away:
        return row
    is_part = (LinkRow.target == row.id, col(LinkRow.relation).in_(PARTS), ObjectRow.put_away != "")
    whole = select(ObjectRow).join(LinkRow, col(LinkRow.source) == ObjectRow.id).where(*is_part)
    return session.exec(whole.limit(1)).first()


def put_away_among(session: Session, ids: Collection[str]) -> set[str]:
    """Those of some objects that were archived or deleted, or are a part of what was."""
    gone = select(ObjectRow.id).where(col(ObjectRow.id).in_(ids), ObjectRow.put_away != "")
    parts = select(LinkRow.target).join(ObjectRow, col(ObjectRow.id) == LinkRow.source)
    of_gone = (col(LinkRow.target).in_(ids), col(LinkRow.relation).in_(PARTS), ObjectRow.put_away != "")
    return {*session.exec(gone), *session.exec(parts.where(*of_gone))}


def thing_of(row: ObjectRow) -> Thing:
    return Thing(**row.model_dump(exclude={"created_at"}))


def find_things(
    session: Session, *, query: str, reach: Reach, kinds: Collection[Kind] = (), limit: int = 50
) -> tuple[Thing, ...]:
    """Objects whose id, identifier or title contains `query` (any case): what has the very id, then the most recently
    changed. What was put away is found by its very id alone. Of each kind the 5,000 that changed last are looked
    through, so that what a search costs does not grow with the history."""
    chosen = [kind.value for kind in kinds or Kind]
    where = [_matching(query, chosen, reach, limit)] if query else _newest(chosen if kinds else [], reach, limit)
    very_id = (col(ObjectRow.id) == query.upper()).desc()
    shown = or_(col(ObjectRow.put_away) == "", col(ObjectRow.id) == query.upper())
    rows = select(ObjectRow).where(*where, shown).order_by(*([very_id] if query else []), NEWEST_FIRST).limit(limit)
    return tuple(thing_of(row) for row in session.exec(rows))


def _newest(kinds: Sequence[str], reach: Reach, limit: int) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [col(ObjectRow.kind).in_(kinds)] if kinds else []
    if reach.is_everywhere:
        return where
    visible = [col(ObjectRow.project) == project for project in sorted({*reach.projects, ""})]
    return [newest_of_each(col(ObjectRow.id), visible, where=where, order=(NEWEST_FIRST,), limit=limit)]


def _matching(query: str, kinds: Sequence[str], reach: Reach, limit: int) -> ColumnElement[bool]:
    """Those that may be among the first: what has the very id, and the newest of each kind that hold the text."""
    visible = () if reach.is_everywhere else (col(ObjectRow.project).in_({*reach.projects, ""}),)
    very_id = sqlalchemy.select(col(ObjectRow.id)).where(
        col(ObjectRow.id) == query.upper(), col(ObjectRow.kind).in_(kinds), *visible
    )
    texts = (col(ObjectRow.id), col(ObjectRow.title), col(ObjectRow.name), col(ObjectRow.updated_at))
    newest = sqlalchemy.select(*texts).where(*visible).order_by(NEWEST_FIRST).limit(SEARCHED)
    pages = (newest.where(col(ObjectRow.kind) == kind).subquery() for kind in kinds)
    matches = (_holding(page.c, query.lower()).limit(limit).subquery() for page in pages)
    either: ColumnElement[bool] = col(ObjectRow.id).in_(
        sqlalchemy.union_all(very_id, *(sqlalchemy.select(match) for match in matches))
    )
    return either


def _holding(page: Any, part: str) -> sqlalchemy.Select[Any]:
    texts = (func.lower(page.id), func.lower(page.title), page.name)
    holding = or_(*(text.contains(part, autoescape=True) for text in texts))
    return sqlalchemy.select(page.id).where(holding).order_by(page.updated_at.desc())


def walk(session: Session, *starts: str, upstream: bool, most: int = EVERY_EDGE) -> tuple[Edge, ...]:
    """The edges that lead to the starts (upstream) or follow from them, the nearest first; a walk down ends at an
    endpoint. Step by step, so that a short answer about something with a long history is a short walk."""
    edges: dict[Edge, None] = {}
    reached, ends = set(starts), list(starts)
    for _step in range(LINEAGE_DEPTH):
        if not ends:
            break
        new_edges = _edges_at(session, ends, upstream=upstream, most=most - len(edges))
        edges.update(dict.fromkeys(new_edges))
        others = (edge.source if upstream else edge.target for edge in new_edges)
        ends = [other for other in dict.fromkeys(others) if other not in reached]
        reached.update(ends)
    return tuple(edges)


def _edges_at(session: Session, places: Sequence[str], *, upstream: bool, most: int) -> list[Edge]:
    """At most so many of the edges that end (upstream) or begin at these places, in the order of the index."""
    anchor, other = (LinkRow.target, LinkRow.source) if upstream else (LinkRow.source, LinkRow.target)
    # Columns, not rows: a walk has thousands of edges, and a mapped object costs many times what its edge does.
    columns = select(LinkRow.source, LinkRow.target, LinkRow.relation)
    leaving = columns.where(col(LinkRow.source).not_like(ENDPOINTS)).order_by(anchor, other)
    edges: list[Edge] = []
    for begin in range(0, len(places), ASKED_AT_ONCE):
        some = col(anchor).in_(places[begin : begin + ASKED_AT_ONCE])
        rows = session.exec(leaving.where(some).limit(most - len(edges)))
        edges += [Edge(source=source, target=target, relation=relation) for source, target, relation in rows]
    return edges


def led_to(start: str, sources: Mapping[str, Collection[str]]) -> frozenset[str]:
    """A start and all that led to it, out of a walk from several: as far as a walk from it alone would have come.
    `sources` are those of each target."""
    reached, ends = {start}, {start}
    for _step in range(LINEAGE_DEPTH):
        ends = {source for end in ends for source in sources.get(end, ())} - reached
        reached |= ends
    return frozenset(reached)


def lineage(session: Session, start: str, *, reach: Reach) -> Lineage:
    """The chain around an object, up and down, as far as the reader may see it."""
    ways = (walk(session, start, upstream=upstream, most=MOST_SHOWN) for upstream in (True, False))
    edges = {edge for way in ways for edge in way}
    ids = {start, *(edge.source for edge in edges), *(edge.target for edge in edges)}
    rows = session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(ids)).order_by(col(ObjectRow.created_at)))
    things = tuple(thing_of(row) for row in rows if not row.project or reach.includes(row.project))
    seen = {thing.id for thing in things}
    visible_edges = sorted((edge for edge in edges if {edge.source, edge.target} <= seen), key=lambda edge: edge.target)
    return Lineage(start=start, things=things, edges=tuple(visible_edges))
