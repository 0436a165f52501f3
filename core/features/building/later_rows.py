"""Whether rows use source rows that are later than their own event time, found by trying: as their sources were at an
instant, the rows that could be used by then must be what they are. So it finds a day that is dated by its beginning,
the next row of a window and the mean of a whole table, without anybody having marked a column.

The limits: a source without times cannot be cut off and is named as not checked; a row of a source counts as later once
all of its times are (its dates decide only where it has no times of day); and a leak that shows in no row at the
instants tried is not found (hence several)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.future_leakage_queries import ROWS, compare, instants_of
from core.features.columns import MOMENTS
from core.features.logic.runner import narrowed
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN, SECOND
from core.features.values import Check
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import quoted, types_of
from core.sandbox.limits import TimedOut

if TYPE_CHECKING:
    import duckdb

AGAIN = "__again"
WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
# A local time and an instant are this far apart at most.
ZONES = 14 * 3600 * SECOND


def later_rows_check(
    session: "duckdb.DuckDBPyConnection",
    paths: Mapping[str, Sequence[Path]],
    *,
    rows: str,
    keys: Sequence[str],
    columns: Mapping[str, str],
    event_type: str,
    rebuild: Callable[[str], None],
) -> Check:
    """Computes the built table `rows` (normal form) again without the source rows after each of several instants.
    `columns` are the features with their types, `event_type` is the type of the event time in the logic;
    `rebuild(name)` builds the rows once more into a table."""
    name = _("Future leakage")
    times = {table: _times(session, table) for table in paths}
    timeless = ", ".join(table for table, columns_of in times.items() if not columns_of)
    unchecked = _("Not checked: {tables} has no times, and no column says when it was known.").format(tables=timeless)
    if not any(times.values()):
        return Check(name=name, verdict="inconclusive", detail=unchecked)
    identity = [*(quoted(key) for key in keys), EVENT, CREATED]
    for instant in instants_of(session, rows):
        try:
            with narrowed(session, _until(times, instant, event_type=event_type), paths):
                rebuild(AGAIN)
        except TimedOut:
            raise
        except Invalid as error:
            detail = _("Not checked: without later rows the logic fails: {why}").format(why=error.message)
            return Check(name=name, verdict="inconclusive", detail=detail)
        sides = [f"(SELECT * FROM {side} WHERE {BEST} AND {KNOWN} <= {instant})" for side in (rows, AGAIN)]
        if changed := compare(session, sides[0], sides[1], identity=identity, columns=columns):
            return Check(name=name, verdict="fail", detail=_difference(changed))
    passed = _("Computed without what came later, the rows are the same.")
    return Check(name=name, verdict="pass", detail=f"{passed} {unchecked}" if timeless else passed)


def _difference(changed: Sequence[str]) -> str:
    named = ", ".join(_("which rows there are") if name == ROWS else name for name in changed)
    return _(
        "Without source rows that are later than the rows' own event time these differ: {names}. Give each row the "
        "time at which all it is computed from was known."
    ).format(names=named)


def _times(session: "duckdb.DuckDBPyConnection", table: str) -> dict[str, str]:
    """The columns of a table that are times, with their types; its dates where there are none."""
    types = types_of(session, quoted(table))
    moments = {name: of_type for name, of_type in types.items() if of_type in MOMENTS}
    return moments or {name: of_type for name, of_type in types.items() if of_type == "DATE"}


def _until(times: Mapping[str, Mapping[str, str]], instant: int, *, event_type: str) -> dict[str, str]:
    """For each table that has times, the condition of rows not all of whose times lie after the instant; it holds for a
    row without any time."""
    conditions = {}
    for table, columns in times.items():
        moments = [_earliest(column, of_type, event_type) for column, of_type in columns.items()]
        if moments:
            conditions[table] = f"coalesce(least({', '.join(moments)}) <= {instant}, true)"
    return conditions


def _earliest(column: str, of_type: str, event_type: str) -> str:
    """The microsecond of the time in a column; of a local time beside an instant, the earliest that it may be."""
    room = ZONES if (of_type == WITH_ZONE) != (event_type == WITH_ZONE) else 0
    return f"epoch_us(CAST({quoted(column)} AS TIMESTAMPTZ)) - {room}"
