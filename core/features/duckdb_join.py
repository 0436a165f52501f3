"""The point-in-time join: for every entity row and view, the one feature row that was the answer at that instant.

It reads rows in the normal form of `duckdb_rows`, so each view costs one ASOF join and nothing else. The rules R1 to
R12 it keeps are written in the project's decisions and tested one by one against a brute-force oracle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.duckdb_rows import BEST, CREATED, EVENT, KNOWN, LATEST
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import listed, literal, one_row, quoted, types_of

if TYPE_CHECKING:
    import duckdb

ROW, TIME = "__row", "__t"
JOINED = "joined"
MOMENTS = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"}
KINDS = {
    "text": {"VARCHAR"},
    "integer": {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"},
    "boolean": {"BOOLEAN"},
}


@dataclass(frozen=True)
class JoinView:
    """One use of a feature version. `keys` maps the view's keys to columns of the entity table, so the same version can
    be used twice (origin and destination); `outputs` maps features to output columns. Times are microseconds; a ttl of
    None or 0 is unlimited."""

    name: str
    rows: Path
    keys: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    ttl_us: int | None = None
    delay_us: int = 0


def join_views(
    session: "duckdb.DuckDBPyConnection", views: Sequence[JoinView], *, entity: Path, event_time: str, known_at: bool
) -> dict[str, str]:
    """Makes the table `joined`: the entity rows with `__row` and `__t` (microseconds), every output column, and
    `__event_<i>`, `__created_<i>` of the row that view i answered with. Returns the entity's column types.
    Raises Invalid for an unknown column, a missing or null time, keys of other types and colliding names."""
    source = f"read_parquet({literal(entity)}, file_row_number = true)"
    types = types_of(session, source)
    types.pop("file_row_number", None)
    _check_time(session, types, source, event_time)
    _check_names(types, views)
    for view in views:
        _check_view(session, view, types)
    session.execute(
        f"CREATE OR REPLACE TEMP TABLE {JOINED} AS {_join(views, source, list(types), event_time, known_at)}"
    )
    return types


def answers(view: JoinView, index: int, *, known_at: bool, strict: bool = False) -> str:
    """One ASOF join of the relation `e` (which has `__t`) with a view. `strict` asks for rows strictly before `__t`."""
    alias = f"v{index}"
    moment = KNOWN if known_at else f"epoch_us({EVENT}) + {view.delay_us}"
    chosen = BEST if known_at else LATEST
    features = listed(feature for feature, _output in view.outputs)
    keys = listed(key for key, _column in view.keys)
    columns = ", ".join(part for part in (keys, features) if part)
    matches = [f"e.{quoted(column)} = {alias}.{quoted(key)}" for key, column in view.keys]
    condition = " AND ".join([*matches, f"e.{TIME} {'>' if strict else '>='} {alias}.__from_us"])
    return (
        f"ASOF LEFT JOIN (SELECT {columns}{',' if columns else ''} {CREATED}, epoch_us({EVENT}) AS __event_us,"
        f" {moment} AS __from_us FROM read_parquet({literal(view.rows)}) WHERE {chosen}) {alias} ON {condition}"
    )


def output_of(view: JoinView, index: int, *, feature: str) -> str:
    """The feature's value where the answer has not outlived its ttl, else null: never an older row (R2)."""
    return f"CASE WHEN {_alive(view, index)} THEN v{index}.{quoted(feature)} END"


def _join(views: Sequence[JoinView], source: str, columns: Iterable[str], event_time: str, known_at: bool) -> str:
    selected = [f"e.{quoted(column)}" for column in columns]
    for index, view in enumerate(views):
        selected += [f"{output_of(view, index, feature=feature)} AS {quoted(name)}" for feature, name in view.outputs]
        alive = _alive(view, index)
        selected.append(f"CASE WHEN {alive} THEN v{index}.__event_us END AS __event_{index}")
        selected.append(f"CASE WHEN {alive} THEN epoch_us(v{index}.{CREATED}) END AS __created_{index}")
    joins = " ".join(answers(view, index, known_at=known_at) for index, view in enumerate(views))
    instant = f"epoch_us(CAST({quoted(event_time)} AS TIMESTAMPTZ))"
    entity = f"(SELECT *, file_row_number AS {ROW}, {instant} AS {TIME} FROM {source}) e"
    return f"SELECT e.{ROW}, e.{TIME}, {', '.join(selected)} FROM {entity} {joins}"


def _alive(view: JoinView, index: int) -> str:
    return f"v{index}.__event_us >= e.{TIME} - {view.ttl_us}" if view.ttl_us else "true"


def _check_time(session: "duckdb.DuckDBPyConnection", types: dict[str, str], source: str, column: str) -> None:
    if column not in types:
        raise Invalid(_("The entity table has no time column {name}").format(name=repr(column)), field="event_time")
    if types[column] not in MOMENTS:
        raise Invalid(
            _("{name} is {type}: an event time is a TIMESTAMP or a TIMESTAMPTZ").format(
                name=column, type=types[column]
            ),
            hint=_("Cast it in the query: CAST(x AS TIMESTAMPTZ)."),
            field="event_time",
        )
    (missing,) = one_row(session, f"SELECT count(*) FROM {source} WHERE {quoted(column)} IS NULL")
    if missing:
        raise Invalid(_("{rows} entity rows have no event time").format(rows=missing), field="event_time")


def _check_names(types: dict[str, str], views: Sequence[JoinView]) -> None:
    taken = {name.casefold() for name in types}
    for name in (output for view in views for _feature, output in view.outputs):
        if name.casefold() in taken:
            raise Invalid(
                _("Two columns would be called {name}").format(name=repr(name)),
                hint=_("Give one of the views a prefix of its own."),
            )
        taken.add(name.casefold())


def _check_view(session: "duckdb.DuckDBPyConnection", view: JoinView, entity: dict[str, str]) -> None:
    rows = types_of(session, f"read_parquet({literal(view.rows)})")
    for feature, _output in view.outputs:
        if feature not in rows:
            raise Invalid(_("{view} has no feature {name}").format(view=view.name, name=repr(feature)))
    for key, column in view.keys:
        if column not in entity:
            raise Invalid(_("The entity table has no column {name}").format(name=repr(column)), field="keys")
        if key not in rows:
            raise Invalid(_("{view} has no key {name}").format(view=view.name, name=repr(key)), field="keys")
        if _kind(rows[key]) != _kind(entity[column]):
            raise Invalid(
                _("{column} is {left} and the key {key} of {view} is {right}").format(
                    column=column, left=entity[column], key=key, view=view.name, right=rows[key]
                ),
                hint=_("Cast one of them; keys match exactly, type included."),
                field="keys",
            )


def _kind(data_type: str) -> str:
    return next((kind for kind, types in KINDS.items() if data_type in types), data_type)
