"""DuckDB connections for our own SQL, and how that SQL quotes names. What people write runs elsewhere, in the
sandbox."""

import string
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.foundation.parquet import write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

BATCH_ROWS = 100_000
SHARED_MEMORY_MB = 2048
SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@contextmanager
def open_session(*, threads: int = 2, memory_mb: int = 2048) -> "Iterator[duckdb.DuckDBPyConnection]":
    """An in-memory database in UTC. Times compare as instants only because the zone is fixed here."""
    import duckdb

    with _prepared(duckdb.connect(config={"threads": threads, "memory_limit": f"{memory_mb}MB"})) as connection:
        yield connection


@contextmanager
def shared_session() -> "Iterator[duckdb.DuckDBPyConnection]":
    """For short questions: a connection to the one database of this process, which costs a hundredth of what a database
    of its own costs. Its tables and views must be temporary and its settings those of a session; one thread works, and
    all such sessions have the memory of one."""
    with _prepared(_shared_database().cursor()) as connection:
        yield connection


@cache
def _shared_database() -> "duckdb.DuckDBPyConnection":
    """Remembers no files: it may live for as long as a portal."""
    import duckdb

    return duckdb.connect(
        config={"threads": 1, "memory_limit": f"{SHARED_MEMORY_MB}MB", "enable_external_file_cache": False}
    )


@contextmanager
def _prepared(connection: "duckdb.DuckDBPyConnection") -> "Iterator[duckdb.DuckDBPyConnection]":
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET python_enable_replacements = false")
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """A name as the engine compares it: only the letters A to Z have a small form. What Python folds besides, a long s
    to an s for instance, is to the engine another name."""
    return name.translate(SMALL)


def listed(names: Iterable[str], *, table: str = "") -> str:
    prefix = f"{table}." if table else ""
    return ", ".join(prefix + quoted(name) for name in names)


def literal(text: object) -> str:
    """A text as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet_rows(paths: Sequence[Path]) -> str:
    """The rows of some Parquet files, in the files' order, as a table function."""
    return f"read_parquet([{', '.join(literal(path) for path in paths)}])"


def types_of(session: "duckdb.DuckDBPyConnection", relation: str) -> dict[str, str]:
    """Column names and DuckDB types of a relation or a table function call, in order."""
    return {row[0]: row[1] for row in session.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def one_row(session: "duckdb.DuckDBPyConnection", query: str, *, given: Sequence[object] = ()) -> tuple[Any, ...]:
    """The only row of an aggregate. It is fetched whole: a result that is left half read blocks the connection."""
    return tuple(session.execute(query, list(given)).fetchall()[0])


def save(session: "duckdb.DuckDBPyConnection", query: str, path: Path) -> int:
    """Writes the rows of our own query as Parquet, in their order; returns how many."""
    reader = session.sql(query).to_arrow_reader(BATCH_ROWS)
    return write_parquet(reader, path, schema=reader.schema)
