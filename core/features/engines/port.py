"""What an engine of the feature platform must do: find, for every entity row and view, the one feature row that was the
answer at that instant. Each is a plug-in: a file in this folder, or an entry point of a package.

Engines read rows in the normal form of `normal_form`, so each view costs one as-of join and nothing else. The rules R1
to R12 they keep are written in the project's decisions, and one suite holds every engine to them by a brute-force
oracle. What is wrong with the columns is found here, before any engine starts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from core.features.normal_form import BEST, EVENT, KNOWN, LATEST, RowShape
from core.features.values import Kind
from core.foundation.errors import Invalid
from core.foundation.plugins import Plugin
from core.foundation.text import _
from core.sandbox.duckdb_session import literal, one_row, quoted, shared_session, types_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BEGINNING, END = -(2**62), 2**62
MOMENTS = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"}
TYPES = {
    "text": {"VARCHAR"},
    "integer": {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"},
    "boolean": {"BOOLEAN"},
}


@dataclass(frozen=True)
class JoinView:
    """One use of a feature version. `keys` maps the view's keys to columns of the entity table, so the same version can
    be used twice (shop and warehouse). `outputs` are (feature, output column, how a model takes it); None keeps the
    feature's own type. Times are microseconds; a ttl of None or 0 is unlimited."""

    name: str
    rows: Path
    keys: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str, Kind | None], ...]
    ttl_us: int | None = None
    delay_us: int = 0


@dataclass(frozen=True)
class Part:
    """A file to write, with the rows of a time window in microseconds, the end excluded."""

    path: Path
    start_us: int = BEGINNING
    end_us: int = END


@dataclass(frozen=True)
class Matches:
    """What a view answered, in entity rows: `null` is a row whose values are all null, `late` counts answers that were
    not written yet at the entity's time (none when the join asks what was known). `nulls` are for each output."""

    present: int
    null: int
    expired: int
    not_found: int
    late: int
    nulls: tuple[tuple[str, int], ...]


class Engine(Plugin, ABC):
    """A way to join training sets, chosen by the setting `feature_engine`, which is its `name`. Its `product` and
    `version` go into the manifest of what was joined."""

    product: ClassVar[str]

    @classmethod
    @abstractmethod
    def opened(cls, address: str) -> AbstractContextManager[Self]:
        """The engine while it is needed. `address` is that of its cluster, where it has one. Unavailable says what is
        missing."""

    @property
    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def join(
        self, views: Sequence[JoinView], *, entity: Path, event_time: str, known_at: bool, parts: Sequence[Part]
    ) -> tuple[Matches, ...]:
        """Writes the entity rows with every output column, in the entity's order, to the parts. The columns were
        checked before (`check_join`)."""


class BuildEngine(Engine):
    """An engine that runs the SQL of versions too; others leave that to the sandbox on one machine."""

    @classmethod
    @abstractmethod
    def check_sql(cls, sql: str) -> None:
        """Invalid for what the engine cannot run, before it is opened."""

    @abstractmethod
    def build(
        self,
        sql: str,
        *,
        tables: Mapping[str, Sequence[Path]],
        shape: RowShape,
        schema: "pa.Schema",
        raw: Path,
        path: Path,
    ) -> tuple[Path, ...]:
        """Writes the rows of a version's SQL as files into the folder `raw`, and in normal form to `path`, with the
        types of `schema`; returns the files of `raw` in the order of their rows. Invalid for what it cannot run,
        Unavailable for what is not the query's fault."""


def check_join(views: Sequence[JoinView], *, entity: Path, event_time: str) -> None:
    """Raises Invalid for an unknown column, a missing or null time, keys of other types and colliding names (R8)."""
    with shared_session() as session:
        source = f"read_parquet({literal(entity)})"
        types = types_of(session, source)
        _check_time(session, types, source, event_time)
        _check_names(types, views)
        for view in views:
            _check_view(session, view, types)


def depends_on_known_at(view: JoinView) -> bool:
    """Whether any answer can depend on what was known: without late rows and corrections none does (R5)."""
    late = f"{KNOWN} IS DISTINCT FROM epoch_us({EVENT}) + {view.delay_us} OR {LATEST} <> {BEST}"
    with shared_session() as session:
        (count,) = one_row(session, f"SELECT count(*) FROM read_parquet({literal(view.rows)}) WHERE {late}")
    return bool(count)


def schema_of(views: Sequence[JoinView], *, entity: Path) -> "pa.Schema":
    """The columns of what a join gives, with the types they have in the files that are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"category": pa.string(), "number": pa.float64()}
    fields = list(pq.read_schema(entity))
    for view in views:
        rows = pq.read_schema(view.rows)
        fields += [pa.field(name, types[kind] if kind else rows.field(own).type) for own, name, kind in view.outputs]
    return pa.schema(fields)


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
    used_names = {name.casefold() for name in types}
    for name in (output for view in views for _feature, output, _kind in view.outputs):
        if name.casefold() in used_names:
            raise Invalid(
                _("Two columns would be called {name}").format(name=repr(name)),
                hint=_("Give one of the views a prefix of its own."),
            )
        used_names.add(name.casefold())


def _check_view(session: "duckdb.DuckDBPyConnection", view: JoinView, entity: dict[str, str]) -> None:
    rows = types_of(session, f"read_parquet({literal(view.rows)})")
    for feature, _output, _kind in view.outputs:
        if feature not in rows:
            raise Invalid(_("{view} has no feature {name}").format(view=view.name, name=repr(feature)))
    for key, column in view.keys:
        if column not in entity:
            raise Invalid(_("The entity table has no column {name}").format(name=repr(column)), field="keys")
        if key not in rows:
            raise Invalid(_("{view} has no key {name}").format(view=view.name, name=repr(key)), field="keys")
        if _family(rows[key]) != _family(entity[column]):
            raise Invalid(
                _("{column} is {left} and the key {key} of {view} is {right}").format(
                    column=column, left=entity[column], key=key, view=view.name, right=rows[key]
                ),
                hint=_("Cast one of them; keys match exactly, type included."),
                field="keys",
            )


def _family(data_type: str) -> str:
    return next((family for family, types in TYPES.items() if data_type in types), data_type)
