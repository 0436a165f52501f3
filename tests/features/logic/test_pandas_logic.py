"""Logic in pandas: what a function gets, what it may give, and how its mistakes are told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.features.job_specs import BuildResult
from core.foundation.errors import Invalid
from tests.features.departures import VIEW_SQL, build, flights, rows_of

MEAN = """
import pandas as pd

def features(flights):
    timed = flights.sort_values("left_at").set_index("left_at")
    window = timed.groupby("carrier")["delay"].rolling("1D", closed="left").mean()
    return window.rename("mean_delay").reset_index()
"""


def built(folder: Path, body: str, **changes: Any) -> BuildResult:
    """The rows of a function with this body over the flights."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"import pandas as pd\n\ndef features(flights):\n{lines}\n"
    return build(folder, "", python=source, **{"marks": {}} | changes)


def test_the_rows_are_those_of_the_same_logic_in_sql(tmp_path: Path) -> None:
    table = flights()
    apart = table.set_column(5, "left_at", table.column("due_at"))
    result = build(tmp_path, "", python=MEAN, table=apart, marks={})
    assert [(item.name, item.type, item.kind) for item in result.features] == [("mean_delay", "DOUBLE", "number")]
    pandas = rows_of(tmp_path)
    build(tmp_path, VIEW_SQL, table=apart, marks={})
    for row, other in zip(pandas, rows_of(tmp_path), strict=True):
        assert row["__event"] == other["__event"]
        assert row["mean_delay"] == (None if other["mean_delay"] is None else pytest.approx(other["mean_delay"]))


def test_a_function_gets_types_that_hold_nulls_exactly_and_times_in_utc(tmp_path: Path) -> None:
    table = flights(3)
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    columns["id"] = [2**53 + 1, None, 3]
    columns["far"] = [True, None, False]
    columns["naive"] = [datetime(2013, 1, 1, 12)] * 3
    body = (
        "types = {name: str(kind) for name, kind in flights.dtypes.items()}\n"
        "assert types['id'] == 'Int64' and types['far'] == 'boolean' and types['carrier'] == 'string', types\n"
        "assert types['left_at'] == types['naive'] == 'datetime64[us, UTC]', types\n"
        "assert flights['naive'][0] == pd.Timestamp('2013-01-01 12:00', tz='UTC')\n"
        "return flights[['carrier', 'left_at', 'id', 'far']]"
    )
    result = built(tmp_path, body, table=pa.table(columns))
    assert {item.name: item.type for item in result.features} == {"id": "BIGINT", "far": "BOOLEAN"}
    assert {row["id"] for row in rows_of(tmp_path)} == {2**53 + 1, None, 3}


def test_days_that_a_frame_does_not_know_are_refused_in_words(tmp_path: Path) -> None:
    days = pa.array([0, 2**31 - 1, 2932897], pa.int32()).cast(pa.date32())
    with pytest.raises(Invalid, match="Python: until has days outside the years 1 to 9999, in rows: 2"):
        built(tmp_path, "return flights", table=flights(3).append_column("until", days))


def test_times_of_any_zone_are_the_same_instants_and_naive_ones_are_utc(tmp_path: Path) -> None:
    body = (
        "made = flights[['carrier', 'distance']].assign(at=pd.Timestamp('2013-07-01 08:00', tz='America/New_York'))\n"
        "return made"
    )
    built(tmp_path, body, event_time="at")
    assert {row["__event"] for row in rows_of(tmp_path)} == {datetime(2013, 7, 1, 12, tzinfo=UTC)}
    built(tmp_path, body.replace(", tz='America/New_York'", ""), event_time="at")
    assert {row["__event"] for row in rows_of(tmp_path)} == {datetime(2013, 7, 1, 8, tzinfo=UTC)}


def test_r11_nanoseconds_never_move_a_row_before_its_time(tmp_path: Path) -> None:
    body = (
        "return flights[['carrier', 'distance']].assign(at=pd.Timestamp(1357000000000000001, tz='UTC').as_unit('ns'))"
    )
    built(tmp_path, body, event_time="at")
    assert {row["__event"].microsecond for row in rows_of(tmp_path)} == {1}


def test_categories_of_pandas_are_text(tmp_path: Path) -> None:
    result = built(
        tmp_path, "return flights[['carrier', 'left_at']].assign(kind=flights['carrier'].astype('category'))"
    )
    assert [(item.type, item.kind) for item in result.features] == [("VARCHAR", "category")]


MISTAKES = {
    "an error": ("x = 1\nreturn flights['nope']", "Python: KeyError: 'nope'", "Line 5: return flights['nope']"),
    "an error in a function of its own": (
        "def inner():\n    return 1 / 0\nreturn inner()",
        "ZeroDivisionError",
        "Line 5",
    ),
    "no frame": ("return 3", "gives a int and no DataFrame", ""),
    "nothing": ("return None", "gives a NoneType and no DataFrame", ""),
    "an end of the process": ("import sys\nsys.exit(0)", "Python: SystemExit: 0", "Line 5: sys.exit(0)"),
    "a column of several kinds": (
        "return flights[['carrier', 'left_at']].assign(x=[1, 'a'] * 200)",
        "the column x has values of several kinds",
        "astype",
    ),
    "a key that is lost in the index": ("return flights.groupby('carrier').max()", "gives no column 'carrier'", ""),
    "two columns of one name": ("return flights[['carrier', 'left_at', 'id', 'id']]", "two columns are called id", ""),
    "a time as text": (
        "return flights[['carrier', 'id']].assign(left_at='2013-01-01')",
        "left_at is VARCHAR: a time is",
        "",
    ),
    "a list as a feature": ("return flights[['carrier', 'left_at']].assign(x=[[1]] * 400)", "x is ", ""),
    "no rows": ("return flights[['carrier', 'left_at', 'id']].head(0)", "gives no rows", ""),
    "chance": (
        "import numpy\nreturn flights[['carrier', 'left_at']].assign(x=numpy.random.default_rng().random(400))",
        "does not give the same x twice",
        "",
    ),
    "too many rows": (
        "return pd.concat([flights[['carrier', 'left_at', 'id']]] * 300)",
        "more than 100000 rows",
        "",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_in_words_with_its_line(tmp_path: Path, case: str) -> None:
    body, words, hint = MISTAKES[case]
    with pytest.raises(Invalid) as refusal:
        built(tmp_path, body)
    assert words in refusal.value.message
    assert hint in refusal.value.hint
    assert str(tmp_path) not in refusal.value.message + refusal.value.hint


def test_a_warning_of_a_library_is_no_mistake(tmp_path: Path) -> None:
    body = (
        "import warnings\nwarnings.warn('soon gone', DeprecationWarning)\nreturn flights[['carrier', 'left_at', 'id']]"
    )
    assert built(tmp_path, body).rows == 400


FUTURE_LEAKAGE = {
    "the delay itself": "return flights[['carrier', 'due_at', 'delay']].rename(columns={'due_at': 'left_at'})",
    "a mean of the whole table": (
        "mean = flights.groupby('carrier')['delay'].transform('mean')\n"
        "return flights[['carrier', 'left_at']].assign(x=mean)"
    ),
    "the delay of the flight after": (
        "timed = flights.sort_values('left_at')\n"
        "return timed[['carrier', 'left_at']].assign(x=timed.groupby('carrier')['delay'].shift(-1))"
    ),
}


@pytest.mark.parametrize("case", FUTURE_LEAKAGE)
def test_future_leakage_in_pandas_is_found_as_in_sql(tmp_path: Path, case: str) -> None:
    with pytest.raises(Invalid, match="Future leakage in"):
        built(tmp_path, FUTURE_LEAKAGE[case], marks=None)


def test_pandas_that_only_looks_back_is_free_of_future_leakage(tmp_path: Path) -> None:
    assert build(tmp_path, "", python=MEAN).rows == 400
