"""The guard compares names as the engine does: a name that only Python takes for another grants nothing."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.sandbox.guard import check_query
from core.sandbox.limits import Limits
from core.sandbox.locked_session import locked_session

# Letters that Python folds to ASCII and the engine does not: a long s, the sign of Kelvin, sharp s, a ligature.
FOLDED = {"s": "\u017f", "k": "\u212a", "ss": "\u00df", "st": "\ufb06"}
TABLES = ("duckdb_views", "duckdb_settings", "duckdb_keywords", "pg_constraint", "sqlite_master")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path_factory.mktemp("names") / "f.parquet"
    pq.write_table(pa.table({"carrier": ["A", "B"], "delay": [1, 7]}), path)
    with locked_session({"flights": [path]}, Limits(memory_mb=256, threads=1)) as granted:
        yield granted


@pytest.mark.parametrize("table", TABLES)
def test_a_cte_grants_no_table_whose_name_only_python_takes_for_its_own(
    session: duckdb.DuckDBPyConnection, table: str
) -> None:
    names = [table.replace(plain, letter, 1) for plain, letter in FOLDED.items() if plain in table]
    assert names
    for name in names:
        for sql in (
            f'WITH "{name}" AS (SELECT 1) SELECT * FROM {table}',
            f'WITH "{name}" AS MATERIALIZED (SELECT 1) SELECT * FROM {table}',
            f'SELECT (WITH "{name}" AS (SELECT 1) SELECT count(*) FROM {table}) AS n FROM flights',
        ):
            with pytest.raises(Invalid, match="not found"):
                check_query(session, sql)


def test_what_differs_to_the_engine_differs_to_the_guard(session: duckdb.DuckDBPyConnection) -> None:
    for sql in (
        'SELECT "\u017fum"(delay) AS n FROM flights',
        'SELECT * FROM "flight\u017f"',
        'SELECT * FROM "generate_\u017feries"(1, 2)',
    ):
        with pytest.raises(Invalid, match=r"not permitted|not found"):
            check_query(session, sql)


def test_what_is_one_to_the_engine_is_one_to_the_guard(session: duckdb.DuckDBPyConnection) -> None:
    for sql in (
        'SELECT * FROM "FLIGHTS"',
        "SELECT SUM(delay) AS n FROM FlightS",
        'WITH "\u00c4" AS (SELECT 1 AS x) SELECT * FROM "\u00c4"',
        'SELECT "u\u017fer" FROM (SELECT 1 AS "u\u017fer") t',
    ):
        assert check_query(session, sql)
