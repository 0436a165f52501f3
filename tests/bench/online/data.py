"""What the benchmarks of the online store look up: numbers by a whole-number key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.features.values import ServedView

FEATURES = 20
NAMES = [f"f{number}" for number in range(FEATURES)]
START = datetime(2013, 1, 1, tzinfo=UTC)


def view_of(features: int = FEATURES) -> ServedView:
    return VIEW if features == FEATURES else VIEW.model_copy(update={"outputs": VIEW.outputs[:features]})


VIEW = ServedView(
    version_id="FEAT-1",
    view="bench",
    digest="d",
    rows_digest="",
    keys=(("key", "key"),),
    outputs=tuple((name, name, "number") for name in NAMES),
    ttl_us=0,
    delay_us=0,
)


def values_of(key: int) -> tuple[float, ...]:
    return tuple(key + number / 7 for number in range(FEATURES))


def write_rows(path: Path, keys: int, *, rows_per_key: int = 1) -> None:
    """Rows in normal form, `rows_per_key` of each key."""
    rows = keys * rows_per_key
    moments = [START + timedelta(seconds=number) for number in range(rows)]
    moment = pa.timestamp("us", tz="UTC")
    columns = {
        "key": pa.array([number % keys for number in range(rows)], pa.int64()),
        "__event": pa.array(moments, moment),
        "__created": pa.array(moments, moment),
        "__known_us": pa.array([round(instant.timestamp() * 1e6) for instant in moments], pa.int64()),
        "__is_latest": pa.array([True] * rows),
        "__is_best": pa.array([True] * rows),
    }
    columns |= {
        name: pa.array([number % keys + at / 7 for number in range(rows)], pa.float64())
        for at, name in enumerate(NAMES)
    }
    pq.write_table(pa.table(columns), path)
