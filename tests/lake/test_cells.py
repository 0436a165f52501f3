"""Every value of a table comes out as a JSON value, those that Python cannot hold too."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from core.lake.cells import iso_moment, json_rows, moment_of_text, rows_of, shown, values_of

US, UTC_US = pa.timestamp("us"), pa.timestamp("us", "UTC")
LAST = 2**63 - 1
EAST, WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
STRUCT = pa.struct([("at", US), ("x", pa.float64())])
VALUES: dict[str, tuple[Any, pa.DataType, Any]] = {
    "the first time": (datetime(1, 1, 1), US, "0001-01-01T00:00:00"),
    "the last time": (datetime(9999, 12, 31, 23, 59, 59, 999999), UTC_US, "9999-12-31T23:59:59.999999Z"),
    "a day later": (253402300800 * 10**6, UTC_US, "+010000-01-01T00:00:00Z"),
    "a day before": (-62135596800 * 10**6 - 1, US, "0000-12-31T23:59:59.999999"),
    "before Christ": (-63549360000 * 10**6, US, "-000044-03-15T00:00:00"),
    "the year 290000": (9089348860800 * 10**6, US, "+290000-01-01T00:00:00"),
    "seconds": (253402300800, pa.timestamp("s", "UTC"), "+010000-01-01T00:00:00Z"),
    "milliseconds": (253402300800001, pa.timestamp("ms"), "+010000-01-01T00:00:00.001000"),
    "seconds beyond microseconds": (2**62, pa.timestamp("s"), "+146138514283-06-19T07:45:04"),
    "nanoseconds": (1, pa.timestamp("ns"), "1970-01-01T00:00:00.000000001"),
    "never": (LAST, US, "infinity"),
    "always": (-LAST, UTC_US, "-infinity"),
    "the last day": (date(9999, 12, 31), pa.date32(), "9999-12-31"),
    "the day after the last": (2932897, pa.date32(), "+010000-01-01"),
    "no day": (2**31 - 1, pa.date32(), "infinity"),
    "a day in milliseconds": (253402300800000, pa.date64(), "+010000-01-01"),
    "a zone to the east": (datetime(9999, 12, 31, 22, tzinfo=EAST), UTC_US, "9999-12-31T08:00:00Z"),
    "in a zone to the east": (253402300799 * 10**6, pa.timestamp("us", "Asia/Tokyo"), "9999-12-31T23:59:59Z"),
    "in a zone to the west": (-62135596800 * 10**6, pa.timestamp("us", "America/New_York"), "0001-01-01T00:00:00Z"),
    "a time of day": (time(23, 59, 59, 1), pa.time64("us"), "23:59:59.000001"),
    "a duration": (timedelta(days=-1, microseconds=1), pa.duration("us"), "P0M-1DT0.000001S"),
    "an interval": ((1, 2, 3_500_000_000), pa.month_day_nano_interval(), "P1M2DT3.5S"),
    "no number": (float("nan"), pa.float64(), "nan"),
    "too much": (float("-inf"), pa.float32(), "-inf"),
    "money": (Decimal("-1.50"), pa.decimal128(18, 2), "-1.50"),
    "a small decimal": (Decimal("0.000000001"), pa.decimal128(18, 9), "0.000000001"),
    "a wide decimal": (Decimal(10**70) / 100, pa.decimal256(76, 2), "1" + "0" * 68 + ".00"),
    "a whole decimal": (Decimal(10**37), pa.decimal128(38, 0), 10**37),
    "the largest": (2**64 - 1, pa.uint64(), 2**64 - 1),
    "a truth": (True, pa.bool_(), True),
    "bytes": (b"\x00\xff", pa.binary(), "00ff"),
    "a word of a dictionary": ("a", pa.dictionary(pa.int8(), pa.string()), "a"),
    "a list": ([LAST, 0, None], pa.list_(US), ["infinity", "1970-01-01T00:00:00", None]),
    "a struct": ({"at": LAST, "x": float("inf")}, STRUCT, {"at": "infinity", "x": "inf"}),
    "a map": ([("k", Decimal("1.5"))], pa.map_(pa.string(), pa.decimal128(3, 1)), [["k", "1.5"]]),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_every_value_is_one_of_json(name: str) -> None:
    value, of_type, right = VALUES[name]
    table = pa.table({"x": pa.array([value, None], of_type)})
    (first, *_rest), (missing, *_more) = json_rows(table)
    assert (first, type(first), missing) == (right, type(right), None)
    assert json.loads(json.dumps(first, allow_nan=False)) == right


def test_a_dictionary_of_times_is_its_times() -> None:
    column = pa.chunked_array([pa.array([LAST, 0], pa.int64()).cast(US).dictionary_encode()])
    assert [shown(value) for value in values_of(column)] == ["infinity", "1970-01-01T00:00:00"]


def test_an_instant_whose_utc_is_beyond_the_calendar_keeps_its_offset() -> None:
    assert shown(datetime(9999, 12, 31, 23, tzinfo=WEST)) == "9999-12-31T23:00:00-12:00"
    assert shown(datetime(1, 1, 1, tzinfo=EAST)) == "0001-01-01T00:00:00+14:00"


def test_times_are_what_the_engine_says_they_are() -> None:
    days = ["0044-03-15 (BC)", "0001-01-01", "1582-10-15", "2000-02-29", "12024-02-29", "290000-01-01"]
    microseconds = [duckdb.sql(f"SELECT epoch_us(TIMESTAMP '{day}')").fetchall()[0][0] for day in days]
    assert [iso_moment(moment, timespec="minutes") for moment in microseconds] == [
        "-000043-03-15T00:00",
        "0001-01-01T00:00",
        "1582-10-15T00:00",
        "2000-02-29T00:00",
        "+012024-02-29T00:00",
        "+290000-01-01T00:00",
    ]


def test_a_text_says_its_moment_where_python_has_one() -> None:
    assert moment_of_text("2024-02-29T01:02:03Z") == datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)
    assert [moment_of_text(text) for text in ("", "infinity", "+010000-01-01T04:59:59Z")] == [None] * 3


def test_values_that_python_has_stay_as_they_are() -> None:
    table = pa.table({"at": pa.array([0, LAST], pa.int64()).cast(US), "x": [float("inf"), 1.0]})
    assert rows_of(table) == [(datetime(1970, 1, 1), float("inf")), ("infinity", 1.0)]


def test_a_table_without_rows_has_none() -> None:
    assert json_rows(pa.table({"at": pa.array([], US), "x": pa.array([], STRUCT)})) == ()
