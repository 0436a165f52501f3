"""The demonstration's features: what is known about a flight when it is due to leave. Each view's rows carry the time
at which all they are computed from was known, so that nothing of the day ahead gets in.

Two traps of the data are kept out on purpose. Weather counts from the end of its hour (`observed_by`), because the
package dropped the minute of the report. Trailing delays count a flight from its arrival, when its delay is known, and
a row at the full hour t covers arrivals in [t - window, t). There is no month and no day of the year among the inputs:
a model that learned from January to September would meet October to December as values it has never seen."""

from datetime import date
from typing import Any

from pydantic import Field

from core.features.training_sets.values import EntityQuery, Split
from core.features.values import FeatureRule, VersionTests, ViewUse
from core.foundation.text import N_
from core.foundation.values import Value
from core.lake.values import TimeZoneRule

HOUR, DAY = 3600, 86_400


class Table(Value):
    """A table to import. The import converts the package's times to instants, so no choices are needed."""

    name: str
    description: str
    zones: tuple[TimeZoneRule, ...] = ()
    known: dict[str, str] = Field(default={})


class View(Value):
    """A feature view and its first version. `sources` names datasets; its features are called `prefix` + name among the
    inputs of a model."""

    name: str
    entity: str
    description: str
    keys: tuple[str, ...]
    sources: tuple[str, ...]
    sql: str
    python: str = ""
    tests: VersionTests = VersionTests()
    event_time: str
    created_time: str = ""
    ttl_seconds: int = 0
    prefix: str

    def version_arguments(self) -> dict[str, Any]:
        """What `features.create_version` is called with, beside the view and its snapshots."""
        return self.model_dump(
            include={"sql", "python", "tests", "event_time", "created_time", "ttl_seconds", "description"}
        )


DATASETS = (
    Table(name="flights", description=N_("Every flight that left New York in 2013, with its delays.")),
    Table(name="weather", description=N_("Hourly weather at the three airports of New York.")),
    Table(name="planes", description=N_("Aircraft by tail number.")),
    Table(name="airports", description=N_("Airports with their place and time zone.")),
    Table(name="airlines", description=N_("Carriers by code.")),
)


def trailing_delay(keys: tuple[str, ...]) -> str:
    """SQL of the delays of the flights that arrived in the day and the week before each full hour, by `keys`."""
    by = ", ".join(keys)
    return f"""
WITH arrivals AS (
  SELECT {by}, date_trunc('hour', arr_utc) + INTERVAL 1 HOUR AS hour_end, count(*) AS flights,
         sum(arr_delay) AS arrival, sum(dep_delay) AS departure, count(*) FILTER (WHERE arr_delay > 15) AS late
  FROM flights WHERE arr_delay IS NOT NULL
  GROUP BY ALL)
SELECT {by}, hour_end,
       sum(flights) OVER day AS flights_1d, sum(late) OVER day / sum(flights) OVER day AS late_share_1d,
       sum(arrival) OVER day / sum(flights) OVER day AS arrival_delay_1d,
       sum(departure) OVER day / sum(flights) OVER day AS departure_delay_1d,
       sum(flights) OVER week AS flights_7d, sum(late) OVER week / sum(flights) OVER week AS late_share_7d,
       sum(arrival) OVER week / sum(flights) OVER week AS arrival_delay_7d,
       sum(departure) OVER week / sum(flights) OVER week AS departure_delay_7d
FROM arrivals
WINDOW day AS (PARTITION BY {by} ORDER BY hour_end RANGE BETWEEN INTERVAL 23 HOURS PRECEDING AND CURRENT ROW),
       week AS (PARTITION BY {by} ORDER BY hour_end RANGE BETWEEN INTERVAL 167 HOURS PRECEDING AND CURRENT ROW)
""".strip()


# The same delays of a carrier in pandas: the portal holds the two against each other before it publishes.
CARRIER_PANDAS = """
import pandas as pd

def features(flights):
    arrived = flights.dropna(subset=["carrier", "arr_utc", "arr_delay"])
    hour_end = arrived["arr_utc"].dt.floor("h") + pd.Timedelta("1h")
    arrived = arrived.assign(hour_end=hour_end, late=arrived["arr_delay"] > 15)
    hours = arrived.groupby(["carrier", "hour_end"]).agg(
        flights=("late", "size"), late=("late", "sum"), arrival=("arr_delay", "sum"), departure=("dep_delay", "sum")
    )
    by_carrier = hours.reset_index("carrier").groupby("carrier")
    made = {}
    for name, window in (("1d", "24h"), ("7d", "168h")):
        sums = by_carrier[["flights", "late", "arrival", "departure"]].rolling(window).sum()
        made |= {
            f"flights_{name}": sums["flights"].astype("Int64"),
            f"late_share_{name}": sums["late"] / sums["flights"],
            f"arrival_delay_{name}": sums["arrival"] / sums["flights"],
            f"departure_delay_{name}": sums["departure"] / sums["flights"],
        }
    return pd.DataFrame(made).reset_index()
""".strip()


def shares(*names: str) -> VersionTests:
    """Rules for features that are shares."""
    return VersionTests(rules=tuple(FeatureRule(feature=name, minimum=0, maximum=1) for name in names))


WEATHER_SQL = """
SELECT origin, time_hour, observed_by, temp, dewp, humid, wind_dir, pressure, precip, visib,
       CASE WHEN wind_speed < 150 THEN wind_speed END AS wind_speed, wind_gust
FROM weather
""".strip()

AIRCRAFT_SQL = """
SELECT tailnum, TIMESTAMPTZ '2013-01-01 00:00:00+00' AS registered_by, year AS built, seats, engines,
       manufacturer, engine
FROM planes
""".strip()

VIEWS = (
    View(
        name="weather_at_origin",
        entity="airport",
        description="The last weather report at an airport, at most three hours old.",
        keys=("origin",),
        sources=("weather",),
        sql=WEATHER_SQL,
        tests=VersionTests(
            rules=(
                FeatureRule(feature="temp", minimum=-40, maximum=130),
                FeatureRule(feature="humid", minimum=0, maximum=100, most_null_share=0.01),
                FeatureRule(feature="visib", minimum=0, maximum=10, nulls="refuse"),
            )
        ),
        event_time="time_hour",
        created_time="observed_by",
        ttl_seconds=3 * HOUR,
        prefix="weather_",
    ),
    View(
        name="carrier_delay",
        entity="carrier",
        description="Delays of a carrier's flights that arrived in the last day and the last seven days.",
        keys=("carrier",),
        sources=("flights",),
        sql=trailing_delay(("carrier",)),
        python=CARRIER_PANDAS,
        tests=shares("late_share_1d", "late_share_7d"),
        event_time="hour_end",
        ttl_seconds=2 * DAY,
        prefix="carrier_",
    ),
    View(
        name="route_delay",
        entity="route",
        description="Delays on a route, of flights that arrived in the last day and the last seven days.",
        keys=("origin", "dest"),
        sources=("flights",),
        sql=trailing_delay(("origin", "dest")),
        tests=shares("late_share_1d", "late_share_7d"),
        event_time="hour_end",
        ttl_seconds=7 * DAY,
        prefix="route_",
    ),
    View(
        name="aircraft",
        entity="aircraft",
        description="The aircraft behind a tail number.",
        keys=("tailnum",),
        sources=("planes",),
        sql=AIRCRAFT_SQL,
        tests=VersionTests(rules=(FeatureRule(feature="seats", minimum=1),), unique_rows=True),
        event_time="registered_by",
        prefix="aircraft_",
    ),
)

ENTITY_SQL = """
SELECT strftime(time_hour, '%Y-%m-%dT%HZ') || '-' || carrier || '-' || flight AS flight_id,
       sched_dep_utc, CAST(arr_delay > 15 AS INTEGER) AS late,
       origin, dest, carrier, tailnum,
       CAST(hour AS VARCHAR) AS local_hour,
       dayname(timezone('America/New_York', sched_dep_utc)) AS weekday,
       distance, hour * 60 + minute AS minute_of_day
FROM flights
WHERE arr_delay IS NOT NULL
""".strip()

SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 10, 1)),
    Split(name="validation", start=date(2013, 10, 1), end=date(2013, 11, 1)),
    Split(name="test", start=date(2013, 11, 1), end=date(2014, 1, 2)),
)


# The days that are replayed as traffic, the end excluded.
REPLAY = {"start": date(2013, 12, 29), "end": date(2014, 1, 1)}


def entity_query(sources: dict[str, str]) -> EntityQuery:
    """A flight when it is due to leave; `late` says whether it arrived more than 15 minutes late. Flights that never
    arrived, cancelled or diverted, have no outcome. `sources` maps "flights" to the id of its snapshot."""
    return EntityQuery(
        sql=ENTITY_SQL,
        sources=sources,
        row_id="flight_id",
        event_time="sched_dep_utc",
        label="late",
        categories=("origin", "dest", "carrier", "local_hour", "weekday"),
        numbers=("distance", "minute_of_day"),
        keys_only=("tailnum",),
    )


def view_uses(versions: dict[str, str]) -> tuple[ViewUse, ...]:
    """Every view once, by columns of its keys' names. `versions` maps a view's name to the id of its version."""
    return tuple(
        ViewUse(version_id=versions[view.name], keys={key: key for key in view.keys}, prefix=view.prefix)
        for view in VIEWS
    )
