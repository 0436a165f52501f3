"""Rows that use source rows later than their own event time fail the check, without any marked column; what is computed
from the past passes; and what cannot be checked is said to be unchecked."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.features.values import Check
from tests.features.departures import START, build, flights

OF_CARRIER = "PARTITION BY carrier ORDER BY left_at"
HOUR = timedelta(hours=1)


def leakage(folder: Path, sql: str, **changes: Any) -> Check:
    check = build(folder, sql, **{"marks": {}} | changes).checks[-1]
    assert check.name == "Future leakage"
    return check


LATER = {
    "a day that is dated by its beginning": (
        "SELECT carrier, date_trunc('day', left_at) AS left_at, avg(delay) AS x FROM flights GROUP BY ALL",
        "which rows there are",
    ),
    "the next row": (f"SELECT carrier, left_at, lead(delay) OVER ({OF_CARRIER}) AS x FROM flights", "x"),
    "a window around the row": (
        f"SELECT carrier, left_at, max(delay) OVER ({OF_CARRIER} ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING) AS x"
        " FROM flights",
        "x",
    ),
    "the mean of everything": ("SELECT carrier, left_at, avg(delay) OVER () AS x, distance FROM flights", "x"),
    "a choice by the whole": (
        "SELECT carrier, left_at, distance FROM flights WHERE delay >= (SELECT median(delay) FROM flights)",
        "which rows there are",
    ),
}
PAST = {
    "the row itself": "SELECT carrier, left_at, delay FROM flights",
    "the row before": f"SELECT carrier, left_at, lag(delay) OVER ({OF_CARRIER}) AS x FROM flights",
    "a mean of the past": f"SELECT carrier, left_at, avg(delay) OVER ({OF_CARRIER}) AS x FROM flights",
    "a day that is dated by its end": (
        "SELECT carrier, date_trunc('day', left_at) + INTERVAL 1 DAY AS left_at, avg(delay) AS x"
        " FROM flights GROUP BY ALL"
    ),
}


@pytest.mark.parametrize("case", LATER)
def test_rows_that_use_later_rows_fail(tmp_path: Path, case: str) -> None:
    sql, named = LATER[case]
    check = leakage(tmp_path, sql)
    assert check.verdict == "fail"
    assert f"own event time these differ: {named}" in check.detail


@pytest.mark.parametrize("case", PAST)
def test_rows_of_the_past_pass(tmp_path: Path, case: str) -> None:
    assert leakage(tmp_path, PAST[case]) == Check(
        name="Future leakage", verdict="pass", detail="Computed without what came later, the rows are the same."
    )


def test_a_time_that_is_missing_does_not_make_a_row_early(tmp_path: Path) -> None:
    table = flights()
    never = pa.nulls(table.num_rows, pa.timestamp("us", tz="UTC"))
    sql, _named = LATER["the next row"]
    assert leakage(tmp_path, sql, table=table.append_column("refunded_at", never)).verdict == "fail"


def test_dates_decide_where_there_are_no_times_of_day(tmp_path: Path) -> None:
    days = pa.array([(START + timedelta(days=n)).date() for n in range(60)])
    table = pa.table({"carrier": ["A"] * 60, "day": days, "sold": list(range(60))})
    ahead = "SELECT carrier, CAST(day AS TIMESTAMP) AS left_at, lead(sold) OVER (ORDER BY day) AS x FROM flights"
    assert leakage(tmp_path, ahead, table=table).verdict == "fail"
    assert leakage(tmp_path, ahead.replace("lead", "lag"), table=table).verdict == "pass"


@pytest.mark.parametrize(("hours_ahead", "verdict"), [(9, "pass"), (30, "fail")])
def test_local_times_beside_instants_have_room_for_every_zone(tmp_path: Path, hours_ahead: int, verdict: str) -> None:
    """Times in Tokyo are nine hours ahead of the instants that the logic makes of them: that is no leak."""
    clocks: list[datetime] = [(START + n * HOUR).replace(tzinfo=None) for n in range(400)]
    table = pa.table({"carrier": ["A"] * 400, "clock": clocks, "sold": list(range(400))})
    sql = f"SELECT carrier, (clock - INTERVAL {hours_ahead} HOUR) AT TIME ZONE 'UTC' AS left_at, sold FROM flights"
    assert leakage(tmp_path, sql, table=table).verdict == verdict


def test_what_has_no_times_is_said_to_be_unchecked(tmp_path: Path) -> None:
    timeless = flights(50).drop_columns(["due_at", "left_at"])
    check = leakage(
        tmp_path, "SELECT carrier, TIMESTAMPTZ '2013-01-01' AS left_at, distance FROM flights", table=timeless
    )
    assert check.verdict == "inconclusive"
    assert check.detail == "Not checked: flights has no times, and no column says when it was known."


def test_logic_that_fails_without_later_rows_is_unchecked(tmp_path: Path) -> None:
    all_rows = "CASE WHEN (SELECT count(*) FROM flights) < 400 THEN 'few' ELSE '1' END"
    sql = f"SELECT carrier, left_at, CAST({all_rows} AS INTEGER) AS x FROM flights"
    check = leakage(tmp_path, sql)
    assert check.verdict == "inconclusive"
    assert check.detail.startswith("Not checked: without later rows the logic fails: ")
