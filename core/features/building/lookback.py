"""Whether rows depend on the last time window of their sources alone, as their author says with a look-back. New days
are computed from that window only, so a look-back that is too short would give other values online than in training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.future_leakage_queries import ROWS, compare
from core.features.columns import MOMENTS
from core.features.logic.runner import narrowed
from core.features.normal_form import CREATED, EVENT, LATEST, SECOND
from core.features.values import Check
from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.sandbox.duckdb_session import one_row, quoted, types_of
from core.sandbox.limits import TimedOut

if TYPE_CHECKING:
    import duckdb

AGAIN = "__again"
# The last fifth of the rows is computed again without what lies further back.
FROM = 0.8


def lookback_check(
    session: "duckdb.DuckDBPyConnection",
    paths: Mapping[str, Sequence[Path]],
    *,
    rows: str,
    keys: Sequence[str],
    columns: Mapping[str, str],
    seconds: int,
    rebuild: Callable[[str], None],
) -> Check:
    """Computes the newest rows again from source rows of which any time is no older than the look-back before them.
    `columns` are the features with their types; `rebuild(name)` builds the rows once more into a table."""
    words = _("Rows depend on no more than {seconds} s before them").format(seconds=thousands(seconds))
    (since,) = one_row(session, f"SELECT quantile_disc(epoch_us({EVENT}), {FROM}) FROM {rows} WHERE {LATEST}")
    try:
        with narrowed(session, _since(session, paths, since - seconds * SECOND), paths):
            rebuild(AGAIN)
    except TimedOut:
        raise
    except Invalid as error:
        return Check(name=words, verdict="fail", detail=_("On those alone it fails: {why}").format(why=error.message))
    sides = [f"(SELECT * FROM {side} WHERE {LATEST} AND epoch_us({EVENT}) >= {since})" for side in (rows, AGAIN)]
    identity = [*(quoted(key) for key in keys), EVENT, CREATED]
    if changed := compare(session, sides[0], sides[1], identity=identity, columns=columns):
        named = ", ".join(_("which rows there are") if name == ROWS else name for name in changed)
        detail = _("Without older source rows these differ: {names}. Raise the look-back.").format(names=named)
        return Check(name=words, verdict="fail", detail=detail)
    return Check(
        name=words, verdict="pass", detail=_("The newest fifth of the rows, computed from those alone, is the same.")
    )


def _since(session: "duckdb.DuckDBPyConnection", tables: Iterable[str], bound: int) -> dict[str, str]:
    """For each table that has times, the condition of rows not all of whose times lie before the bound; it holds for a
    row without any time."""
    conditions = {}
    for table in tables:
        times = [column for column, of_type in types_of(session, quoted(table)).items() if of_type in MOMENTS]
        moments = [f"epoch_us(CAST({quoted(column)} AS TIMESTAMPTZ))" for column in times]
        if moments:
            conditions[table] = f"coalesce(greatest({', '.join(moments)}) >= {bound}, true)"
    return conditions
