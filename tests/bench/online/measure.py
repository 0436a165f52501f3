"""The online store: look-ups in process and over HTTP, filling it, and bringing one new day online; beside a raw read
of SQLite, a minimal web server, and Feast with its SQLite and Redis stores."""

import json
import random
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgpack

from core.features.online.opening import open_store
from core.features.online.store import OnlineRow, OnlineStore, packed_rows
from tests.bench.measuring.feast_environment import FeastMissing, feast_python
from tests.bench.measuring.lines import Line, at_least, at_most, missing
from tests.bench.online import feast_online
from tests.bench.online.data import FEATURES, values_of, view_of, write_rows
from tests.bench.online.days import days_lines, filling
from tests.bench.online.http import http_lines
from tests.bench.online.predictions import prediction_lines
from tests.features.online.stores import redis_server

KEYS, FEAST_KEYS = 100_000, 20_000
BATCHES = {1: 2_000, 10: 1_000, 100: 300, 500: 100}
Medians = dict[int, float]


def measure(
    *, keys: int = KEYS, feast_keys: int = FEAST_KEYS, batches: dict[int, int] = BATCHES, days: int = 365
) -> list[Line]:
    """All comparisons; `batches` are how often each number of keys is asked for."""
    with TemporaryDirectory(prefix="bench-") as temporary, ExitStack() as stack:
        folder = Path(temporary)
        port = _free_port()
        stack.enter_context(redis_server(port=port))
        redis = f"redis://127.0.0.1:{port}/0"
        stores = {"sqlite": open_store(str(folder / "online.sqlite")), "redis": open_store(redis)}
        for store in stores.values():
            fill(store, keys)
        raw = stack.enter_context(raw_sqlite(folder / "raw.sqlite", keys))
        lookups = {"raw": raw, **{name: partial(_ask, store) for name, store in stores.items()}}
        medians = _in_turns(lookups, keys=keys, batches=batches)
        lines = _lookups(medians) + prediction_lines(stores, keys=keys, batches=batches)
        lines += http_lines(folder, keys=keys, batches=batches)
        few = filling(folder, keys=keys, features=4)
        many = filling(folder, keys=keys, features=FEATURES, rows_per_key=1)
        feast = _feast(folder, redis, keys=feast_keys, batches=batches)
        lines.append(
            at_most("filling SQLite, 100,000 keys of 4 features, to 1 s", 1e5 * few[0], 1.0, limit=1, unit="s")
        )
        return lines + _beside_feast(medians, many[1], feast) + days_lines(folder / "days", days=days)


def _free_port() -> int:
    """Feast speaks to Redis by a port only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fill(store: OnlineStore, keys: int) -> None:
    store.put(view_of(), packed_rows(OnlineRow((key,), key, None, values_of(key)) for key in range(keys)))


@contextmanager
def raw_sqlite(path: Path, keys: int) -> Iterator[Callable[[Sequence[int]], Any]]:
    """One msgpack blob for each key, one query for all of them, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE rows (key INTEGER PRIMARY KEY, answer BLOB)")
    connection.execute("BEGIN")
    packed = ((key, msgpack.packb(values_of(key))) for key in range(keys))
    connection.executemany("INSERT INTO rows VALUES (?, ?)", packed)
    connection.execute("COMMIT")
    queries = {size: f"SELECT key, answer FROM rows WHERE key IN ({', '.join('?' * size)})" for size in BATCHES}

    def ask(wanted: Sequence[int]) -> Any:
        rows = connection.execute(queries[len(wanted)], wanted)
        return {key: msgpack.unpackb(answer) for key, answer in rows}

    yield ask
    connection.close()


def _ask(store: OnlineStore, wanted: Sequence[int]) -> Any:
    return store.get(view_of(), [(key,) for key in wanted], at_us=0)


def _in_turns(
    lookups: dict[str, Callable[[Sequence[int]], Any]], *, keys: int, batches: dict[int, int]
) -> dict[str, Medians]:
    """Median seconds for each number of keys; every question is asked of all of them before the next."""
    dice = random.Random(1)
    medians: dict[str, Medians] = {name: {} for name in lookups}
    for size, times in batches.items():
        samples_by_name: dict[str, list[float]] = {name: [] for name in lookups}
        for _turn in range(times):
            wanted = dice.sample(range(keys), size)
            for name, ask in lookups.items():
                begun = time.perf_counter()
                ask(wanted)
                samples_by_name[name].append(time.perf_counter() - begun)
        for name, samples in samples_by_name.items():
            medians[name][size] = median(samples)
    return medians


def _lookups(medians: dict[str, Medians]) -> list[Line]:
    raw, ours, redis = (medians[name] for name in ("raw", "sqlite", "redis"))
    lines = [at_most("look-up of 1 key, of 60 us", ours[1] * 1e6, 60.0, limit=1, unit="us")]
    for size in ours:
        limit = 10.0 if size < 100 else 3.0
        lines.append(
            at_most(f"look-up of {size}, to raw SQLite", ours[size] * 1e6, raw[size] * 1e6, limit=limit, unit="us")
        )
    return lines + [
        at_most(f"Redis, look-up of {size}, to raw SQLite", redis[size] * 1e6, raw[size] * 1e6, limit=20, unit="us")
        for size in ours
    ]


def _feast(folder: Path, redis: str, *, keys: int, batches: dict[int, int]) -> dict[str, Any] | str:
    """What Feast took, by store; why there is nothing where there is nothing."""
    if not keys:
        return "left out"
    write_rows(folder / "feast.parquet", keys)
    options = {"rows": str(folder / "feast.parquet"), "keys": keys, "batches": batches, "redis": redis}
    (folder / "feast.json").write_text(json.dumps({**options, "features": FEATURES}))
    try:
        command = [str(feast_python()), feast_online.__file__, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except FeastMissing as why:
        return str(why)
    except subprocess.CalledProcessError as failed:
        return str(failed.stderr.strip().splitlines()[-1])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _beside_feast(medians: dict[str, Medians], cpu: float, feast: dict[str, Any] | str) -> list[Line]:
    if isinstance(feast, str):
        return [missing("to Feast", f"Feast: {feast}")]
    lines = []
    for name, measured in feast.items():
        for size, seconds in measured["lookups"].items():
            ours, times = medians[name][int(size)], 5 if int(size) < 100 else 20
            lines.append(
                at_least(f"look-up of {size}, to Feast {name}", ours * 1e6, seconds * 1e6, times=times, unit="us")
            )
    peer = feast["sqlite"]["cpu_per_key"]
    lines.append(at_least("a key filled, CPU, to Feast sqlite", cpu * 1e6, peer * 1e6, times=50, unit="us"))
    return lines


if __name__ == "__main__":
    from tests.bench.measuring.lines import print_table

    print_table(measure())
