"""Data frames to Parquet and back. What a frame has and a table of the lake has not, an index and cells of mixed kinds,
is refused with a reason instead of being guessed at. Each library is needed only by who uses its frames."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from .errors import Invalid

Kind = Literal["pandas", "polars", "arrow"]
EXTRAS = {"pyarrow": "arrow"}
COMPRESSION = "zstd"
ZONED = "DatetimeTZDtype"


def write_frame(frame: Any, path: Path) -> None:
    """A pandas or polars frame, or an Arrow table, as Parquet. Raises Invalid for an index that holds data, for columns
    without a name, for a column whose cells are of several kinds, and for anything that is no frame."""
    library = type(frame).__module__.partition(".")[0]
    if library == "polars" and hasattr(frame, "write_parquet"):
        frame.write_parquet(path, compression=COMPRESSION)
        return
    if library == "pandas" and hasattr(frame, "columns"):
        frame = _arrow_of(frame)
    elif library != "pyarrow" or not hasattr(frame, "column_names"):
        raise Invalid(
            f"{type(frame).__name__} is no data frame",
            hint="Give a pandas or polars DataFrame, or an Arrow table.",
            field="frame",
        )
    _library("pyarrow.parquet").write_table(frame, path, compression=COMPRESSION, write_page_checksum=True)


def read_frame(paths: Sequence[Path], kind: Kind) -> Any:
    """The rows of some Parquet files with the same columns, types kept and times in UTC."""
    if kind == "polars":
        polars = _library("polars")
        return polars.concat([polars.read_parquet(path) for path in paths])
    table = _library("pyarrow").concat_tables([_library("pyarrow.parquet").read_table(path) for path in paths])
    return table if kind == "arrow" else pandas_of(table)


def frame_of(rows: Sequence[Mapping[str, Any]], kind: Kind, *, columns: Sequence[str] = ()) -> Any:
    """Rows that came as JSON, as a frame."""
    if kind == "pandas":
        return _library("pandas").DataFrame(rows, columns=list(columns) or None)
    if kind == "polars":
        return _library("polars").DataFrame(rows, infer_schema_length=None)
    return _library("pyarrow").Table.from_pylist(rows)


def rows_of(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame, or those that are rows already, as JSON has them: what is missing is null, and a time is ISO
    text."""
    if hasattr(frame, "to_dicts"):
        rows = frame.to_dicts()
    elif hasattr(frame, "to_pylist"):
        rows = frame.to_pylist()
    else:
        rows = frame.to_dict("records") if hasattr(frame, "iloc") else frame
    return [{name: _json_of(value) for name, value in row.items()} for row in rows]


def pandas_of(table: Any) -> Any:
    """An Arrow table as a pandas frame, in which whole numbers and truth values with nulls keep their types."""
    pandas = _library("pandas")
    whole = {f"int{bits}": getattr(pandas, f"Int{bits}Dtype")() for bits in (8, 16, 32, 64)}
    unsigned = {f"uint{bits}": getattr(pandas, f"UInt{bits}Dtype")() for bits in (8, 16, 32, 64)}
    types = whole | unsigned | {"bool": pandas.BooleanDtype()}
    try:
        return table.to_pandas(types_mapper=lambda of: types.get(str(of)))
    except (ValueError, OverflowError):
        # Python has no days outside the years 1 to 9999: then days stay Arrow's.
        days = {str(of): pandas.ArrowDtype(of) for of in table.schema.types if str(of).startswith("date")}
        return table.to_pandas(types_mapper=lambda of: (types | days).get(str(of)))


def _json_of(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        # What pandas has for a missing time has no date.
        return value.isoformat() if value == value else None
    if hasattr(value, "item"):
        value = value.item()
    is_missing = value is None or type(value).__name__ == "NAType" or value != value
    return None if is_missing else value


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        extra = EXTRAS.get(library, library)
        raise Invalid(f"{library} is not installed", hint=f"pip install 'causeway-client[{extra}]'") from error


def _arrow_of(frame: Any) -> Any:
    _check_index(frame)
    for name in frame.columns:
        if not isinstance(name, str):
            raise Invalid(
                f"The column {repr(name)[:60]} has no text for a name",
                hint="Name every column by a text: frame.columns = [...].",
                field="frame",
            )
    names = list(frame.columns)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid(f"Two columns are called {twice!r}", hint="Give each a name of its own.", field="frame")
    columns = [_column(frame, name) for name in names]
    return _library("pyarrow").table(columns, names=names)


def _check_index(frame: Any) -> None:
    """Only the plain numbering of rows is no data."""
    if type(frame.index).__name__ != "RangeIndex" or frame.index.name is not None:
        raise Invalid(
            "The frame has an index that holds data",
            hint="Make it a column with frame.reset_index(), or drop it with frame.reset_index(drop=True).",
            field="frame",
        )


def _instants(column: Any) -> Any:
    """Times with a zone, as the instants that they are: pandas warns of whoever converts them with their zone."""
    arrow = _library("pyarrow")
    return arrow.array(column.dt.tz_convert(None)).cast(arrow.timestamp(column.dtype.unit, "UTC"))


def _column(frame: Any, name: str) -> Any:
    arrow = _library("pyarrow")
    try:
        return _instants(frame[name]) if type(frame[name].dtype).__name__ == ZONED else arrow.array(frame[name])
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, AttributeError) as error:
        raise Invalid(
            f"The cells of column {name!r} are of several kinds: {str(error)[:120]}",
            hint=f"Make them one kind, for instance with frame[{name!r}].astype('string').",
            field="frame",
        ) from error
