"""What the load consists of: real held-out rows, as callers would send them. Made-up rows hit the same few entities and
measure a cache."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from core.features.values import FeatureContract

EVENT_TIME = "event_time"


def bodies_of(split: Path, *, contract: FeatureContract, most: int, seed: int) -> tuple[bytes, ...]:
    """Request bodies for `predict`, each with one row of a split's Parquet file, at most `most`, drawn by `seed` and in
    the order of their time."""
    rows = _rows(split, contract=contract)
    chosen = sorted(Random(seed).sample(range(len(rows)), k=min(most, len(rows))))
    return tuple(json.dumps({"rows": [rows[number]]}, separators=(",", ":")).encode() for number in chosen)


def _rows(split: Path, *, contract: FeatureContract) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    columns = [EVENT_TIME, *(field.name for field in contract.request)]
    table = parquet.read_table(split, columns=list(dict.fromkeys(columns)))
    return [dict(_sent(row, contract=contract)) for row in table.to_pylist()]


def _sent(row: dict[str, Any], *, contract: FeatureContract) -> Iterator[tuple[str, Any]]:
    yield contract.event_time, _instant(row[EVENT_TIME])
    yield from ((field.name, row[field.name]) for field in contract.request)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
