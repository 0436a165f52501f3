"""SQL carried over to Spark means the same there, or is refused by name; versions and training sets come out equal."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.demonstration.flights.features import VIEWS, View
from core.features.engines.spark.sql import carried
from core.features.engines.spark_engine import SparkEngine
from core.features.normal_form import RowShape, normal_form
from core.foundation.errors import Invalid
from core.sandbox.duckdb_session import save, shared_session
from tests.features.departures import VIEW_SQL, as_joined, build, flights, join, source, split_rows

SAME = {
    "a window of a day before each row": VIEW_SQL,
    "groups by the hour": """
        SELECT carrier, date_trunc('hour', left_at) + INTERVAL 1 HOUR AS left_at, count(*) AS flights,
               avg(delay) AS mean_delay, max(delay) AS worst, count(*) FILTER (WHERE delay > 10) AS late
        FROM flights GROUP BY ALL""",
    "rank, lag and cases": """
        SELECT carrier, left_at, lag(delay) OVER (PARTITION BY carrier ORDER BY left_at, id) AS before,
               CASE WHEN delay > 10 THEN 'late' WHEN delay < 0 THEN 'early' END AS word,
               round(distance / 7, 2) AS weeks, coalesce(nullif(delay, 0), -1) AS shown, distance // 100 AS hundreds
        FROM flights WHERE delay IS NOT NULL QUALIFY row_number() OVER (PARTITION BY carrier ORDER BY id) < 30""",
    "a common table, a join and a union": """
        WITH late AS (SELECT carrier, left_at, delay FROM flights WHERE delay > 5)
        SELECT l.carrier, l.left_at, l.delay, f.distance FROM late l JOIN flights f USING (carrier, left_at)
        UNION ALL SELECT carrier, left_at, delay, -1 FROM flights WHERE delay <= 5""",
}
REFUSED = {
    "dayname": "SELECT carrier, left_at, dayname(left_at) AS day FROM flights",
    "date_diff": "SELECT carrier, left_at, date_diff('minute', due_at, left_at) AS wait FROM flights",
    "list\\b|array_agg": "SELECT carrier, left_at, list(delay) OVER (ORDER BY left_at) AS all_delays FROM flights",
    "levenshtein": "SELECT carrier, left_at, levenshtein(carrier, 'A') AS far FROM flights",
    "my_function": "SELECT carrier, left_at, my_function(delay) AS x FROM flights",
    "ASOF JOIN": "SELECT * FROM flights a ASOF JOIN flights b ON a.left_at >= b.left_at",
    "FILTER": "SELECT carrier, left_at, sum(delay) FILTER (WHERE delay > 0) OVER (ORDER BY left_at) AS x FROM flights",
    "unnest": "SELECT unnest([1, 2]) AS x, left_at, carrier FROM flights",
    "cannot be read": "SELECT FROM WHERE",
}


@pytest.mark.parametrize("case", SAME)
def test_a_version_has_the_same_rows_on_both_engines(spark: SparkEngine, tmp_path: Path, case: str) -> None:
    _table, path = source(tmp_path, flights(120))
    with shared_session() as session:
        session.execute(f"CREATE TEMP VIEW flights AS FROM read_parquet('{path}')")
        columns = [row[0] for row in session.execute(f"DESCRIBE {SAME[case]}").fetchall()]
        shape = RowShape(("carrier",), "left_at", None, tuple(columns[2:]))
        save(session, normal_form(shape, source=f"({SAME[case]})"), tmp_path / "here.parquet")
    spark.build(
        SAME[case],
        tables={"flights": [path]},
        shape=shape,
        schema=pq.read_schema(tmp_path / "here.parquet"),
        raw=tmp_path / "raw",
        path=tmp_path / "spark.parquet",
    )
    here, there = (pq.read_table(tmp_path / name).to_pylist() for name in ("here.parquet", "spark.parquet"))
    assert len(here) > 20
    assert [_rounded(row) for row in there] == [_rounded(row) for row in here]


def _rounded(row: dict[str, object]) -> dict[str, object]:
    """Sums of doubles may be added in another order."""
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_demonstration_can_be_carried(view: View) -> None:
    assert carried(view.sql).startswith(("SELECT", "WITH"))


@pytest.mark.parametrize("word", REFUSED)
def test_what_would_mean_something_else_is_refused_by_its_name(word: str) -> None:
    with pytest.raises(Invalid, match=word):
        carried(REFUSED[word])


def test_a_training_set_is_the_same_on_both_engines(spark: SparkEngine, tmp_path: Path) -> None:
    """With its splits, its matches and its leak report."""
    late = "SELECT carrier, due_at, due_at + INTERVAL 5 HOUR AS written, distance AS last_distance FROM flights"
    view = as_joined(tmp_path, build(tmp_path, late, event_time="due_at", created_time="written"))
    here = join(tmp_path, views=(view,))
    rows = split_rows(tmp_path, "train")
    there = join(tmp_path, views=(view,), engine=spark)
    assert split_rows(tmp_path, "train") == rows
    assert there.model_dump(exclude={"engine"}) == here.model_dump(exclude={"engine"})
    assert there.engine.startswith("spark 4")
