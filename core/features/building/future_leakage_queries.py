"""The test for future leakage (`future_leakage`) on the queries of feature views and of entity rows: run again with the
future exchanged, compare what must not have changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.features.building.future_leakage import MarkedTable, marks
from core.features.columns import BROKEN
from core.features.logic.runner import replaced
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN
from core.features.values import LeakFinding
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import one_row, quoted
from core.sandbox.limits import TimedOut

if TYPE_CHECKING:
    import duckdb

# Sums of the same numbers in another order differ in their last digits.
CLOSE = 1e-9
# At two instants of a long table thousands of rows are under way; in a short one more are needed to meet any.
LONG_TABLE, FEW, MANY = 50_000, 2, 12
ROWS = "(rows)"


@contextmanager
def exchanged(
    session: "duckdb.DuckDBPyConnection",
    tables: Sequence[MarkedTable],
    *,
    after: int | None = None,
    keep_nulls: bool = False,
    only: tuple[str, str] | None = None,
) -> Iterator[None]:
    """The session's tables with their future exchanged; `only` names one (table, column)."""
    given = {}
    for table in tables:
        columns = None if only is None else [column for name, column in [only] if name == table.name]
        given[table.name] = table.exchanged(after=after, keep_nulls=keep_nulls, columns=columns)
    with replaced(session, given, {table.name: table.paths for table in tables}):
        yield


def view_leaks(
    session: "duckdb.DuckDBPyConnection",
    tables: Sequence[MarkedTable],
    *,
    rows: str,
    columns: Mapping[str, str],
    keys: Sequence[str],
    rebuild: Callable[[str], None],
) -> tuple[LeakFinding, ...]:
    """Features of the built table `rows` (normal form) that change with what became known after their row could be
    used. `columns` are the features with their types, `rebuild(name)` builds the same rows once more into a table."""
    for instant in instants_of(session, rows) if tables else ():
        with exchanged(session, tables, after=instant):
            _run_again(rebuild, "__again")
        sides = [f"(SELECT * FROM {side} WHERE {BEST} AND {KNOWN} <= {instant})" for side in (rows, "__again")]
        identity = [*(quoted(key) for key in keys), EVENT, CREATED]
        changed = compare(session, sides[0], sides[1], identity=identity, columns=columns)
        if changed:
            check_repeats(session, rows, identity=identity, columns=columns, rebuild=rebuild)
            return tuple(LeakFinding(column=name, reason=_view_reason(tables), auc=None) for name in changed)
    return ()


def instants_of(session: "duckdb.DuckDBPyConnection", rows: str) -> tuple[int, ...]:
    """Instants to try, in microseconds: those from which rows could be used, evenly spread among them. At each of them
    one row at least is young enough for a change to show."""
    usable = f"FROM {rows} WHERE {BEST}"
    (count,) = one_row(session, f"SELECT count(*) {usable}")
    tries = FEW if count > LONG_TABLE else MANY
    places = ", ".join(str((place + 0.5) / tries) for place in range(tries))
    (instants,) = one_row(session, f"SELECT quantile_disc({KNOWN}, [{places}]) {usable}")
    return tuple(dict.fromkeys(instants or ()))


def entity_leaks(
    session: "duckdb.DuckDBPyConnection",
    tables: Sequence[MarkedTable],
    *,
    rows: str,
    row_id: str,
    columns: Mapping[str, str],
    rebuild: Callable[[str], None],
) -> tuple[LeakFinding, ...]:
    """Columns of the entity rows that depend on any marked column, and whether the choice of rows does. Whether there
    is an outcome at all may decide (a cancelled order has none), its value may not."""
    if not tables:
        return ()
    identity = [quoted(row_id)]
    with exchanged(session, tables):
        _run_again(rebuild, "__again")
    changed = [name for name in compare(session, rows, "__again", identity=identity, columns=columns) if name != ROWS]
    with exchanged(session, tables, keep_nulls=True):
        _run_again(rebuild, "__again")
    chosen = ROWS in compare(session, rows, "__again", identity=identity, columns={})
    if changed or chosen:
        check_repeats(session, rows, identity=identity, columns=columns, rebuild=rebuild)
    culprits = _culprits(session, tables, rows=rows, identity=identity, columns=columns, rebuild=rebuild)
    findings = [LeakFinding(column=name, reason=_entity_reason(culprits(name)), auc=None) for name in changed]
    if chosen:
        findings.append(LeakFinding(column=ROWS, reason=_rows_reason(), auc=None))
    return tuple(findings)


def compare(
    session: "duckdb.DuckDBPyConnection", left: str, right: str, *, identity: Sequence[str], columns: Mapping[str, str]
) -> tuple[str, ...]:
    """The columns that differ between two relations whose rows are the same by `identity`; `(rows)` first when either
    has a row that the other lacks."""
    same = " AND ".join(f"l.{column} IS NOT DISTINCT FROM r.{column}" for column in identity)
    counts = ["count(*) FILTER (WHERE l.__here IS NULL OR r.__here IS NULL)"]
    both = "l.__here IS NOT NULL AND r.__here IS NOT NULL"
    counts += [f"count(*) FILTER (WHERE {both} AND {_differs(name, type)})" for name, type in columns.items()]
    differences = one_row(
        session,
        f"SELECT {', '.join(counts)} FROM (SELECT *, 1 AS __here FROM {left}) l"
        f" FULL JOIN (SELECT *, 1 AS __here FROM {right}) r ON {same}",
    )
    return tuple(name for name, count in zip((ROWS, *columns), differences, strict=True) if count)


def _differs(name: str, data_type: str) -> str:
    left, right = f"l.{quoted(name)}", f"r.{quoted(name)}"
    if data_type not in BROKEN:
        return f"{left} IS DISTINCT FROM {right}"
    near = f"abs({left} - {right}) <= {CLOSE} * greatest(1, abs({left}), abs({right}))"
    return f"({left} IS DISTINCT FROM {right} AND NOT coalesce({near}, false))"


def _run_again(rebuild: Callable[[str], None], name: str) -> None:
    try:
        rebuild(name)
    except TimedOut:
        raise
    except Invalid as error:
        raise Invalid(
            _("The query fails when values that are known only later change: {why}").format(why=error.message),
            hint=_("Use try_cast, and guards that hold for every value of a column."),
            field="sql",
        ) from error


def check_repeats(
    session: "duckdb.DuckDBPyConnection",
    rows: str,
    *,
    identity: Sequence[str],
    columns: Mapping[str, str],
    rebuild: Callable[[str], None],
) -> None:
    """Refuses a query that gives other rows on the same data: what differs then proves nothing."""
    rebuild("__repeat")
    if different := compare(session, rows, "__repeat", identity=identity, columns=columns):
        raise Invalid(
            _("The query does not give the same {name} twice").format(name=different[0]),
            hint=_("Leave out random and the present time, and order what is numbered completely."),
            field="sql",
        )


def _culprits(
    session: "duckdb.DuckDBPyConnection",
    tables: Sequence[MarkedTable],
    *,
    rows: str,
    identity: Sequence[str],
    columns: Mapping[str, str],
    rebuild: Callable[[str], None],
) -> Callable[[str], tuple[str, ...]]:
    """For a column, the marked columns it depends on, found one by one when first asked."""
    by_mark: dict[str, tuple[str, ...]] = {}

    def find(name: str) -> tuple[str, ...]:
        for table, column, moment in marks(tables) if not by_mark else ():
            with exchanged(session, [table], only=(table.name, column)):
                _run_again(rebuild, "__again")
            words = _("{column}, known only at {moment}").format(column=column, moment=moment)
            by_mark[words] = compare(session, rows, "__again", identity=identity, columns=columns)
        return tuple(words for words, changed in by_mark.items() if name in changed)

    return find


def _view_reason(tables: Sequence[MarkedTable]) -> str:
    late = ", ".join(f"{table.name}.{column} ({moment})" for table, column, moment in marks(tables))
    return _(
        "Its value changes with what became known only after its row's time. Known late are: {late}. "
        "Give each row the event time at which all it is computed from was known."
    ).format(late=late)


def _entity_reason(culprits: Sequence[str]) -> str:
    return _("It is computed from {culprits}. At the time of prediction that has not happened.").format(
        culprits="; ".join(culprits) or _("values known only later")
    )


def _rows_reason() -> str:
    return _(
        "Which rows are chosen depends on values known only later. Whether there is an outcome may decide, its value "
        "may not."
    )
