"""Versions built in a cluster of Spark Connect: the same rows, checks and notes as on one machine, judged by what one
machine gives on a part of the sources; and in whose words it fails."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.building.build import build_rows
from core.features.building.engine_build import MOST_ROWS, Rehearsal, build_with_engine, rehearse
from core.features.engines.spark.session import spark_session
from core.features.engines.spark_engine import SparkEngine
from core.features.job_specs import ROWS, BuildJobSpec, BuildResult
from core.features.logic.samples import last_rows
from core.features.normal_form import RowShape
from core.features.values import FeatureRule, VersionTests
from core.foundation.errors import Invalid, Unavailable
from tests.features.departures import LIMITS, flights, job_spec_for, rows_of, source
from tests.features.logic.test_pandas_logic import MEAN

OTHER_CASE = {"sql": "SELECT Carrier AS carrier, LEFT_AT, Distance FROM Flights", "marks": {}}
FULL: dict[str, Any] = {
    "sql": """
        SELECT carrier, due_at, left_at AS written, delay, distance, distance > 500 AS far, sum(id) OVER (
            PARTITION BY carrier ORDER BY left_at, id ROWS UNBOUNDED PRECEDING) AS n,
        CASE WHEN id % 7 = 0 THEN NULL ELSE distance / 2 END AS half FROM flights WHERE id % 50 <> 0
        UNION ALL SELECT NULL, due_at, left_at, 0, 0, false, 0, 0 FROM flights WHERE id < 3
        UNION ALL SELECT carrier, NULL, left_at, 0, 0, false, 0, 0 FROM flights WHERE id < 2""",
    "event_time": "due_at",
    "created_time": "written",
    "tests": VersionTests(
        rules=(FeatureRule(feature="half", nulls="fill", fill=-1), FeatureRule(feature="delay", maximum=20)),
        unique_rows=True,
        fresh_seconds=86_400,
    ),
    "marks": {},
}


def rehearsed(
    folder: Path, *, most: int = MOST_ROWS, **changes: Any
) -> tuple[BuildJobSpec, Rehearsal, dict[str, Path]]:
    job_spec, inputs = job_spec_for(folder, **changes)

    def run(spec: BuildJobSpec, given: Any) -> BuildResult:
        return build_rows(spec, inputs=given, outputs=folder / "rehearsal", limits=LIMITS)

    return job_spec, rehearse(job_spec, inputs=inputs, folder=folder / "rehearsal", run=run, most=most), inputs


def built(engine: SparkEngine, folder: Path, **changes: Any) -> BuildResult:
    job_spec, rehearsal, inputs = rehearsed(folder, **changes)
    return build_with_engine(job_spec, rehearsal, engine=engine, inputs=inputs, outputs=folder, limits=LIMITS)


@pytest.mark.parametrize(
    "changes",
    [{}, FULL, OTHER_CASE],
    ids=["a trailing window", "times, rules, nulls and rows left out", "names in another case"],
)
def test_a_build_in_the_cluster_is_the_build_on_one_machine(
    spark: SparkEngine, tmp_path: Path, changes: dict[str, Any]
) -> None:
    there = built(spark, tmp_path, **changes)
    rows, schema = rows_of(tmp_path), pq.read_schema(tmp_path / ROWS)
    job_spec, inputs = job_spec_for(tmp_path, **changes)
    here = build_rows(job_spec, inputs=inputs, outputs=tmp_path, limits=LIMITS)
    assert rows == rows_of(tmp_path)
    assert schema == pq.read_schema(tmp_path / ROWS)
    *checks, alike = there.checks
    assert there.model_dump(exclude={"checks", "seconds"}) == here.model_dump(exclude={"checks", "seconds"})
    assert tuple(checks) == here.checks
    assert (alike.name, alike.verdict) == ("Spark and DuckDB agree", "pass")
    assert alike.detail == f"Spark {spark.version}: Both give the same {here.rows} rows."


def test_of_a_large_source_the_last_rows_are_rehearsed_and_all_are_built(spark: SparkEngine, tmp_path: Path) -> None:
    there = built(spark, tmp_path, most=100)
    assert there.rows == 400
    assert "same 100 rows of the last 100 of flights" in there.checks[-1].detail
    assert there.checks[0].detail == "No value of mean_delay is infinite."
    rows = rows_of(tmp_path)
    job_spec, inputs = job_spec_for(tmp_path)
    build_rows(job_spec, inputs=inputs, outputs=tmp_path, limits=LIMITS)
    assert rows == rows_of(tmp_path)


def test_a_rule_is_judged_by_all_rows_and_not_by_those_of_the_rehearsal(spark: SparkEngine, tmp_path: Path) -> None:
    table = flights()
    delays = pa.array([9_000, *table.column("delay").to_pylist()[1:]])
    table = table.set_column(table.column_names.index("delay"), "delay", delays)
    rules = VersionTests(rules=(FeatureRule(feature="delay", maximum=8_000),))
    sql = "SELECT carrier, left_at, delay FROM flights"
    there = built(spark, tmp_path, most=100, sql=sql, table=table, tests=rules, marks={})
    assert [check.verdict for check in there.checks if check.name == "delay is at most 8000"] == ["fail"]


def test_an_engine_that_answers_otherwise_fails_the_version_with_the_rows(spark: SparkEngine, tmp_path: Path) -> None:
    """As if one machine had found another value in its rehearsal."""
    job_spec, rehearsal, inputs = rehearsed(tmp_path)
    table = pq.read_table(rehearsal.rows)
    place = table.column_names.index("mean_delay")
    other = pa.array([1234.5, *table.column(place).to_pylist()[1:]])
    pq.write_table(table.set_column(place, table.schema.field(place), other), rehearsal.rows)
    result = build_with_engine(job_spec, rehearsal, engine=spark, inputs=inputs, outputs=tmp_path, limits=LIMITS)
    alike = result.checks[-1]
    assert (alike.verdict, len(alike.rows)) == ("fail", 2)
    assert [row[0] for row in alike.rows] == ["Spark", "DuckDB"]
    assert alike.rows[1][-1] == 1234.5
    assert "They differ in mean_delay; DuckDB gives 400 rows" in alike.detail


def test_both_forms_of_a_logic_are_compared_where_pandas_runs(spark: SparkEngine, tmp_path: Path) -> None:
    python = MEAN.replace("flights.sort", 'flights.dropna(subset=["left_at", "carrier"]).sort')
    names = [check.name for check in built(spark, tmp_path, python=python).checks]
    assert names[:2] == ["Values are finite", "SQL and pandas agree"]
    assert names[2:] == ["Pandas does not use the present time", "Future leakage", "Spark and DuckDB agree"]


def test_future_leakage_is_refused_before_spark_is_asked(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Future leakage in delay"):
        rehearsed(tmp_path, sql="SELECT carrier, due_at, delay FROM flights", event_time="due_at", most=100)


def test_a_refusal_says_which_rows_were_rehearsed(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, delay FROM flights WHERE id < 3"
    with pytest.raises(Invalid, match="gives no rows") as refused:
        rehearsed(tmp_path, sql=sql, marks={}, most=100)
    assert refused.value.hint == "Check its conditions. It was rehearsed on the last 100 rows of flights."


def test_the_guard_judges_the_sql_before_spark_is_asked(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="files cannot be read"):
        rehearsed(tmp_path, sql="SELECT * FROM read_csv('/etc/passwd')")


def test_peoples_code_does_not_hear_where_the_cluster_is(tmp_path: Path) -> None:
    job_spec, rehearsal, _inputs = rehearsed(tmp_path, spark_address="sc://host:1/;token=secret")
    assert "secret" in job_spec.spark_address
    assert "secret" not in str(rehearsal.job_spec)


def test_the_last_rows_of_a_table_may_lie_in_several_files(tmp_path: Path) -> None:
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    pq.write_table(pa.table({"x": range(10)}), paths[0], row_group_size=3)
    pq.write_table(pa.table({"x": range(10, 14)}), paths[1], row_group_size=3)
    assert last_rows(paths, most=6).column("x").to_pylist() == [8, 9, 10, 11, 12, 13]
    assert last_rows(paths, most=99).num_rows == 14


SHAPE = RowShape(("carrier",), "left_at", None, ("x",))
TIMES = (
    ("__event", pa.timestamp("us", "UTC")),
    ("__created", pa.timestamp("us", "UTC")),
    ("__known_us", pa.int64()),
    ("__is_latest", pa.bool_()),
    ("__is_best", pa.bool_()),
)
WRONG = {
    "a value that cannot be cast": ("SELECT carrier, left_at, CAST(carrier AS INTEGER) AS x FROM flights", "cannot be"),
    "a column that is not there": ("SELECT carrier, left_at, nope AS x FROM flights", "nope"),
    "another type than on one machine": ("SELECT carrier, left_at, delay / 2 AS x FROM flights", "another type"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_of_the_query_is_the_authors(spark: SparkEngine, tmp_path: Path, case: str) -> None:
    sql, words = WRONG[case]
    with pytest.raises(Invalid, match=words) as refusal:
        _build(spark, tmp_path, sql, [source(tmp_path)[1]])
    assert "\n" not in refusal.value.message


def test_files_that_the_cluster_does_not_see_are_not_the_authors_fault(spark: SparkEngine, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not see the files") as refusal:
        _build(spark, tmp_path, "SELECT carrier, left_at, 1 AS x FROM flights", [tmp_path / "elsewhere.parquet"])
    assert refusal.value.hint == "Mount CAUSEWAY_HOME in the cluster under the same path."


def test_a_folder_that_the_cluster_cannot_write_is_not_the_authors_fault(spark: SparkEngine, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="Spark failed"):
        _build(spark, Path("/proc"), "SELECT carrier, left_at, 1 AS x FROM flights", [source(tmp_path)[1]])


def _build(engine: SparkEngine, folder: Path, sql: str, files: list[Path]) -> None:
    schema = pa.schema([("carrier", pa.string()), *TIMES, ("x", pa.int64())])
    tables = {"flights": files}
    engine.build(sql, tables=tables, shape=SHAPE, schema=schema, raw=folder / "raw", path=folder / "rows.parquet")


@pytest.mark.parametrize("address", ["sc://127.0.0.1:1", "sc://[::1]:1/;token=secret;use_ssl=true"])
def test_a_cluster_that_does_not_answer_is_told_at_once(address: str) -> None:
    with pytest.raises(Unavailable, match="Spark cannot be reached"), spark_session(address):
        pass


@pytest.mark.parametrize("address", ["sc://host:1;token=secret", "host:1", "sc://host/secret", "sc://host/;secret"])
def test_what_is_no_address_is_not_repeated(address: str) -> None:
    with pytest.raises(Unavailable, match="is no address of Spark Connect") as refusal, spark_session(address):
        pass
    assert "secret" not in refusal.value.message + refusal.value.hint
