"""Small parts of a version's sources: their last rows; the latest rows of a few keys, so that windows mean something;
and the same rows made difficult on purpose, for the two forms of a logic to be compared on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.text import _
from core.lake.finite import is_infinite
from core.sandbox.duckdb_session import listed, quoted, types_of

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa

Tables = Mapping[str, "pa.Table"]
FEW_KEYS, LAST_ROWS = 8, 5_000
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
# 2013-03-10 07:00 and 2013-11-03 06:00 UTC: the clocks of New York change; those of Europe do on other days.
SPRING_US, AUTUMN_US = 1_362_898_800_000_000, 1_383_458_400_000_000
# Half an hour around midnight in UTC, and the hours in which it is already tomorrow there and still today in New York.
TIMES_OF_DAY = (23 * HOUR_US + HOUR_US // 2, HOUR_US // 2, 4 * HOUR_US + HOUR_US // 2)


def latest_rows(
    session: "duckdb.DuckDBPyConnection", names: Sequence[str], *, keys: Sequence[str], most: int
) -> "dict[str, pa.Table]":
    """Of each table the last rows of the keys that are most frequent at its end, in their order; of a table without
    those keys its last rows."""
    return {name: session.sql(_latest(session, name, keys, most)).to_arrow_table() for name in names}


def last_rows(paths: Sequence[Path], *, most: int) -> "pa.Table":
    """The last rows of a table that lies in several files, in their order; nothing before them is read but the row
    groups they begin in."""
    import pyarrow as pa

    groups: list[pa.Table] = []
    for group in _from_the_end(paths):
        groups.insert(0, group)
        if sum(table.num_rows for table in groups) >= most:
            break
    table = pa.concat_tables(groups)
    return table.slice(max(0, table.num_rows - most))


def difficult(tables: Tables, *, keys: Sequence[str], seed: int) -> "Iterator[tuple[str, dict[str, pa.Table]]]":
    """The tables as they are and made difficult in several ways, each with its name."""
    import numpy as np

    dice = np.random.default_rng(seed)
    ways: dict[str, Callable[[pa.Table], pa.Table]] = {
        _("as they are"): lambda table: table,
        _("with ties"): lambda table: _with_ties(table, keys, dice),
        _("with nulls"): lambda table: _with_nulls(table, dice),
        _("with an empty group"): lambda table: _with_empty_group(table, keys),
        _("around midnight"): lambda table: _around_midnight(table, dice),
        _("one row"): lambda table: table.slice(0, 1),
        _("no rows"): lambda table: table.slice(0, 0),
    }
    for name, way in ways.items():
        yield name, {table: way(rows) for table, rows in tables.items()}
    for name, instant in ((_("when clocks go forward"), SPRING_US), (_("when clocks go back"), AUTUMN_US)):
        yield name, _moved(tables, instant)


def _latest(session: "duckdb.DuckDBPyConnection", name: str, keys: Sequence[str], most: int) -> str:
    columns = types_of(session, quoted(name))
    numbered = f"SELECT *, row_number() OVER () AS __n FROM {quoted(name)}"
    if by := listed(key for key in keys if key in columns):
        last = f"SELECT {by} FROM ({numbered}) ORDER BY __n DESC LIMIT {LAST_ROWS}"
        few = f"SELECT {by} FROM ({last}) GROUP BY {by} ORDER BY count(*) DESC, {by} LIMIT {FEW_KEYS}"
        numbered = f"SELECT * FROM ({numbered}) SEMI JOIN ({few}) USING ({by})"
    return f"SELECT {listed(columns)} FROM (SELECT * FROM ({numbered}) ORDER BY __n DESC LIMIT {most}) ORDER BY __n"


def _from_the_end(paths: Sequence[Path]) -> "Iterator[pa.Table]":
    """Row groups, the last one first."""
    import pyarrow.parquet as pq

    for path in reversed(paths):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        yield from (file.read_row_group(number) for number in reversed(range(file.num_row_groups)))


def _with_ties(table: "pa.Table", keys: Sequence[str], dice: "np.random.Generator") -> "pa.Table":
    """Every tenth row once more, at the same times and of the same keys, with the values of other rows."""
    import numpy as np
    import pyarrow as pa

    if table.num_rows < 2:
        return table
    chosen = np.arange(0, table.num_rows, 10)
    others = dice.permutation(table.num_rows)[: len(chosen)]
    identity = {*keys, *_times(table)}
    doubled = [table.column(name).take(pa.array(chosen if name in identity else others)) for name in table.column_names]
    both = pa.concat_tables([table, pa.table(doubled, schema=table.schema)])
    return both.take(pa.array(np.argsort(np.concatenate([np.arange(table.num_rows), chosen]), kind="stable")))


def _with_nulls(table: "pa.Table", dice: "np.random.Generator") -> "pa.Table":
    """In every column, keys and times too, the values of other rows are missing."""
    for name in table.column_names:
        table = _without(table, name, dice.random(table.num_rows) < 0.05)
    return table


def _with_empty_group(table: "pa.Table", keys: Sequence[str]) -> "pa.Table":
    """One key has no value in any of its rows."""
    import numpy as np
    import pyarrow.compute as pc

    if not table.num_rows:
        return table
    empty = np.arange(table.num_rows) >= table.num_rows - 10
    for key in (key for key in keys if key in table.column_names):
        same = pc.equal(table.column(key), table.column(key)[table.num_rows // 2])
        empty = pc.fill_null(same, False).to_numpy(zero_copy_only=False)
    identity = {*keys, *_times(table)}
    for name in (name for name in table.column_names if name not in identity):
        table = _without(table, name, empty)
    return table


def _around_midnight(table: "pa.Table", dice: "np.random.Generator") -> "pa.Table":
    """Every row moved, with all its times, to an hour that is another day in another zone."""
    import numpy as np

    if not (times := _times(table)) or not table.num_rows:
        return table
    first = _microseconds(table, times[0])
    wanted = np.array(TIMES_OF_DAY)[dice.integers(0, len(TIMES_OF_DAY), table.num_rows)]
    return _shifted(table, wanted - first % DAY_US)


def _moved(tables: Tables, instant: int) -> "dict[str, pa.Table]":
    """All tables moved alike in time, so that the middle of the first one with times lies at the instant."""
    import numpy as np

    timed = [(table, times[0]) for table in tables.values() if (times := _times(table)) and table.num_rows]
    if not timed:
        return dict(tables)
    middle = int(np.median(_microseconds(*timed[0])))
    # By whole seconds: what is rounded to seconds stays so.
    by = (instant - middle) // 1_000_000 * 1_000_000
    return {name: _shifted(table, np.full(table.num_rows, by)) for name, table in tables.items()}


def _shifted(table: "pa.Table", by: "np.ndarray") -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in _times(table):
        place, kind = table.column_names.index(name), table.column(name).type
        moments = table.column(name).cast(pa.timestamp("us", kind.tz))
        moved = pc.add(moments, pa.array(by, pa.duration("us")))
        # Infinity has no place from which it could be moved.
        moved = pc.if_else(is_infinite(moments), moments, moved)
        table = table.set_column(place, table.schema.field(place), moved.cast(kind))
    return table


def _without(table: "pa.Table", name: str, empty: "np.ndarray") -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    place = table.column_names.index(name)
    column = table.column(name).combine_chunks()
    emptied = pc.if_else(pa.array(empty), pa.scalar(None, column.type), column)
    return table.set_column(place, table.schema.field(place), emptied)


def _microseconds(table: "pa.Table", name: str) -> "np.ndarray":
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = table.column(name).cast(pa.timestamp("us")).cast(pa.int64())
    microseconds: np.ndarray = pc.fill_null(moments, SPRING_US).to_numpy()
    return microseconds


def _times(table: "pa.Table") -> list[str]:
    import pyarrow as pa

    return [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
