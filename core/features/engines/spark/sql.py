"""The SQL of a feature version in the words of Spark, carried over by sqlglot. Only what means the same in both engines
is carried: a function that Spark knows by the same name and counts otherwise (`dayname`, `date_diff`, `strftime`) would
change values without a word, so it is refused by its name."""

from decimal import Decimal
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.text import _

# Functions that mean the same in both engines for the types that columns of features have.
CARRIED = """
Abs And Avg Case Cast Ceil Coalesce Count CountIf CurrentRow DenseRank Exp Extract Filter FirstValue Floor Greatest
If Lag LastValue Lead Least Length Ln Lower Max Min Nullif Or Power Rank Round RowNumber Sign Sqrt Substring Sum
TimestampTrunc DateTrunc Trim TryCast Upper Xor Year Month Day Hour Minute Second
"""
SECONDS = {
    "MICROSECOND": Decimal("0.000001"),
    "MILLISECOND": Decimal("0.001"),
    "SECOND": Decimal(1),
    "MINUTE": Decimal(60),
    "HOUR": Decimal(3600),
    "DAY": Decimal(86_400),
    "WEEK": Decimal(604_800),
}
# Parts of a query that Spark has not, or reads otherwise.
REFUSED = {
    "Pivot": "PIVOT",
    "Unnest": "UNNEST",
    "Lateral": "LATERAL",
    "Struct": "STRUCT",
    "Array": "ARRAY",
    "Lambda": "lambda",
    "Bracket": "[ ]",
    "TableSample": "TABLESAMPLE",
}


def carried(sql: str) -> str:
    """The query for Spark. Invalid names the first function or clause that cannot be carried."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
        for node in tree.walk():
            _check(node)
        return str(tree.transform(_in_seconds).sql(dialect="spark"))
    except SqlglotError as error:
        raise Invalid(_("The query cannot be read for Spark"), hint=str(error)[:200], field="sql") from error


def _check(node: Any) -> None:
    from sqlglot import exp

    kind = type(node).__name__
    if kind in REFUSED:
        raise _cannot(REFUSED[kind])
    if isinstance(node, exp.Join) and node.method:
        raise _cannot(f"{node.method} JOIN")
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Filter):
        raise _cannot("FILTER (WHERE ...) OVER")
    if isinstance(node, exp.Func) and kind not in CARRIED.split():
        raise _cannot(node.sql(dialect="duckdb").partition("(")[0].lower())


def _in_seconds(node: Any) -> Any:
    """Lengths of time in one unit: Spark takes no frame from a day before to a microsecond before."""
    from sqlglot import exp

    if not isinstance(node, exp.Interval) or not isinstance(node.this, exp.Literal):
        return node
    seconds = SECONDS.get(node.text("unit").upper().removesuffix("S"))
    if seconds is None:
        return node
    days, rest = divmod(Decimal(node.this.name) * seconds, SECONDS["DAY"])
    return exp.Var(this=f"INTERVAL '{days:f} {_clock(rest)}' DAY TO SECOND")


def _clock(seconds: Decimal) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{int(hours):02d}:{int(minutes):02d}:{rest:09.6f}"


def _cannot(what: str) -> Invalid:
    return Invalid(
        _("{what} cannot be carried over to Spark").format(what=what),
        hint=_("Write it with other functions, or build on one machine with CAUSEWAY_FEATURE_ENGINE=local."),
        field="sql",
    )
