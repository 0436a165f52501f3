"""A version's logic as something that runs in one session, again and again, on whatever its tables hold at the moment:
a port with two forms, SQL here and pandas in `pandas_logic`. The guard against future leakage, the check that both
forms agree, and the preview all work by running it on other rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.sandbox.duckdb_session import parquet_rows, quoted
from core.sandbox.guard import check_query
from core.sandbox.limits import Limits, Stop
from core.sandbox.locked_session import grant, run_query

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Running(Protocol):
    """Logic in a session. `types` are the columns it gives, with their DuckDB types."""

    types: Mapping[str, str]

    def run(self, into: str, *, ahead_seconds: int = 0) -> None:
        """Makes the table `into` of what the logic gives on the session's tables, by a clock that is that far ahead; it
        may have no rows. Invalid for what goes wrong in the logic, with the line where there is one."""


class SqlRunning:
    """A checked query."""

    def __init__(self, session: "duckdb.DuckDBPyConnection", sql: str, *, limits: Limits, stop: Stop = None) -> None:
        self._session, self._sql, self._limits, self._stop = session, sql, limits, stop
        self.types: Mapping[str, str] = check_query(session, sql)

    def run(self, into: str, *, ahead_seconds: int = 0) -> None:
        run_query(self._session, self._sql, into=into, limits=self._limits, stop=self._stop, may_be_empty=True)


@contextmanager
def narrowed(
    session: "duckdb.DuckDBPyConnection", conditions: Mapping[str, str], paths: Mapping[str, Sequence[Path]]
) -> Iterator[None]:
    """The session's tables for a while with those rows alone for which the condition of their name holds; a table
    without one has all."""
    for name, files in paths.items():
        condition = f"WHERE {conditions[name]}" if name in conditions else ""
        session.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS SELECT * FROM {parquet_rows(files)} {condition}")
    try:
        yield
    finally:
        for name, files in paths.items():
            grant(session, name, files)


@contextmanager
def replaced(
    session: "duckdb.DuckDBPyConnection", tables: "Mapping[str, pa.Table]", paths: Mapping[str, Sequence[Path]]
) -> Iterator[None]:
    """The session's tables with other rows for a while; `paths` are the files that they come from otherwise."""
    for name, table in tables.items():
        session.register(f"__{name}", table)
        session.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS SELECT * FROM {quoted('__' + name)}")
    try:
        yield
    finally:
        for name in tables:
            grant(session, name, paths[name])
            session.unregister(f"__{name}")
