"""Feast's online stores, filled and asked: `python feast_online.py FOLDER` with Feast's Python, which has none of our
code. It reads `feast.json` there and prints what it took."""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

STORE = """
project: bench
registry: {folder}/registry.db
provider: local
offline_store:
  type: duckdb
online_store:
{online}
entity_key_serialization_version: 3
"""


def repository(folder: Path, name: str, options: dict):
    from feast import FeatureStore

    where = folder / f"feast-{name}"
    where.mkdir()
    address = options["redis"].removeprefix("redis://").partition("/")[0]
    online = {
        "sqlite": f"  type: sqlite\n  path: {where}/online.db",
        "redis": f'  type: redis\n  connection_string: "{address}"',
    }[name]
    (where / "feature_store.yaml").write_text(STORE.format(folder=where, online=online))
    return FeatureStore(str(where))


def applied(store, options: dict) -> None:
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64

    entity = Entity(name="key", join_keys=["key"], value_type=ValueType.INT64)
    source = FileSource(path=options["rows"], timestamp_field="__event", created_timestamp_column="__created")
    schema = [Field(name=f"f{number}", dtype=Float64) for number in range(options["features"])]
    store.apply([entity, FeatureView(name="bench", entities=[entity], ttl=timedelta(0), schema=schema, source=source)])


def measured(store, options: dict) -> dict:
    spent = time.process_time()
    start = datetime(2012, 12, 1, tzinfo=UTC)
    store.materialize(start, start + timedelta(days=365))
    filled = (time.process_time() - spent) / options["keys"]
    names, dice = [f"bench:f{number}" for number in range(options["features"])], random.Random(1)
    lookups = {}
    for size, times in options["batches"].items():
        seconds = []
        for _turn in range(max(5, int(times) // 20)):
            wanted = [{"key": key} for key in dice.sample(range(options["keys"]), int(size))]
            begun = time.perf_counter()
            store.get_online_features(names, wanted).to_dict()
            seconds.append(time.perf_counter() - begun)
        lookups[size] = median(seconds)
    return {"cpu_per_key": filled, "lookups": lookups}


def main(folder: Path) -> None:
    options = json.loads((folder / "feast.json").read_text())
    measured_by_store = {}
    for name in ("sqlite", "redis"):
        store = repository(folder, name, options)
        applied(store, options)
        measured_by_store[name] = measured(store, options)
    print(json.dumps(measured_by_store))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
