"""What the load consists of: real held-out rows, as callers would send them. Made-up rows hit the same few entities and
measure a cache."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any

from core.features.columns import sent
from core.features.values import FeatureContract

ROW_ID, EVENT_TIME = "row_id", "event_time"


def bodies_of(split: Path, *, contract: FeatureContract, most: int, seed: int) -> tuple[bytes, ...]:
    """Request bodies for `predict`, each with one row of a split's Parquet file, at most `most`, drawn by `seed` and in
    the order of their time."""
    import pyarrow.parquet as parquet

    times = [EVENT_TIME] if contract.event_time else []
    columns = dict.fromkeys([ROW_ID, *times, *(field.name for field in contract.request)])
    table = parquet.ParquetFile(split, page_checksum_verification=True).read(columns=list(columns))
    chosen = sorted(Random(seed).sample(range(table.num_rows), k=min(most, table.num_rows)))
    if not chosen:
        return ()
    return tuple(_body(dict(_sent(row, contract=contract))) for row in table.take(chosen).to_pylist())


def _body(row: dict[str, Any]) -> bytes:
    return json.dumps({"rows": [row]}, separators=(",", ":"), allow_nan=False).encode()


def _sent(row: dict[str, Any], *, contract: FeatureContract) -> Iterator[tuple[str, Any]]:
    yield contract.row_id, str(row[ROW_ID])
    yield from ((field.name, sent(row[field.name], image=field.image)) for field in contract.request)
    if contract.event_time:
        yield contract.event_time, row[EVENT_TIME].astimezone(UTC).isoformat()
