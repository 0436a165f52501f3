"""The same join by Feast's DuckDB offline store: `python feast_join.py FOLDER` with Feast's Python, which has none of
our code. It reads the files of `join_data` and prints what it spent."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

STORE = """
project: bench
registry: {folder}/registry.db
provider: local
offline_store:
  type: duckdb
online_store:
  type: sqlite
  path: {folder}/online.db
entity_key_serialization_version: 3
"""


def views_of(folder: Path) -> list:
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64

    objects = []
    for name, rows, keys, outputs, ttl_us in json.loads((folder / "views.json").read_text()):
        entities = [Entity(name=key, join_keys=[key], value_type=ValueType.INT64) for key, _column in keys]
        source = FileSource(path=rows, timestamp_field="__event", created_timestamp_column="__created")
        schema = [Field(name=own, dtype=Float64) for own, _name, _kind in outputs]
        ttl = timedelta(microseconds=ttl_us or 0)
        view = FeatureView(name=name.replace(" ", "_"), entities=entities, ttl=ttl, schema=schema, source=source)
        objects += [*entities, view]
    return objects


def main(folder: Path) -> None:
    import pandas as pd
    from feast import FeatureStore, FeatureView

    repository = folder / "feast"
    repository.mkdir(exist_ok=True)
    (repository / "feature_store.yaml").write_text(STORE.format(folder=repository))
    store, objects = FeatureStore(str(repository)), views_of(folder)
    store.apply(objects)
    names = [
        f"{view.name}:{field.name}" for view in objects if isinstance(view, FeatureView) for field in view.features
    ]
    entity = pd.read_parquet(folder / "entity.parquet").rename(columns={"event_time": "event_timestamp"})
    wall, cpu = time.perf_counter(), time.process_time()
    rows = store.get_historical_features(entity, names, full_feature_names=True).to_df()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if len(rows) != len(entity):
        raise SystemExit(f"Feast gave {len(rows)} rows for {len(entity)}")
    # The peak of resource.getrusage would begin with what the parent held.
    memory_mb = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "memory_mb": memory_mb}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
