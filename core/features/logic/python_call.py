"""The process in which the pandas form of a version's logic runs: `def features(orders, plans)` gets its sources as
frames and gives one. It runs nothing else. The checks on the logic are in another process, so that it can neither see
what they know nor change what they say, and each run has a process of its own, which remembers no other."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from core.features.logic.python_source import FUNCTION, line_of
from core.features.logic.table_files import FRAME, load_table, save_table
from core.foundation.errors import Invalid, PortalError
from core.foundation.text import _, thousands
from core.lake.finite import in_calendar
from core.sandbox.limits import Limits, Progress, TimedOut, time_is_over

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ENTRY = "core.features.logic.python_call:call"
FILE = "<features>"


Refusal = tuple[str, str, int]


def call(
    job_spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,  # noqa: ARG001 - every entry of the sandbox gets limits and a progress; a call needs neither.
    progress: Progress,  # noqa: ARG001
) -> list[Refusal | None]:
    """`job_spec` has the source and sets of tables, each an input by name. What the source makes of each set lies in
    the outputs, or is why it makes nothing of it, as message, hint and line."""
    source = str(job_spec["source"])
    code = compile(source, FILE, "exec", dont_inherit=True)
    refusals: list[Refusal | None] = []
    for number, names in enumerate(job_spec["sets"]):
        tables = {name: inputs[given] for name, given in names.items()}
        refusals.append(_refusal(code, source, tables, outputs / FRAME.format(number=number)))
    return refusals


def _refusal(code: CodeType, source: str, tables: Mapping[str, Path], path: Path) -> Refusal | None:
    try:
        frames = {name: frame_of(load_table(given)) for name, given in tables.items()}
        save_table(_called(code, source, frames), path)
    except Invalid as error:
        if isinstance(error, TimedOut):
            raise
        return error.message, error.hint, error.line
    return None


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
    frame: pd.DataFrame = table.to_pandas(types_mapper=exact.get, use_threads=False)
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


def _called(code: CodeType, source: str, frames: "Mapping[str, pd.DataFrame]") -> "pa.Table":
    """What the function `features` of a module gives for its frames. Whatever it raises, then or when its frame is
    read, is Invalid with its line."""
    module: dict[str, Any] = {"__name__": "features"}
    try:
        with warnings.catch_warnings(action="ignore"):
            exec(code, module)
            return table_of(module[FUNCTION](**frames))
    except PortalError:
        # The sandbox says so when the time is over.
        raise
    except MemoryError as error:
        raise Invalid(_("Python: it needs more memory than it may have"), field="python") from error
    except BaseException as error:
        if time_is_over():
            raise TimedOut from error
        raise Invalid(
            _("Python: {what}").format(what=_words(error)),
            hint=line_of(source, _line(error)),
            field="python",
            line=_line(error) or 0,
        ) from error


def _words(error: BaseException) -> str:
    """An error in one line. What it says is people's own code, which may fail itself."""
    try:
        what = str(error).partition("\n")[0][:300]
    except BaseException:
        what = ""
    return f"{type(error).__name__}: {what}".rstrip(": ").encode(errors="replace").decode()


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
