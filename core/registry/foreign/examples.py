"""Rows that come as Parquet, as an Arrow file, as JSON or as CSV, as arrays by column."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.json_text import unambiguous
from core.foundation.text import _

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

MOST_ROWS, MOST_COLUMNS = 100_000, 20_000
PARQUET, ARROW, ARROW_STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
JSON = (b"[", b"{")
ARRAY_DIMENSIONS = 8


def read_table(data: bytes, *, field: str) -> "dict[str, Array]":
    """The columns of some rows: numbers as doubles, NaN where one is missing, texts with "" there, lists of numbers as
    arrays of as many dimensions. A list of values alone is one column without a name. Raises Invalid with the column
    that is something else."""
    table = _table(data, field=field)
    if not 0 < table.num_rows <= MOST_ROWS or table.num_columns > MOST_COLUMNS:
        message = _("{rows} rows of {columns} columns: between 1 and {most} rows are read")
        raise Invalid(
            message.format(rows=table.num_rows, columns=table.num_columns, most=MOST_ROWS),
            hint=_("A few hundred rows that differ are enough."),
            field=field,
        )
    return {name: _array(table.column(name), name=name, field=field) for name in table.column_names}


def _table(data: bytes, *, field: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if data.startswith(PARQUET):
            return pq.read_table(io.BytesIO(data))
        if data.startswith(ARROW):
            return pa.ipc.open_file(data).read_all()
        if data.startswith(ARROW_STREAM):
            return pa.ipc.open_stream(data).read_all()
        return _of_json(unambiguous(data)) if data.lstrip()[:1] in JSON else _of_csv(data)
    except (pa.ArrowException, ValueError, TypeError, AttributeError, OSError) as error:
        why = str(error).partition("\n")[0][:200]
        raise Invalid(
            _("The rows cannot be read: {why}").format(why=why),
            hint=_("Send Parquet, an Arrow file, CSV with a head, or a JSON list with an object for each row."),
            field=field,
        ) from error


def _of_csv(data: bytes) -> Any:
    """With the names of the columns in its first line; an empty cell is missing."""
    import pyarrow.csv as csv

    missing = csv.ConvertOptions(strings_can_be_null=True, null_values=["", "NA", "NaN", "nan", "null", "NULL"])
    return csv.read_csv(io.BytesIO(data), convert_options=missing)


def _of_json(document: Any) -> Any:
    import pyarrow as pa

    if isinstance(document, list) and all(isinstance(row, Mapping) for row in document):
        names = dict.fromkeys(name for row in document for name in row)
        return pa.table({name: [row.get(name) for row in document] for name in names})
    return pa.table(document if isinstance(document, Mapping) else {"": document})


def _array(column: Any, *, name: str, field: str) -> "Array":
    import numpy as np
    import pyarrow as pa

    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        return _array(column.cast(kind.value_type), name=name, field=field)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _nested(column, name=name, field=field)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return np.array([text or "" for text in column.to_pylist()], dtype=object)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        whole = column.cast(pa.int8()) if types.is_boolean(kind) else column
        return np.asarray(whole.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    raise Invalid(
        _("The column {name} holds {kind}: neither numbers nor texts").format(name=repr(name[:60]), kind=kind),
        hint=_("Make it a number or a text, or leave it out."),
        field=field,
    )


def _nested(column: Any, *, name: str, field: str) -> "Array":
    import numpy as np

    rows = column.to_pylist()
    try:
        is_text = isinstance(_first(rows), str)
        return np.array(rows, dtype=object if is_text else np.float64)
    except (ValueError, TypeError) as error:
        raise Invalid(
            _("The lists in the column {name} are not of one length, or hold no numbers").format(name=repr(name[:60])),
            field=field,
        ) from error


def _first(value: Any) -> Any:
    for _depth in range(ARRAY_DIMENSIONS):
        if not isinstance(value, list) or not value:
            break
        value = value[0]
    return value
