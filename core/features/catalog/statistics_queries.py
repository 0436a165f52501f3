"""The values of a feature by window of event time, computed where the rows are; only the figures leave the engine."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.features.catalog.known_rows import known_rows
from core.features.catalog.values import FeatureWindow, Window
from core.features.normal_form import EVENT, microseconds, moment_of
from core.features.values import Feature
from core.lake.comparison.distance_values import Distance
from core.lake.comparison.distances import Sides, distance
from core.sandbox.duckdb_session import one_row, open_session, parquet_rows, quoted

if TYPE_CHECKING:
    import duckdb

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
MOST_WINDOWS, MOST_FREQUENT, MOST_TEXT = 120, 5, 120
# Squares beyond this have no place in a double.
LARGEST = "1e150"


def windows_of(
    path: Path, features: tuple[Feature, ...], *, keys: Sequence[str], window: Window, now: datetime
) -> tuple[FeatureWindow, ...]:
    """The newest 120 windows that have rows known by now, the oldest first, for each feature."""
    with open_session(memory_mb=1024) as session:
        session.execute(f"CREATE TEMP VIEW latest AS {known_rows(session, path, keys=keys, now=now)}")
        (newest,) = one_row(session, f"SELECT max({EVENT}) IS NOT NULL FROM latest")
        if not newest:
            return ()
        first = (
            f"(SELECT min(w) FROM (SELECT DISTINCT date_trunc('{window}', {EVENT}) AS w FROM latest"
            f" ORDER BY w DESC LIMIT {MOST_WINDOWS}))"
        )
        session.execute(
            f"CREATE TEMP VIEW dated AS SELECT *, epoch_us(date_trunc('{window}', {EVENT})) AS __window"
            f" FROM latest WHERE {EVENT} >= {first}"
        )
        return tuple(item for feature in features for item in _windows(session, feature))


class Rows(NamedTuple):
    """The rows of a version's file in a window of event time, the end excluded, as far as they are known by now."""

    path: Path
    keys: Sequence[str]
    since: datetime
    until: datetime
    now: datetime

    def show_as(self, name: str, *, session: "duckdb.DuckDBPyConnection") -> None:
        """Makes them a view of the session."""
        begin, end = (f"make_timestamptz({microseconds(moment)})" for moment in (self.since, self.until))
        known = known_rows(session, self.path, keys=self.keys, now=self.now)
        window = f"{EVENT} >= {begin} AND {EVENT} < {end}"
        session.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM ({known}) WHERE {window}")


def distances_between(left: Rows, right: Rows, *, features: Sequence[Feature]) -> dict[str, Distance]:
    """How far each feature of the right rows lies from the left ones, which may be another version's."""
    with open_session(memory_mb=1024) as session:
        left.show_as("learned", session=session)
        right.show_as("recent", session=session)
        return {feature.name: _distance(session, feature) for feature in features}


def distances_of(
    rows: Rows, split: Path, *, columns: dict[str, tuple[Feature, str]]
) -> tuple[int, dict[str, Distance]]:
    """How many rows there are, and the distance of each feature from its column of the split."""
    with open_session(memory_mb=1024) as session:
        rows.show_as("recent", session=session)
        (count,) = one_row(session, "SELECT count(*) FROM recent")
        distances = {}
        for name, (feature, column) in columns.items():
            wanted = quoted(column)
            session.execute(
                f"CREATE OR REPLACE TEMP VIEW learned AS SELECT {wanted} AS {quoted(name)} FROM {parquet_rows([split])}"
            )
            distances[name] = _distance(session, feature)
        return int(count), distances


def _distance(session: "duckdb.DuckDBPyConnection", feature: Feature) -> Distance:
    kind = "number" if feature.kind == "number" else "text"
    return distance(Sides(session, "learned", "recent"), feature.name, kind=kind)  # type: ignore[arg-type]


def _windows(session: "duckdb.DuckDBPyConnection", feature: Feature) -> Iterator[FeatureWindow]:
    return _of_numbers(session, feature) if feature.kind == "number" else _of_categories(session, feature)


def _of_numbers(session: "duckdb.DuckDBPyConnection", feature: Feature) -> Iterator[FeatureWindow]:
    column = quoted(feature.name)
    finite = "FILTER (WHERE isfinite(v))"
    small = f"FILTER (WHERE abs(v) < {LARGEST})"
    is_small = f"count(v) {small} = count(v) {finite}"
    rows = session.execute(
        f"""
        SELECT __window, count(*), count(*) - count(v), count(v) FILTER (WHERE NOT isfinite(v)),
          count(DISTINCT raw) {finite}, CASE WHEN {is_small} THEN avg(v) {small} END,
          CASE WHEN {is_small} THEN stddev_samp(v) {small} END,
          CAST(min(raw) {finite} AS VARCHAR), CAST(max(raw) {finite} AS VARCHAR),
          quantile_disc(v, {list(PERCENTILES)}) {finite}
        FROM (SELECT __window, {column} AS raw, CAST({column} AS DOUBLE) AS v FROM dated)
        GROUP BY __window ORDER BY __window
        """
    ).fetchall()
    for start, total, nulls, not_finite, distinct, mean, deviation, low, high, cuts in rows:
        yield FeatureWindow(
            feature=feature.name,
            kind="number",
            start=moment_of(start),
            rows=total,
            nulls=nulls,
            not_finite=not_finite,
            distinct=distinct,
            mean=mean,
            deviation=deviation,
            minimum=low or "",
            maximum=high or "",
            percentiles=tuple(zip(PERCENTILES, cuts or (), strict=False)),
        )


def _of_categories(session: "duckdb.DuckDBPyConnection", feature: Feature) -> Iterator[FeatureWindow]:
    counted = f"SELECT __window, CAST({quoted(feature.name)} AS VARCHAR) AS v, count(*) AS n FROM dated GROUP BY ALL"
    rows = session.execute(
        f"""
        WITH counted AS ({counted}), ranked AS (
          SELECT *, row_number() OVER (PARTITION BY __window, v IS NULL ORDER BY n DESC, v) AS place FROM counted)
        SELECT __window, sum(n), coalesce(sum(n) FILTER (WHERE v IS NULL), 0), count(v), min(v), max(v),
          list((left(v, {MOST_TEXT}), n) ORDER BY place) FILTER (WHERE v IS NOT NULL AND place <= {MOST_FREQUENT})
        FROM ranked GROUP BY __window ORDER BY __window
        """
    ).fetchall()
    for start, total, nulls, distinct, low, high, frequent in rows:
        yield FeatureWindow(
            feature=feature.name,
            kind="category",
            start=moment_of(start),
            rows=int(total),
            nulls=int(nulls),
            distinct=distinct,
            minimum=(low or "")[:MOST_TEXT],
            maximum=(high or "")[:MOST_TEXT],
            frequent=tuple(_pair(item) for item in frequent or ()),
        )


def _pair(item: Any) -> tuple[str, int]:
    value, count = item.values() if isinstance(item, dict) else item
    return str(value), int(count)
