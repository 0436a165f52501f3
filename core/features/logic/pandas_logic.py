"""Runs the pandas form of a version's logic: `def features(orders, plans)` gets its sources as frames and gives one.

It runs in the sandbox, in the same process as the checks on it: a sandbox keeps people's code from others, not from the
checks on their own version."""

import warnings
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import TYPE_CHECKING, Any

from core.features.logic.python_source import FUNCTION, check_python, line_of
from core.foundation.errors import Invalid, PortalError
from core.foundation.text import _, thousands
from core.lake.finite import in_calendar
from core.sandbox.duckdb_session import quoted, types_of
from core.sandbox.limits import Limits, TimedOut, time_is_over
from core.sandbox.locked_session import translated

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

FILE = "<features>"
OUTPUT = "__made"


class PandasRunning:
    """`names` are the session's tables, which are the function's arguments."""

    def __init__(
        self, session: "duckdb.DuckDBPyConnection", source: str, *, names: Sequence[str], limits: Limits
    ) -> None:
        check_python(source, names=names)
        self._session, self._source, self._names, self._limits = session, source, tuple(names), limits
        self._code = compile(source, FILE, "exec", dont_inherit=True)
        # Only a run tells which columns there are. Its rows are those that the first call of `run` asks for.
        self._first: pa.Table | None = self._call()
        session.register(OUTPUT, self._first)
        self.types: Mapping[str, str] = types_of(session, OUTPUT)

    def run(self, into: str) -> None:
        table, self._first = self._first if self._first is not None else self._call(), None
        if missing := [name for name in self.types if name not in table.column_names]:
            raise Invalid(
                _("Python: on other rows the frame lacks the column {name}").format(name=missing[0]), field="python"
            )
        self._session.register(OUTPUT, table)
        # Without rows, or without values, a frame's types are other ones.
        columns = [f"CAST({quoted(name)} AS {of_type}) AS {quoted(name)}" for name, of_type in self.types.items()]
        with translated():
            self._session.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {', '.join(columns)} FROM {OUTPUT}")

    def _call(self) -> "pa.Table":
        tables = {name: self._session.sql(f"SELECT * FROM {quoted(name)}").to_arrow_table() for name in self._names}
        frames = {name: frame_of(table) for name, table in tables.items()}
        answer = _called(self._code, self._source, frames)
        table = table_of(answer)
        if table.num_rows > self._limits.rows:
            raise Invalid(
                _("Python: more than {rows} rows").format(rows=self._limits.rows),
                hint=_("Give fewer rows."),
                field="python",
            )
        return table


def frame_of(table: "pa.Table") -> "pd.DataFrame":
    """A table as a frame whose types hold nulls exactly: Int64, Float64, boolean, string, and times in UTC."""
    import pandas as pd
    import pyarrow as pa

    exact = {
        **{kind: pd.Int64Dtype() for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
        **{kind: pd.UInt64Dtype() for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
        **{kind: pd.Float64Dtype() for kind in (pa.float32(), pa.float64())},
        **{kind: pd.StringDtype("pyarrow") for kind in (pa.string(), pa.large_string())},
        pa.bool_(): pd.BooleanDtype(),
    }
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            moments = table.column(place).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
            table = table.set_column(place, field.name, moments)
        elif pa.types.is_date(field.type):
            _refuse_days_beyond(table.column(place), field.name)
    frame: pd.DataFrame = table.to_pandas(types_mapper=exact.get)
    return frame


def _refuse_days_beyond(days: "pa.ChunkedArray", name: str) -> None:
    import pyarrow.compute as pc

    if outside := pc.sum(pc.invert(in_calendar(days))).as_py():
        raise Invalid(
            _("Python: {name} has days outside the years 1 to 9999, in rows: {count}").format(
                name=name, count=thousands(outside)
            ),
            hint=_("A frame has no such days. Use SQL, or correct them in the data."),
            field="python",
        )


def _called(code: CodeType, source: str, frames: "Mapping[str, pd.DataFrame]") -> Any:
    """What the function `features` of a module gives for its frames. Whatever it raises is Invalid with its line."""
    module: dict[str, Any] = {"__name__": "features"}
    try:
        with warnings.catch_warnings(action="ignore"):
            exec(code, module)
            return module[FUNCTION](**frames)
    except PortalError:
        # The sandbox says so when the time is over.
        raise
    except MemoryError as error:
        raise Invalid(_("Python: it needs more memory than it may have"), field="python") from error
    except BaseException as error:
        if time_is_over():
            raise TimedOut from error
        what = str(error).partition("\n")[0][:300]
        raise Invalid(
            _("Python: {what}").format(what=f"{type(error).__name__}: {what}".rstrip(": ")),
            hint=line_of(source, _line(error)),
            field="python",
        ) from error


def table_of(frame: Any) -> "pa.Table":
    """A frame as a table in the types of the lake. Invalid for what is no frame, and for columns that no type fits."""
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise Invalid(
            _("Python: features gives a {kind} and no DataFrame").format(kind=type(frame).__name__),
            hint=_("Return a frame with the keys, the event time and the features as columns."),
            field="python",
        )
    names = [str(name) for name in frame.columns]
    if twice := [name for name in names if [other.casefold() for other in names].count(name.casefold()) > 1]:
        raise Invalid(_("Python: two columns are called {name}").format(name=twice[0]), field="python")
    columns = {}
    for place, name in enumerate(names):
        columns[name] = _column(name, frame.iloc[:, place])
    return pa.table(columns)


def _column(name: str, series: "pd.Series") -> "pa.ChunkedArray":
    import pandas as pd
    import pyarrow as pa

    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert(None)
    try:
        values = pa.chunked_array([pa.array(series, from_pandas=True)])
        return _plain(values)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise Invalid(
            _("Python: the column {name} has values of several kinds, or of one that no feature has").format(name=name),
            hint=_("Its type is {type}. Give it one with astype.").format(type=series.dtype),
            field="python",
        ) from error


def _plain(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """In a type of the lake. Nanoseconds go up to the next microsecond, so that no time moves before itself."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        up = pc.ceil_temporal(column, 1, unit="microsecond") if kind.unit == "ns" else column
        return up.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    if pa.types.is_large_string(kind):
        return column.cast(pa.string())
    return column.cast(pa.float64()) if pa.types.is_null(kind) else column


def _line(error: BaseException) -> int | None:
    """The last line of the author's own code that an error came through."""
    line, trace = None, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == FILE else line
        trace = trace.tb_next
    return line
