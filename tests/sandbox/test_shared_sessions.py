"""Sessions of the one database of a process share nothing but its memory."""

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from core.sandbox.duckdb_session import one_row, shared_session


def test_what_one_session_makes_another_does_not_see() -> None:
    with shared_session() as left, shared_session() as right:
        for session, number in ((left, 1), (right, 2)):
            session.execute(f"CREATE TEMP TABLE numbers AS SELECT {number} AS number")
        assert [one_row(session, "FROM numbers") for session in (left, right)] == [(1,), (2,)]
    with shared_session() as session, pytest.raises(duckdb.CatalogException, match="numbers does not exist"):
        session.execute("FROM numbers")


def test_sessions_of_several_threads_answer_at_once() -> None:
    def total(count: int) -> int:
        with shared_session() as session:
            session.execute(f"CREATE TEMP TABLE numbers AS FROM range({count}) AS rows(number)")
            return int(one_row(session, "SELECT sum(number) FROM numbers")[0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, range(1, 200))) == [count * (count - 1) // 2 for count in range(1, 200)]


def test_times_are_in_utc_whatever_another_session_says() -> None:
    with shared_session() as session:
        session.execute("SET TimeZone = 'Asia/Tokyo'")
    with shared_session() as session:
        assert one_row(session, "SELECT TIMESTAMPTZ '2013-01-01 00:00:00+00'::VARCHAR") == ("2013-01-01 00:00:00+00",)
