"""Which values have a place on an axis and in a calendar. NaN and infinity have none on an axis, be they numbers or
times as DuckDB writes them; and what names days knows the years 1 to 9999."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.lake.cells import INFINITE, INFINITE_DAYS

if TYPE_CHECKING:
    import pyarrow as pa


def finite(part: "pa.Array") -> "pa.Array":
    """The values that are there, without NaN and infinity."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = part.drop_null()
    if pa.types.is_floating(values.type):
        return values.filter(pc.is_finite(values))
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return values.filter(pc.invert(is_infinite(values)))
    return values


def is_infinite(moments: Any) -> Any:
    """For each time or day of an array or a chunked one whether it is infinite as in DuckDB; no null is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends, whole = (INFINITE, pa.int64()) if moments.type.bit_width > 32 else (INFINITE_DAYS, pa.int32())
    return pc.is_in(moments.cast(whole), pa.array(list(ends), whole), skip_nulls=True)


def in_calendar(moments: Any) -> Any:
    """For each time or day of an array or a chunked one whether it lies in the years 1 to 9999; null for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first, last = datetime.min, datetime.max
    if pa.types.is_date(moments.type):
        ends = [pa.scalar(end.date(), moments.type) for end in (first, last)]
    else:
        ends = [pa.scalar(end, pa.timestamp("us")).cast(moments.type) for end in (first, last)]
    return pc.and_(pc.greater_equal(moments, ends[0]), pc.less_equal(moments, ends[1]))
