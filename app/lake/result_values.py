"""A result in the browser: every column in its type, so that numbers and times sort and are drawn as such. Its cells
come as JSON values, in which decimals, times and NaN are texts. The browser's numbers are doubles: a column of more
digits than they hold stays text, and so do times beyond the calendar."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.lake.column_types import DECIMAL, INSTANT, is_number
from core.lake.values import TablePreview

if TYPE_CHECKING:
    import pyarrow as pa

# From here on the whole numbers of a double have gaps; so many digits of a decimal are always exact in one.
UNSAFE, SAFE_DIGITS = 2**53, 15
READ: Mapping[str, Callable[[Any], Any]] = {
    "FLOAT": float,
    "DOUBLE": float,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    INSTANT: datetime.fromisoformat,
}


def table_of(preview: TablePreview) -> "pa.Table":
    """The rows with every column in its type, or as text where the browser has no such values."""
    import pyarrow as pa

    columns = [_typed(_cells(preview, at), of_type) for at, of_type in enumerate(preview.types)]
    return pa.table(dict(zip(preview.columns, map(pa.array, columns), strict=True)))


def formats_of(table: "pa.Table") -> dict[str, Any]:
    """How the grid writes columns of decimals: with as many digits after the point as the type has."""
    import pyarrow as pa

    decimals = (field for field in table.schema if pa.types.is_decimal(field.type))
    return {field.name: st.column_config.NumberColumn(format=f"%.{field.type.scale}f") for field in decimals}


def plotted(preview: TablePreview, name: str) -> list[Any]:
    """The values of a column as a chart takes them: numbers as numbers, times as ISO 8601."""
    at = preview.columns.index(name)
    values = _cells(preview, at)
    if not is_number(preview.types[at]):
        return values
    return [float(value) if isinstance(value, str) else value for value in values]


def _cells(preview: TablePreview, at: int) -> list[Any]:
    return [row[at] for row in preview.rows]


def _typed(values: Sequence[Any], of_type: str) -> list[Any]:
    """JSON values in the type of their column, all of them or none."""
    read = _decimal if DECIMAL.fullmatch(of_type) else READ.get(of_type, _same)
    try:
        typed = [None if value is None else read(value) for value in values]
    except ValueError:
        return list(values)
    return [None if value is None else str(value) for value in values] if any(map(_is_unsafe, typed)) else typed


def _decimal(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def _same(value: Any) -> Any:
    return value


def _is_unsafe(value: Any) -> bool:
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) > SAFE_DIGITS
    return isinstance(value, int) and abs(value) >= UNSAFE
