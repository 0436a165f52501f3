"""A small airline of our own, with delays that are known only later, as files that jobs would get."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.features.building.build import build_rows
from core.features.job_specs import ROWS, BuildJobSpec, BuildResult, SourceTable
from core.features.training_sets.job_spec import JoinedView, JoinJobSpec, JoinResult
from core.features.training_sets.join import join_training_set
from core.features.training_sets.values import SUSPICIOUS_AUC, EntityQuery, Split
from core.features.values import ServedView
from core.sandbox.limits import Limits

START = datetime(2013, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MARKS = {"delay": "left_at", "left_at": "left_at"}
LIMITS = Limits(seconds=30, memory_mb=512, rows=100_000, threads=1)
SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 9)),
    Split(name="test", start=date(2013, 1, 9), end=date(2013, 2, 1)),
)
VIEW_SQL = """
SELECT carrier, left_at,
       avg(delay) OVER (PARTITION BY carrier ORDER BY left_at
                        RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING) AS mean_delay
FROM flights
"""
ENTITY_SQL = "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, carrier, distance FROM flights"


def flights(rows: int = 400, *, seed: int = 1) -> pa.Table:
    """Flights every 40 minutes by three carriers. Delays hang a little on the carrier, and on luck."""
    dice = random.Random(seed)
    records = []
    for number in range(rows):
        carrier, due = dice.choice("ABC"), START + 40 * number * MINUTE
        delay = int(dice.expovariate(1 / {"A": 6, "B": 10, "C": 14}[carrier])) - 3
        records.append((number, carrier, due, dice.randrange(100, 3000), delay, due + delay * MINUTE))
    names = ["id", "carrier", "due_at", "distance", "delay", "left_at"]
    return pa.table(dict(zip(names, zip(*records, strict=True), strict=True)))


def source(
    folder: Path, table: pa.Table | None = None, *, marks: dict[str, str] | None = None
) -> tuple[SourceTable, Path]:
    path = folder / "flights.parquet"
    pq.write_table(flights() if table is None else table, path)
    return SourceTable(name="flights", inputs=("flights",), known=MARKS if marks is None else marks), path


def job_spec_for(
    folder: Path, sql: str = VIEW_SQL, *, table: pa.Table | None = None, **changes: Any
) -> tuple[BuildJobSpec, dict[str, Path]]:
    """A view to build, keyed by carrier unless said otherwise, and the files of its sources."""
    given, path = source(folder, table, marks=changes.pop("marks", None))
    job_spec = {
        "view": "carrier_delay",
        "sql": sql,
        "sources": (given,),
        "keys": ("carrier",),
        "event_time": "left_at",
        "created_time": "",
        "ttl_seconds": 0,
        "delay_seconds": 0,
        "categories": (),
        "numbers": (),
    }
    return BuildJobSpec(**job_spec | changes), {"flights": path}


def build(folder: Path, sql: str = VIEW_SQL, **changes: Any) -> BuildResult:
    """The rows of a view in `rows.parquet`."""
    limits = changes.pop("limits", LIMITS)
    job_spec, inputs = job_spec_for(folder, sql, **changes)
    return build_rows(job_spec, inputs=inputs, outputs=folder, limits=limits)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / ROWS).to_pylist()
    return rows


@dataclass(frozen=True)
class Joined:
    """A view that has been built, ready to be joined."""

    view: JoinedView
    path: Path


def as_joined(
    folder: Path, result: BuildResult, *, keys: tuple[tuple[str, str], ...] = (("carrier", "carrier"),)
) -> Joined:
    served = ServedView(
        version_id="FEAT-1",
        view="carrier_delay",
        digest="d",
        rows_digest="",
        keys=keys,
        outputs=tuple((feature.name, f"v_{feature.name}", feature.kind) for feature in result.features),
        ttl_us=0,
        delay_us=0,
    )
    return Joined(JoinedView(served=served, input="rows_0"), folder / ROWS)


def entity(sql: str = ENTITY_SQL, **changes: Any) -> EntityQuery:
    query = {
        "sql": sql,
        "sources": {"flights": "SNAP-1"},
        "row_id": "id",
        "event_time": "due_at",
        "label": "late",
        "categories": ("carrier",),
        "numbers": ("distance",),
    }
    return EntityQuery(**query | changes)


def join(
    folder: Path, query: EntityQuery | None = None, *, views: tuple[Joined, ...] = (), **changes: Any
) -> JoinResult:
    """The training set, its splits as files below `set`."""
    given, path = source(folder, changes.pop("table", None), marks=changes.pop("marks", None))
    label, shares = changes.pop("label_from", None), changes.pop("shares", None)
    job_spec = JoinJobSpec(
        entity=query or entity(),
        sources=(given,),
        views=tuple(joined.view for joined in views),
        splits=changes.pop("splits", () if shares else SPLITS),
        shares=shares,
        label_view=label.view if label else None,
        known_at=changes.pop("known_at", True),
        suspicious_auc=changes.pop("suspicious_auc", SUSPICIOUS_AUC),
        images=changes.pop("images", ()),
        texts=changes.pop("texts", ()),
    )
    outputs = folder / "set"
    outputs.mkdir(exist_ok=True)
    inputs = {"flights": path} | {joined.view.input: joined.path for joined in (*views, *filter(None, [label]))}
    inputs |= changes.pop("more_inputs", {})
    return join_training_set(job_spec, inputs=inputs, outputs=outputs, limits=LIMITS, **changes)


def split_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "set" / f"{name}.parquet").to_pylist()
    return rows
