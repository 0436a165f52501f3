"""A planted leak is caught, whatever it is called and however it is computed; honest features pass."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.features.building.future_leakage import MarkedTable
from core.foundation.errors import Invalid
from tests.features.departures import VIEW_SQL, build, entity, flights, join, source


def marked(folder: Path, table: pa.Table | None = None) -> MarkedTable:
    given, path = source(folder, table)
    return MarkedTable(given, (path,))


# Views whose rows claim to be true before all they are computed from had happened.
DISHONEST = {
    "the delay at the scheduled departure": "SELECT id, due_at, delay FROM flights",
    "renamed and shifted": "SELECT id, due_at, delay * 2 + 1 AS mood FROM flights",
    "through a subquery": "WITH x AS (SELECT *, abs(delay) + distance AS d FROM flights) SELECT id, due_at, d FROM x",
    "as a category": "SELECT id, due_at, CASE WHEN delay > 10 THEN 'red' ELSE 'blue' END AS color FROM flights",
    "through the instant of departure": "SELECT id, due_at, date_diff('minute', due_at, left_at) AS x FROM flights",
    "through a rank over everything": "SELECT id, due_at, rank() OVER (ORDER BY delay) AS x FROM flights",
    "through an average of everything": "SELECT id, due_at, avg(delay) OVER () AS x FROM flights",
    "through the greatest of everything": "SELECT id, due_at, max(delay) OVER () AS x FROM flights",
    "through a count of everything": "SELECT id, due_at, count(*) FILTER (WHERE delay > 5) OVER () AS x FROM flights",
    "through a window that holds the event": (
        "SELECT id, due_at, sum(delay) OVER (PARTITION BY carrier ORDER BY due_at"
        " RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS x FROM flights"
    ),
    "through a join with the table itself": (
        "SELECT a.id, a.due_at, b.delay AS x FROM flights a JOIN flights b ON b.id = a.id"
    ),
    "through the choice of rows": "SELECT id, due_at, distance FROM flights WHERE delay > 10",
    "an hour too early": "SELECT id, left_at - INTERVAL 1 HOUR AS due_at, delay FROM flights",
}


@pytest.mark.parametrize("case", DISHONEST)
def test_a_view_that_knows_the_future_is_refused(tmp_path: Path, case: str) -> None:
    with pytest.raises(Invalid, match="Future leakage in") as refusal:
        build(tmp_path, DISHONEST[case], keys=("id",), event_time="due_at")
    assert "flights.delay (left_at)" in refusal.value.message


HONEST: dict[str, tuple[str, dict[str, Any]]] = {
    "the delay once it is known": ("SELECT id, left_at, delay FROM flights", {"keys": ("id",)}),
    "a trailing mean without the event": (VIEW_SQL, {}),
    "a trailing mean with the event, at the event": (
        VIEW_SQL.replace("INTERVAL 1 MICROSECOND PRECEDING", "CURRENT ROW"),
        {},
    ),
    "what the timetable says": (
        "SELECT id, due_at, distance, carrier FROM flights",
        {"keys": ("id",), "event_time": "due_at"},
    ),
    "the event before, and the time it was written": (
        "SELECT id, due_at, left_at AS written, delay FROM flights",
        {"keys": ("id",), "event_time": "due_at", "created_time": "written"},
    ),
    "a delay that covers the longest delay": (
        "SELECT id, due_at, delay FROM flights",
        {"keys": ("id",), "event_time": "due_at", "delay_seconds": 86_400},
    ),
    "rows of the past hour at the full hour": (
        "SELECT carrier, date_trunc('hour', left_at) + INTERVAL 1 HOUR AS left_at, avg(delay) AS x"
        " FROM flights GROUP BY ALL",
        {},
    ),
}


@pytest.mark.parametrize("case", HONEST)
def test_a_view_that_keeps_to_its_time_is_built(tmp_path: Path, case: str) -> None:
    sql, changes = HONEST[case]
    assert build(tmp_path, sql, **changes).rows > 100


def test_what_nobody_marked_is_not_looked_for(tmp_path: Path) -> None:
    sql = DISHONEST["the delay at the scheduled departure"]
    assert build(tmp_path, sql, keys=("id",), event_time="due_at", marks={}).rows == 400


def test_a_query_that_would_differ_each_time_is_refused_by_name(tmp_path: Path) -> None:
    sql = "SELECT id, due_at, random() AS x FROM flights"
    with pytest.raises(Invalid, match="the function random is not permitted"):
        build(tmp_path, sql, keys=("id",), event_time="due_at")


# Columns of entity rows that are computed from what had not happened yet.
PLANTED = {
    "as it is": "delay AS mood",
    "shifted": "delay * 2 + 1 AS mood",
    "as a flag": "CAST(delay > 0 AS INTEGER) AS mood",
    "through the instant": "epoch(left_at - due_at) AS mood",
    "through a subquery": "(SELECT max(f.delay) FROM flights f WHERE f.id = flights.id) AS mood",
    "through the flight before": "lag(delay) OVER (ORDER BY due_at) AS mood",
    "whether it left at all": "CAST(delay IS NULL AS INTEGER) AS mood",
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_leak_in_the_entity_rows_is_found_and_named(tmp_path: Path, case: str) -> None:
    sql = f"SELECT id, due_at, coalesce(CAST(delay > 10 AS INTEGER), 1) AS late, carrier, {PLANTED[case]} FROM flights"
    table = flights()
    delays = [None if number % 9 == 0 else delay for number, delay in enumerate(table.column("delay").to_pylist())]
    table = table.set_column(4, "delay", pa.array(delays))
    result = join(tmp_path, entity(sql, numbers=("mood",)), table=table)
    leak = next(leak for leak in result.leaks if leak.column == "mood" and leak.auc is None)
    assert "known only at left_at" in leak.reason
    assert result.splits == ()


def test_a_leak_in_a_category_or_the_time_is_found_too(tmp_path: Path) -> None:
    late = "CAST(delay > 10 AS INTEGER) AS late"
    sql = f"SELECT id, left_at AS due_at, {late}, carrier || (delay > 10) AS carrier FROM flights"
    leaks = join(tmp_path, entity(sql, numbers=())).leaks
    assert {leak.column for leak in leaks if leak.auc is None} == {"due_at", "carrier"}


def test_rows_are_not_chosen_by_what_happened_later(tmp_path: Path) -> None:
    sql = "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, carrier, distance FROM flights WHERE delay < 30"
    table = flights()
    assert max(table.column("delay").to_pylist()) >= 30
    (leak,) = join(tmp_path, entity(sql), table=table).leaks
    assert (leak.column, leak.auc) == ("(rows)", None)


def test_rows_without_an_outcome_may_be_left_out(tmp_path: Path) -> None:
    table = flights()
    delays = [None if number % 7 == 0 else delay for number, delay in enumerate(table.column("delay").to_pylist())]
    table = table.set_column(4, "delay", pa.array(delays))
    sql = (
        "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, carrier, distance FROM flights WHERE delay IS NOT NULL"
    )
    result = join(tmp_path, entity(sql), table=table)
    assert result.leaks == ()
    assert sum(split.rows for split in result.splits) == 400 - len(range(0, 400, 7))


def test_exchanged_cells_stay_in_their_column_and_the_known_ones_stay(tmp_path: Path) -> None:
    table = marked(tmp_path)
    before = flights()
    moments = sorted(moment for moment in before.column("left_at").to_pylist())
    middle = moments[200]
    after = table.exchanged(after=int(middle.timestamp() * 1e6))
    for old, new in zip(before.to_pylist(), after.to_pylist(), strict=True):
        if old["left_at"] <= middle:
            assert old == new
        assert (old["id"], old["carrier"], old["due_at"]) == (new["id"], new["carrier"], new["due_at"])
    assert not set(after.column("delay").to_pylist()) - set(before.column("delay").to_pylist())
    assert all(moment > middle for moment in after.column("left_at").to_pylist()[250:])
    assert after.column("delay").to_pylist() != before.column("delay").to_pylist()


def test_missing_cells_stay_missing_where_that_is_asked(tmp_path: Path) -> None:
    table = flights(60)
    delays = [None if number < 20 else delay for number, delay in enumerate(table.column("delay").to_pylist())]
    moved_later = marked(tmp_path, table.set_column(4, "delay", pa.array(delays)))
    with_nulls = moved_later.exchanged(keep_nulls=True).column("delay").to_pylist()
    moved = moved_later.exchanged().column("delay").to_pylist()
    assert [cell is None for cell in with_nulls] == [cell is None for cell in delays]
    assert with_nulls != delays
    assert [cell is None for cell in moved] != [cell is None for cell in delays]
