"""The rows of a version that are known by now. Which rows win is marked in the file among all of them, those included
whose event or created time lies ahead of now; what people are shown of today leaves these out."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.normal_form import CREATED, EVENT, KNOWN, LATEST, microseconds, moment_of
from core.features.online.newest_rows import newest_event
from core.features.tables import FeatureVersionRow
from core.features.values import FeatureVersion
from core.foundation.storage import Store
from core.sandbox.duckdb_session import listed, one_row, open_session, parquet_rows

if TYPE_CHECKING:
    import duckdb

MINUTE_US = 60_000_000


def known_rows(session: "duckdb.DuckDBPyConnection", path: Path, *, keys: Sequence[str], now: datetime) -> str:
    """A query for the rows of a file that win at their event time among those that are known; rows without the created
    time that was declared are taken as they are marked."""
    now_us, rows = microseconds(now), parquet_rows([path])
    (are_all,) = one_row(session, f"SELECT coalesce(max({KNOWN}) <= {now_us}, true) FROM {rows}")
    if are_all:
        return f"SELECT * FROM {rows} WHERE {LATEST}"
    place = f"row_number() OVER (PARTITION BY {listed([*keys, EVENT])} ORDER BY {CREATED} DESC NULLS LAST)"
    return f"SELECT * FROM {rows} WHERE coalesce({KNOWN} <= {now_us}, {LATEST}) QUALIFY {place} = 1"


def newest_known_event(store: Store, version: FeatureVersion | FeatureVersionRow, *, now: datetime) -> datetime | None:
    """The newest event time among the rows of a version that are known; None where there are none. The rows are read
    only where some of them are known later."""
    newest = version.newest_event
    if newest is None or max(newest, version.newest_known or newest) <= now or not version.rows_digest:
        return newest
    path = store.path(version.rows_digest)
    return moment_of(_newest(path, microseconds(now) // MINUTE_US)) if path.exists() else None


@lru_cache(maxsize=512)
def _newest(path: Path, minute: int) -> int | None:
    """Of a file that never changes, by the minute: pages and lists ask often."""
    with open_session(memory_mb=512) as session:
        return newest_event(session, [path], until_us=(minute + 1) * MINUTE_US - 1)
