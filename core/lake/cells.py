"""From the values of a table to those of Python and of JSON. Arrow holds more than Python does: times before the year 1
and after 9999, and infinity as DuckDB writes it. Such values become ISO 8601 text here, and never an error."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

UNITS_US = {"s": 10**6, "ms": 10**3, "us": 1}
DAY_US, DAY_MS = 86_400 * 10**6, 86_400 * 10**3
# The calendar repeats itself after 400 years.
CYCLE_YEARS, CYCLE_US = 400, 146_097 * DAY_US
CYCLE_BEGIN = datetime(2000, 1, 1)
CYCLE_BEGIN_US = (CYCLE_BEGIN - datetime(1970, 1, 1)) // timedelta(microseconds=1)
INFINITE = {2**63 - 1: "infinity", -(2**63 - 1): "-infinity"}
INFINITE_DAYS = {2**31 - 1: "infinity", -(2**31 - 1): "-infinity"}


def json_rows(table: "pa.Table") -> tuple[tuple[Any, ...], ...]:
    """The rows of a table, every cell as a JSON value."""
    columns = ([shown(cell) for cell in values_of(column)] for column in table.columns)
    return tuple(zip(*columns, strict=True))


def rows_of(table: "pa.Table") -> list[tuple[Any, ...]]:
    """The rows of a table, every cell as Python has it."""
    return list(zip(*map(values_of, table.columns), strict=True))


def values_of(column: "pa.ChunkedArray | pa.Array") -> list[Any]:
    """The values of a column as Python has them, and as text what it has no value for."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [value_of(item) for item in column]
    return values


def value_of(scalar: "pa.Scalar") -> Any:
    """One value as Python has it, and as text where it has none."""
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return _beyond(scalar)


def iso_moment(microseconds: int, *, timespec: str = "auto") -> str:
    """A time of any year, in microseconds since 1970, as ISO 8601 in the form that ECMAScript reads: years outside 0 to
    9999 have a sign and six digits, and the year before 1 is 0."""
    if microseconds in INFINITE:
        return INFINITE[microseconds]
    cycles, rest = divmod(microseconds - CYCLE_BEGIN_US, CYCLE_US)
    moment = CYCLE_BEGIN + timedelta(microseconds=rest)
    year = moment.year + CYCLE_YEARS * cycles
    return (f"{year:04d}" if 0 <= year <= 9999 else f"{year:+07d}") + moment.isoformat(timespec=timespec)[4:]


def moment_of_text(text: str) -> datetime | None:
    """The time that such a text says; none where it says nothing, infinity, or a year that Python does not know."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@singledispatch
def shown(cell: Any) -> Any:
    """A cell as a JSON value. Times are ISO 8601; decimals are text, so that no digit of theirs is lost, and numbers
    where they are whole; NaN and infinity are their names, since JSON has none."""
    return cell if cell is None or isinstance(cell, str | int) else str(cell)


@shown.register
def _float(cell: float) -> Any:
    return cell if abs(cell) < float("inf") else str(cell)


@shown.register
def _decimal(cell: Decimal) -> Any:
    exponent = cell.as_tuple().exponent
    return int(cell) if isinstance(exponent, int) and exponent >= 0 else f"{cell:f}"


@shown.register
def _moment(cell: datetime) -> str:
    try:
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z") if cell.tzinfo else cell.isoformat()
    except OverflowError:
        # Its own zone is in the year 1 or 9999 and UTC is not: the offset says which instant it is.
        return cell.isoformat()


@shown.register(date)
@shown.register(time)
def _day_or_time(cell: date | time) -> str:
    return cell.isoformat()


@shown.register
def _duration(cell: timedelta) -> str:
    return _interval(0, cell.days, nanoseconds=cell // timedelta(microseconds=1) % DAY_US * 1000)


@shown.register
def _bytes(cell: bytes) -> str:
    return cell.hex()


@shown.register(list)
@shown.register(tuple)
def _list(cell: Sequence[Any]) -> Any:
    # Arrow's intervals are tuples with names.
    is_interval = hasattr(cell, "nanoseconds")
    return _interval(cell[0], cell[1], nanoseconds=cell[2]) if is_interval else [shown(item) for item in cell]


@shown.register
def _struct(cell: dict) -> Any:  # type: ignore[type-arg]  # a class is what dispatches
    return {str(name): shown(item) for name, item in cell.items()}


def _interval(months: int, days: int, *, nanoseconds: int) -> str:
    """As an ISO 8601 duration: months have no fixed number of days, nor days of hours."""
    return f"P{months}M{days}DT{Decimal(nanoseconds).scaleb(-9).normalize():f}S"


def _beyond(scalar: "pa.Scalar") -> Any:
    """A value that Python has none for, alone or inside of a nested one."""
    import pyarrow as pa

    of_type = scalar.type
    if pa.types.is_timestamp(of_type):
        text = iso_moment(scalar.value * UNITS_US[of_type.unit])
        return f"{text}Z" if of_type.tz and text not in INFINITE.values() else text
    if pa.types.is_date32(of_type):
        return INFINITE_DAYS.get(scalar.value) or _iso_day(scalar.value)
    if pa.types.is_date64(of_type):
        return _iso_day(scalar.value // DAY_MS)
    if pa.types.is_struct(of_type):
        return {name: value_of(item) for name, item in scalar.items()}
    if pa.types.is_nested(of_type):
        return [value_of(item) for item in scalar.values]
    if pa.types.is_dictionary(of_type):
        return value_of(scalar.value)
    return str(scalar.cast(pa.string()))


def _iso_day(days: int) -> str:
    return iso_moment(days * DAY_US).partition("T")[0]
