"""One join by one contestant in a process of its own: `python -m tests.bench.joins.once ours|known-at|duckdb|polars
FOLDER`. The scripts of the peers are what one would write by hand for these files; libraries are loaded before the
clock runs."""

import sys
import time
from pathlib import Path

import duckdb
import polars as pl

from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import JoinView, Part, check_join
from tests.bench.joins.data import ENTITY, EVENT_TIME, read_views
from tests.bench.measuring.lines import Spent, peak_mb, print_spent


def ours(folder: Path, views: list[JoinView], *, known_at: bool = False) -> None:
    entity, part = folder / ENTITY, Part(folder / "ours.parquet")
    check_join(views, entity=entity, event_time=EVENT_TIME)
    PolarsEngine().join(views, entity=entity, event_time=EVENT_TIME, known_at=known_at, parts=[part])


def known_at(folder: Path, views: list[JoinView]) -> None:
    ours(folder, views, known_at=True)


def with_duckdb(folder: Path, views: list[JoinView]) -> None:
    columns, joins = ["e.*"], []
    for number, view in enumerate(views):
        alive = f"v{number}.__event >= e.{EVENT_TIME} - INTERVAL {view.ttl_us} MICROSECOND" if view.ttl_us else "true"
        columns += [f"CASE WHEN {alive} THEN v{number}.{own} END AS {name}" for own, name, _kind in view.outputs]
        same = "".join(f"e.{column} = v{number}.{key} AND " for key, column in view.keys)
        rows = f"(SELECT * FROM '{view.rows}' WHERE __is_latest)"
        joins.append(f"ASOF LEFT JOIN {rows} v{number} ON {same}e.{EVENT_TIME} >= v{number}.__event")
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    query = f"SELECT {', '.join(columns)} FROM '{folder / ENTITY}' e {' '.join(joins)}"
    connection.execute(f"COPY ({query} ORDER BY e.{EVENT_TIME}) TO '{folder / 'duckdb.parquet'}' (COMPRESSION zstd)")


def with_polars(folder: Path, views: list[JoinView]) -> None:
    rows = pl.read_parquet(folder / ENTITY).sort(EVENT_TIME)
    for view in views:
        names = [name for _own, name, _kind in view.outputs]
        wanted = [pl.col(key) for key, _column in view.keys] + [
            pl.col(own).alias(name) for own, name, _ in view.outputs
        ]
        right = pl.scan_parquet(view.rows).filter("__is_latest").select("__event", *wanted).collect().sort("__event")
        keys, columns = [key for key, _column in view.keys], [column for _key, column in view.keys]
        rows = rows.join_asof(
            right, left_on=EVENT_TIME, right_on="__event", by_left=columns, by_right=keys, check_sortedness=False
        )
        if view.ttl_us:
            alive = pl.col("__event") >= pl.col(EVENT_TIME) - pl.duration(microseconds=view.ttl_us)
            rows = rows.with_columns(pl.when(alive).then(pl.col(name)).alias(name) for name in names)
        rows = rows.drop("__event", strict=False)
    rows.write_parquet(folder / "polars.parquet", compression="zstd")


RUNS = {"ours": ours, "known-at": known_at, "duckdb": with_duckdb, "polars": with_polars}


def main(who: str, folder: Path) -> None:
    views = read_views(folder)
    wall, cpu = time.perf_counter(), time.process_time()
    RUNS[who](folder, views)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print_spent(Spent(wall=wall, cpu=cpu, memory_mb=peak_mb()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
