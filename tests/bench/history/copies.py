"""Many rows from one: a row that the portal itself has written is inserted again and again with other ids and times, so
that each copy keeps whatever a page needs of it, and a new column is copied without anyone thinking of it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlmodel import SQLModel

from core.foundation.columns import UtcDateTime
from core.foundation.ids import PREFIXES, Kind

# Ids of copies begin far behind those of the small installation.
FIRST = 1000
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
APART_SECONDS = 60


@dataclass(frozen=True)
class Copies:
    """`count` copies of every row of `table` (called r) that `template` selects. `columns` are SQL by the column's
    name, with `n` from 1 to `count`; the others are copied, instants as many minutes earlier as `n` says. With `kind`
    each copy gets its row among the objects."""

    table: str
    template: str
    count: int
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    title: str = ""


def numbered(kind: Kind, number: str = "n", *, block: int = 0) -> str:
    """SQL of the id of a copy. `block` keeps ids of one kind apart that come from several tables."""
    return f"'{PREFIXES[kind]}-' || ({FIRST + block} + {number})"


def spread(kind: Kind, over: int, *, first: str) -> str:
    """SQL of the id of one of `over` objects, in turn; every `over`-th is `first`, of the small installation."""
    return f"CASE n % {over} WHEN 0 THEN '{first}' ELSE {numbered(kind, f'n % {over}')} END"


def insert(connection: sqlite3.Connection, copies: Copies, *, most: int) -> None:
    """Inserts at most so many of them; the columns are those of the code's table."""
    copies = replace(copies, count=min(copies.count, most))
    names, values = _columns(copies)
    connection.execute(_insert(copies.table, names, values, copies))
    if copies.kind is not None:
        _insert_objects(connection, copies)


def _columns(copies: Copies) -> tuple[list[str], list[str]]:
    table = SQLModel.metadata.tables[copies.table]
    names = [column.name for column in table.columns]
    shifted = {column.name for column in table.columns if isinstance(column.type, UtcDateTime)}
    values = [copies.columns.get(name, _earlier(name) if name in shifted else f'r."{name}"') for name in names]
    return names, values


def _earlier(name: str) -> str:
    """As SQLAlchemy writes an instant, with six digits of a second."""
    return f"strftime('%Y-%m-%d %H:%M:%f000', r.\"{name}\", '-' || (n * {APART_SECONDS}) || ' seconds')"


def _insert(table: str, names: list[str], values: list[str], copies: Copies) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    source = f'"{copies.table}" AS r, numbers WHERE {copies.template}'
    numbers = NUMBERS.format(count=copies.count)
    return f'INSERT INTO "{table}" ({quoted}) {numbers} SELECT {", ".join(values)} FROM {source}'


def _insert_objects(connection: sqlite3.Connection, copies: Copies) -> None:
    """Their rows among the objects, like the template's own."""
    assert copies.kind is not None
    columns = {"id": copies.columns["id"].replace("r.", "t.")}
    if "state" in copies.columns:
        columns["state"] = copies.columns["state"].replace("r.", "t.")
    if copies.title:
        columns["title"] = copies.title
    template = f"r.id = t.id AND {copies.template.replace('r.', 't.')}"
    objects = Copies("objects", template, copies.count, columns)
    names, values = _columns(objects)
    query = _insert("objects", names, values, objects).replace(
        '"objects" AS r,', f'"objects" AS r, "{copies.table}" AS t,'
    )
    connection.execute(query)
    count_on(connection, copies.kind)


def count_on(connection: sqlite3.Connection, kind: Kind) -> None:
    """The counter of a kind stands behind its last copy."""
    last = f"SELECT max(CAST(substr(id, {len(PREFIXES[kind]) + 2}) AS INTEGER)) FROM objects WHERE kind = ?"
    connection.execute(f"UPDATE counters SET value = ({last}) WHERE kind = ?", (kind.value, kind.value))


def link(connection: sqlite3.Connection, source: str, target: str, relation: str, *, count: int) -> None:
    """Edges of the chain between copies; `source` and `target` are SQL with `n`."""
    connection.execute(
        f"INSERT OR IGNORE INTO links (source, target, relation, created_at) {NUMBERS.format(count=count)} "
        f"SELECT {source}, {target}, ?, '2020-01-01 00:00:00.000000' FROM numbers",
        (relation,),
    )
