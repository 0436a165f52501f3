"""The newest row of every key, out of files of rows in normal form, as the online store takes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.columns import model_value
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN
from core.features.online.packing import packed_values
from core.features.online.store import NO_CREATED, OnlineRow, Packed, pack_key
from core.features.values import ServedView
from core.sandbox.duckdb_session import listed, one_row, parquet_rows, quoted

if TYPE_CHECKING:
    import duckdb

FETCHED = 1_000
# Few enough that what is made of them stays in the processor's cache.
PACKED = 2_048


@dataclass(frozen=True)
class Known:
    """Rows of some files that became known after one instant (None: ever) and until another, in microseconds. Of these
    only the best can be answers: which row is the latest is judged over all rows, and a correction that is known only
    later must not remove what is right today."""

    files: Sequence[Path]
    until_us: int
    after_us: int | None = None

    @property
    def condition(self) -> str:
        after = "" if self.after_us is None else f" AND {KNOWN} > {self.after_us}"
        return f"{BEST} AND {KNOWN} <= {self.until_us}{after}"


def newest_rows(view: ServedView, parts: Sequence[Known]) -> str:
    """A query that gives for every key its newest row by (event, created): the keys as `key_0`, ..., the times in
    microseconds, and the values as a model takes them. One pass: an `arg_max` over whole rows."""
    keys = [f"{quoted(key)} AS key_{number}" for number, (key, _column) in enumerate(view.keys)]
    names = [f"key_{number}" for number in range(len(view.keys))]
    values = [
        f"value_{number} := {model_value(quoted(name), kind)}" for number, (name, _as, kind) in enumerate(view.outputs)
    ]
    row = ", ".join([f"event_us := epoch_us({EVENT})", f"created_us := epoch_us({CREATED})", *values])
    columns = ", ".join([*keys, f"struct_pack({row}) AS answer"])
    known = [f"SELECT {columns} FROM {parquet_rows(part.files)} WHERE {part.condition}" for part in parts if part.files]
    grouped = f"GROUP BY {', '.join(names)}" if names else "HAVING count(*) > 0"
    age = f"{{e: answer.event_us, c: coalesce(answer.created_us, {NO_CREATED})}}"
    return (
        f"SELECT {', '.join([*names, f'unnest(arg_max(answer, {age}))'])} FROM ({' UNION ALL '.join(known)}) {grouped}"
    )


def newest_event(session: "duckdb.DuckDBPyConnection", files: Sequence[Path], *, until_us: int) -> int | None:
    """The event time, in microseconds, of the newest row among those that were known at an instant."""
    if not files:
        return None
    known = f"FROM {parquet_rows(files)} WHERE {KNOWN} <= {until_us}"
    (newest,) = one_row(session, f"SELECT epoch_us(max({EVENT})) {known}")
    return None if newest is None else int(newest)


def has_rows(parts: Sequence[Known]) -> bool:
    return any(part.files for part in parts)


def online_rows(session: "duckdb.DuckDBPyConnection", query: str, *, keys: int) -> Iterator[OnlineRow]:
    """The rows of such a query, drawn a little at a time."""
    session.execute(query)
    while rows := session.fetchmany(FETCHED):
        for row in rows:
            yield OnlineRow._make((row[:keys], row[keys], row[keys + 1], row[keys + 2 :]))


def packed_rows(session: "duckdb.DuckDBPyConnection", query: str, *, keys: int) -> Iterator[Packed]:
    """The same rows as stores take them, in the order of their keys, so that a store writes where it wrote before."""
    order = f" ORDER BY {', '.join(f'key_{number}' for number in range(keys))}" if keys else ""
    for batch in session.sql(query + order).to_arrow_reader(PACKED):
        names = zip(*(column.to_pylist() for column in batch.columns[:keys]), strict=True)
        events, created, *values = batch.columns[keys:]
        packed = map(pack_key, names) if keys else repeat(pack_key(()), batch.num_rows)
        known = created.fill_null(NO_CREATED).to_pylist()
        yield from zip(packed, events.to_pylist(), known, packed_values(values), strict=True)


def withdrawn(
    session: "duckdb.DuckDBPyConnection", view: ServedView, *, before: Sequence[Known], after: Sequence[Known]
) -> str:
    """The name of a table with the keys whose newest row among the files before is newer than the one among those after
    a correction, or is there no more; empty when there are none."""
    if not has_rows(before):
        return ""
    names = [f"key_{number}" for number in range(len(view.keys))]
    old, new = newest_rows(view, before), newest_rows(view, after) if has_rows(after) else ""
    query = f"SELECT {_listed(names, 'o')} FROM ({old}) o"
    if new:
        same = " AND ".join(f"o.{name} = n.{name}" for name in names) or "true"
        query += f" LEFT JOIN ({new}) n ON {same} WHERE n.event_us IS NULL OR {_age('n')} < {_age('o')}"
    session.execute(f"CREATE OR REPLACE TEMP TABLE withdrawn AS {query}")
    return "withdrawn"


def of_keys(query: str, table: str, *, keys: int) -> str:
    """The rows of a newest-rows query whose keys are in a table."""
    names = [f"key_{number}" for number in range(keys)]
    if not names:
        return query
    return f"SELECT * FROM ({query}) SEMI JOIN {table} USING ({listed(names)})"


def _age(alias: str) -> str:
    return f"{{e: {alias}.event_us, c: coalesce({alias}.created_us, {NO_CREATED})}}"


def _listed(names: Sequence[str], alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in names) or "true AS present"
