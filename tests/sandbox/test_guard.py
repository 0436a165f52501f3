"""Every query that could reach more than its tables is refused before it runs; every query that people need runs."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.sandbox.guard import MOST_CHARACTERS, check_query
from core.sandbox.limits import Limits
from core.sandbox.locked_session import locked_session, run_query

LIMITS = Limits(seconds=10, memory_mb=256, rows=100_000, threads=1)

WANTED = """
SELECT * FROM flights
FROM flights
FROM flights SELECT carrier
TABLE flights
VALUES (1, 'a'), (2, 'b')
SELECT carrier, avg(delay) AS mean FROM flights GROUP BY carrier HAVING count(*) > 1 ORDER BY mean DESC LIMIT 5
SELECT carrier, sum(delay) FILTER (WHERE delay > 0) AS late FROM flights GROUP BY ALL
WITH late AS (SELECT * FROM flights WHERE delay > 5), twice AS (SELECT * FROM late) SELECT count(*) AS n FROM twice
WITH flights AS (SELECT 1 AS x) SELECT * FROM flights
SELECT carrier, sum(delay) OVER (PARTITION BY carrier ORDER BY moment RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING) AS s FROM flights
SELECT f.carrier, g.delay FROM flights f ASOF LEFT JOIN flights g ON f.carrier = g.carrier AND f.moment > g.moment
SELECT a.carrier FROM flights a JOIN planes p USING (carrier) WHERE EXISTS (SELECT 1 FROM planes q WHERE q.carrier = a.carrier)
SELECT carrier FROM flights QUALIFY row_number() OVER (PARTITION BY carrier ORDER BY moment) = 1
SELECT list_transform([1, 2], lambda x: x + 1) AS l, {'a': 1} AS s, MAP {'k': 2} AS m, [x * 2 FOR x IN [1, 2] IF x > 1] AS c
SELECT unnest([1, 2]) AS x
SELECT * FROM unnest([1, 2]) t(x)
SELECT * FROM range(3) t(i), generate_series(1, 2) s(j)
SELECT CASE WHEN delay > 0 THEN 'late' ELSE 'early' END AS how, coalesce(delay, 0) AS d, nullif(delay, 0) AS z FROM flights
SELECT date_trunc('day', moment) AS day, extract(hour FROM moment) AS hour, moment + INTERVAL 1 DAY AS next, moment AT TIME ZONE 'America/New_York' AS ny, epoch_us(moment) AS us, age(moment, moment) AS a FROM flights
SELECT regexp_extract(carrier, '[A-Z]+') AS r, upper(carrier) || '!' AS u, carrier LIKE 'A%' AS l, carrier ILIKE 'a%' AS i FROM flights
SELECT * EXCLUDE (delay) REPLACE (upper(carrier) AS carrier) FROM flights
SELECT max(COLUMNS(lambda c: c LIKE 'd%')) FROM flights
SELECT TRY_CAST(carrier AS INTEGER) AS n, delay::DOUBLE AS d, carrier COLLATE NOCASE AS c FROM flights
SELECT carrier FROM flights UNION ALL SELECT carrier FROM planes EXCEPT SELECT 'X' INTERSECT SELECT 'Y'
SELECT carrier, count(*) AS n FROM flights GROUP BY GROUPING SETS ((carrier), ())
SELECT (SELECT max(seats) FROM planes) AS most, (SELECT count(*) FROM planes p WHERE p.carrier = f.carrier) AS own FROM flights f
SELECT carrier FROM flights WHERE carrier IN (SELECT carrier FROM planes) AND delay BETWEEN 0 AND 10 AND delay IS NOT NULL
SELECT arg_max(delay, moment) AS newest, quantile_cont(delay, 0.5) AS median, stddev_samp(delay) AS sd, approx_count_distinct(carrier) AS k FROM flights
SELECT a.x FROM flights, LATERAL (SELECT delay + 1 AS x) a
SELECT json_extract_string('{"a": 1}', '$.a') AS a, '{"b": 2}'::JSON ->> 'b' AS b
"""  # noqa: E501

FILES = """
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_csv_auto('/etc/passwd')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM read_blob('/etc/*')
SELECT * FROM read_json('/etc/hosts')
SELECT * FROM read_parquet('{secret}')
SELECT * FROM parquet_scan('{secret}')
SELECT * FROM parquet_metadata('{secret}')
SELECT * FROM parquet_schema('{secret}')
SELECT * FROM parquet_kv_metadata('{secret}')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM glob('/etc/*')
SELECT * FROM '{secret}'
SELECT * FROM "{secret}"
SELECT * FROM '{lake}/../secret.parquet'
SELECT * FROM read_parquet('{lake}/link.parquet')
SELECT (SELECT content FROM read_text('/etc/passwd'))
SELECT * FROM read_parquet('http://127.0.0.1/x.parquet')
SELECT * FROM 's3://bucket/x.parquet'
SELECT * FROM read_duckdb('{lake}/x.db')
SELECT getenv('HOME')
"""

WRITES = """
COPY flights TO '{lake}/out.csv'
COPY (SELECT 1) TO '{lake}/flights.parquet' (FORMAT parquet, USE_TMP_FILE false)
COPY flights FROM '/etc/passwd'
EXPORT DATABASE '{lake}/export'
IMPORT DATABASE '{lake}/export'
ATTACH '{lake}/other.db' AS other
ATTACH ':memory:' AS other
DETACH memory
INSTALL httpfs
LOAD httpfs
SET memory_limit = '10GB'
SET threads = 64
SET enable_external_access = true
SET lock_configuration = false
RESET memory_limit
PRAGMA enable_profiling
PRAGMA profiling_output = '{lake}/profile'
PRAGMA database_list
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE VIEW v AS SELECT 1
CREATE TABLE t AS SELECT 1
CREATE MACRO m(x) AS x + 1
CREATE FUNCTION m(x) AS x + 1
CREATE TYPE t AS ENUM ('a')
DROP VIEW flights
INSERT INTO flights VALUES (1)
DELETE FROM flights
UPDATE flights SET delay = 0
TRUNCATE flights
ALTER TABLE flights ADD COLUMN x INTEGER
SET VARIABLE x = 1
PREPARE p AS SELECT 1
EXECUTE p
CALL force_checkpoint()
CHECKPOINT
FORCE CHECKPOINT
VACUUM
EXPLAIN SELECT * FROM flights
EXPLAIN ANALYZE SELECT * FROM flights
BEGIN
SELECT 1; SELECT 2
SELECT 1; DROP VIEW flights
SELECT * FROM write_log('x')
SELECT write_log('x')
"""

CATALOG = """
SELECT * FROM hidden
SELECT * FROM main.hidden
SELECT * FROM memory.main.hidden
SELECT * FROM temp.hidden
SELECT * FROM main.flights
FROM hidden
TABLE hidden
SELECT (SELECT max(x) FROM hidden)
SELECT carrier FROM flights LIMIT (SELECT max(x) FROM hidden)
SELECT carrier FROM flights ORDER BY (SELECT max(x) FROM hidden)
SELECT sum(delay) OVER (ORDER BY (SELECT max(x) FROM hidden)) AS s FROM flights
SELECT carrier FROM flights GROUP BY carrier HAVING count(*) > (SELECT max(x) FROM hidden)
SELECT carrier FROM flights QUALIFY row_number() OVER () = (SELECT max(x) FROM hidden)
SELECT CASE WHEN true THEN (SELECT max(x) FROM hidden) END AS c
SELECT list_transform([1], lambda e: (SELECT max(x) FROM hidden)) AS l
SELECT carrier FROM flights WHERE delay IN (SELECT x FROM hidden)
SELECT carrier FROM flights WHERE EXISTS (FROM hidden)
SELECT carrier FROM flights UNION SELECT x::VARCHAR FROM hidden
SELECT * FROM flights JOIN hidden ON true
SELECT * FROM flights POSITIONAL JOIN hidden
SELECT * FROM flights, LATERAL (SELECT x FROM hidden) l
SELECT * FROM (VALUES ((SELECT max(x) FROM hidden))) v
SELECT count(*) FILTER (WHERE (SELECT max(x) FROM hidden) > 0) AS n FROM flights
WITH hidden AS (SELECT * FROM hidden) SELECT * FROM hidden
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a
WITH a AS (WITH hidden AS (SELECT 1) SELECT 1) SELECT * FROM hidden
WITH a AS MATERIALIZED (SELECT * FROM hidden) SELECT 1
SELECT (WITH q AS (SELECT 1) SELECT 1) AS x FROM q
WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT * FROM r
SHOW TABLES
SHOW ALL TABLES
DESCRIBE hidden
DESCRIBE flights
SUMMARIZE flights
SELECT * FROM (DESCRIBE hidden)
SELECT * FROM (SHOW TABLES)
PIVOT flights ON carrier USING sum(delay)
SELECT * FROM (PIVOT flights ON carrier USING sum(delay))
UNPIVOT flights ON delay
SELECT * FROM query('SELECT * FROM hidden')
SELECT * FROM query_table('hidden')
SELECT * FROM query_table(['hidden'])
SELECT * FROM information_schema.tables
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_databases
SELECT * FROM sqlite_master
SELECT * FROM pragma_table_info('hidden')
SELECT * FROM pg_catalog.pg_class
SELECT * FROM __rows
SELECT * FROM python_variable
SELECT * FROM pandas_scan(0)
SELECT * FROM arrow_scan(0, 0, 0)
SELECT * FROM test_all_types()
SELECT * FROM repeat_row(1, num_rows = 5)
SELECT * FROM flights AT (VERSION => 1)
SELECT current_setting('memory_limit')
SELECT getvariable('x')
SELECT current_database()
SELECT current_schemas(true)
SELECT current_query()
SELECT in_search_path('a', 'b')
SELECT pg_get_viewdef(1)
SELECT has_table_privilege('hidden', 'select')
SELECT nextval('s')
SELECT json_execute_serialized_sql('x')
SELECT json_serialize_sql('SELECT 1')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM hidden'))
SELECT main.current_setting('memory_limit')
SELECT system.main.getvariable('x')
"""

CHANGING = """
SELECT random()
SELECT uuid()
SELECT gen_random_uuid()
SELECT now()
SELECT NOW()
SELECT "now"()
SELECT today()
SELECT current_date
SELECT CURRENT_TIMESTAMP
SELECT current_time
SELECT localtimestamp
SELECT current_user
SELECT session_user
SELECT get_current_timestamp()
SELECT transaction_timestamp()
SELECT age(TIMESTAMP '2013-01-01')
SELECT setseed(0.5)
SELECT txid_current()
SELECT * FROM flights TABLESAMPLE 10%
SELECT * FROM flights USING SAMPLE 1
SELECT sleep_ms(1000)
SELECT pg_sleep(1)
SELECT version()
SELECT stats(delay) FROM flights
SELECT carrier FROM flights WHERE random() < 0.5
SELECT list_transform([1], lambda x: random()) AS l
SELECT sum(random()) OVER () AS s FROM flights
SELECT ?
SELECT $1
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guard") / "lake"
    folder.mkdir()
    times = pa.array([0, 10**6, 2 * 10**6], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"carrier": ["A", "A", "B"], "moment": times, "delay": [1, None, 7]}), folder / "f.parquet")
    pq.write_table(pa.table({"carrier": ["A", "B"], "seats": [100, 200]}), folder / "p.parquet")
    pq.write_table(pa.table({"secret": [42]}), folder.parent / "secret.parquet")
    (folder / "link.parquet").symlink_to(folder.parent / "secret.parquet")
    return folder


@pytest.fixture
def session(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with locked_session({"flights": [lake / "f.parquet"], "planes": [lake / "p.parquet"]}, LIMITS) as granted:
        granted.execute("CREATE TEMP TABLE hidden AS SELECT 42 AS x")
        granted.execute("CREATE TEMP TABLE __rows AS SELECT 42 AS x")
        yield granted


def test_everything_that_people_need_runs(session: duckdb.DuckDBPyConnection) -> None:
    for sql in lines(WANTED):
        columns = check_query(session, sql)
        assert columns, sql
        rows = run_query(session, sql, into="__raw", limits=LIMITS, may_be_empty=True)
        assert session.execute("SELECT count(*) FROM __raw").fetchone() == (rows,), sql


@pytest.mark.parametrize("attacks", [FILES, WRITES, CATALOG, CHANGING], ids=["files", "writes", "catalog", "changing"])
def test_no_attack_passes_the_guard(session: duckdb.DuckDBPyConnection, lake: Path, attacks: str) -> None:
    before = sorted(path.name for path in lake.iterdir())
    for line in lines(attacks):
        sql = line.format(secret=lake.parent / "secret.parquet", lake=lake) if attacks in (FILES, WRITES) else line
        with pytest.raises(Invalid) as refused:
            check_query(session, sql)
        assert refused.value.field == "sql", sql
        assert str(lake) not in refused.value.message or str(lake) in sql
    assert sorted(path.name for path in lake.iterdir()) == before


def test_disguises_change_nothing(session: duckdb.DuckDBPyConnection) -> None:
    for sql in (
        "/* harmless */ SELECT * FROM /* flights */ hidden -- flights",
        'SELECT * FROM "HIDDEN"',
        "SELECT\u00a0* FROM hidden",
        "select * from U&'hidden'",
        "SELECT * FROM (((SELECT * FROM (SELECT * FROM hidden))))",
        "SELECT 1 AS a WHERE 1 = (SELECT x FROM hidden) --",
        "SELECT * FROM flights) UNION ALL SELECT * FROM (SELECT * FROM hidden",
        "SELECT 1 /* ",
        "",
        ";",
    ):
        with pytest.raises(Invalid):
            check_query(session, sql)


def test_a_query_that_is_too_long_or_too_deep_is_refused(session: duckdb.DuckDBPyConnection) -> None:
    for sql in (
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT 1 + " * 300 + "1",
        "SELECT " + ", ".join(f"{number} AS c{number}" for number in range(5000)),
        "SELECT 1 -- " + "x" * MOST_CHARACTERS,
    ):
        with pytest.raises(Invalid):
            check_query(session, sql)


def test_an_error_shows_the_line_as_it_was_written(session: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(Invalid, match="column nothing not found") as refusal:
        check_query(session, "SELECT nothing FROM flights")
    assert refusal.value.hint == "Line 1: SELECT nothing FROM flights"


def test_two_columns_of_one_name_are_refused(session: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(Invalid, match="two columns are called"):
        check_query(session, "SELECT delay, delay AS Delay FROM flights")


def test_the_engine_refuses_files_even_without_the_guard(session: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Two locks: whatever the guard may miss one day, the settings of the session close the file system."""
    for line in lines(FILES):
        sql = line.format(secret=lake.parent / "secret.parquet", lake=lake)
        with pytest.raises(duckdb.Error):
            session.execute(sql).fetchall()
    for sql in ("SET memory_limit = '10GB'", "SET enable_external_access = true", "INSTALL httpfs", "RESET threads"):
        with pytest.raises(duckdb.Error):
            session.execute(sql)
