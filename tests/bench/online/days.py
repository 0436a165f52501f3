"""Filling the online store end to end, and bringing one new day online beside computing the year anew."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import pyarrow as pa

from core.features.materialization.job import StoreUpdate
from core.features.materialization.job_spec import MaterializeJobSpec
from core.features.online.opening import open_store
from core.sandbox.duckdb_session import open_session
from tests.bench.measuring.lines import Line, at_most, missing
from tests.bench.online.data import view_of, write_rows
from tests.features.materialization.in_process import DAY, START, Materializer, events, version_of

WINDOWS = ("1 DAY", "7 DAY")
SQL = f"""
SELECT k, happened, written, {
    ", ".join(
        f"avg(x) OVER (PARTITION BY k ORDER BY happened RANGE BETWEEN INTERVAL {window} PRECEDING"
        f" AND INTERVAL 1 MICROSECOND PRECEDING) AS mean_{number}"
        for number, window in enumerate(WINDOWS)
    )
} FROM events
"""
KINDS = {"mean_0": "number", "mean_1": "number"}
ROUNDS = 3


def filling(folder: Path, *, keys: int, features: int, rows_per_key: int = 10) -> tuple[float, float]:
    """Seconds of wall (the best of some runs) and of CPU (their median) for a key, from some rows of each key in a file
    to the newest of them in SQLite."""
    rows, wall, cpu = folder / "filling.parquet", [], []
    write_rows(rows, keys, rows_per_key=rows_per_key)
    for number in range(ROUNDS):
        store = open_store(str(folder / f"filling-{features}-{number}.sqlite"))
        job_spec = MaterializeJobSpec(
            view=view_of(features), stretches=(), kept={}, replaced={}, at_us=2**62, snapshots={}, whole=True
        )
        begun, spent = time.perf_counter(), time.process_time()
        with open_session(threads=2) as session:
            put = StoreUpdate(job_spec, store, session, [rows], {}).everything()
        wall.append((time.perf_counter() - begun) / put)
        cpu.append((time.process_time() - spent) / put)
        store.close()
    return min(wall), median(cpu)


def days_lines(folder: Path, *, days: int = 365, rows_a_day: int = 900) -> list[Line]:
    """One day more of a year: the median seconds of both ways, and whether they gave the same rows."""
    folder.mkdir()
    dice = random.Random(1)
    tables = {str((START + day * DAY).date()): _day(dice, day, rows_a_day) for day in range(days)}
    version = version_of(SQL, kinds=KINDS, created_time="", lookback_seconds=7 * 86_400)
    materializer = Materializer(folder, version)
    at = START + 2 * days * DAY
    materializer.run(materializer.snapshot(tables), at=at)
    new, whole = [], []
    for number in range(ROUNDS):
        day = days + number
        tables[str((START + day * DAY).date())] = _day(dice, day, rows_a_day)
        snapshot = materializer.snapshot(tables)
        new.append(_seconds(partial(materializer.run, snapshot, at=at)))
        (folder / f"anew-{number}").mkdir()
        anew = Materializer(folder / f"anew-{number}", version)
        anew.store = materializer.store
        whole.append(_seconds(partial(anew.run, snapshot, at=at)))
    differing = materializer.differences(materializer.full(snapshot))
    line = at_most(f"one new day of {days + 1}, to all days", median(new), median(whole), limit=0.1, unit="s")
    return [line, missing("one new day: rows that differ from a full recompute", str(differing))]


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _day(dice: random.Random, day: int, rows: int) -> pa.Table:
    moments = sorted(START + day * DAY + dice.randrange(86_400) * timedelta(seconds=1) for _row in range(rows))
    return events([(f"r{dice.randrange(224)}", moment, moment, dice.randrange(-20, 200), "x") for moment in moments])
