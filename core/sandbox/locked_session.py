"""Where the SQL that people write runs: a fresh in-memory DuckDB in a process of its own, with nothing but the granted
tables, no network, no other files, and its settings locked. The engine has no border of its own between a query and the
process around it; so the process holds no secrets, and only its end stops every query."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.sandbox.duckdb_session import literal, one_row, parquet_rows, quoted
from core.sandbox.limits import Limits, Stop, TimedOut

if TYPE_CHECKING:
    import duckdb

LOCKED = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET max_expression_depth = 250",
)
WATCH_SECONDS = 0.1
# Our queries read files, and make and read tables that people cannot name.
OWN_SIGNS = ("read_parquet(", "__", "CREATE OR REPLACE")
FIRST_LINE = re.compile(r"^(?:[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)* Error: )?(?P<what>[^\n]*)")
KNOWN_ERRORS = (
    (re.compile(r'Referenced column "(?P<name>[^"]*)" not found'), "column {name} not found"),
    (re.compile(r'does not have a column named "(?P<name>[^"]*)"'), "column {name} not found"),
    (re.compile(r"Table with name (?P<name>\S+) does not exist"), "table {name} not found"),
    (re.compile(r"Function with name (?P<name>\S+) does not exist"), "function {name} not found"),
    (re.compile(r"file system operations are disabled|Cannot access (?:file|directory)"), "files cannot be read"),
    (re.compile(r"configuration has been locked|Cannot change"), "settings cannot be changed"),
)


@contextmanager
def locked_session(tables: Mapping[str, Sequence[Path]], limits: Limits) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A database that has these tables, each of one or more Parquet files, as views and can reach nothing else."""
    import duckdb

    config = {"threads": limits.threads, "memory_limit": f"{limits.memory_mb}MB"}
    connection = duckdb.connect(config=config)
    try:
        for setting in LOCKED:
            connection.execute(setting)
        allowed = ", ".join(literal(path) for paths in tables.values() for path in paths)
        connection.execute(f"SET allowed_paths = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        for name, paths in tables.items():
            grant(connection, name, paths)
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def grant(session: "duckdb.DuckDBPyConnection", name: str, paths: Sequence[Path]) -> None:
    """Makes the rows of some files, in their order, the table of that name."""
    session.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS SELECT * FROM {parquet_rows(paths)}")


def run_query(
    session: "duckdb.DuckDBPyConnection",
    sql: str,
    *,
    into: str,
    limits: Limits,
    stop: Stop = None,
    may_be_empty: bool = False,
) -> int:
    """Runs a checked query into the table `into` and returns its rows. Raises Invalid: an error of the query, no rows
    unless it `may_be_empty`, too many rows, too much time or memory."""
    with translated(lines_before=1), time_limit(session, limits.seconds, stop=stop):
        query = f"SELECT * FROM (\n{plain(sql)}\n) LIMIT {limits.rows + 1}"
        session.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {query}")
        (rows,) = one_row(session, f"SELECT count(*) FROM {into}")
    if not rows and not may_be_empty:
        raise Invalid(_("SQL: the query gives no rows"), field="sql")
    if rows > limits.rows:
        raise Invalid(
            _("SQL: more than {rows} rows").format(rows=limits.rows), hint=_("Narrow the query."), field="sql"
        )
    return int(rows)


@contextmanager
def time_limit(session: "duckdb.DuckDBPyConnection", seconds: float, *, stop: Stop = None) -> Iterator[None]:
    """Interrupts the session's query after `seconds`, or soon after `stop` says so. Some functions hear no interrupt;
    whoever started the process ends it then."""
    done = threading.Event()

    def watch() -> None:
        waited = 0.0
        while not done.wait(WATCH_SECONDS):
            waited += WATCH_SECONDS
            if waited > seconds or (stop is not None and stop()):
                session.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def translated(*, lines_before: int = 0) -> Iterator[None]:
    """Errors of the engine as Invalid, in words. So many lines of ours stand before the query of a person."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise TimedOut(_("SQL: the query took too long and was stopped"), field="sql") from error
    except duckdb.OutOfMemoryException as error:
        raise Invalid(
            _("SQL: the query needs more memory than it may have"), hint=_("Narrow it in steps."), field="sql"
        ) from error
    except duckdb.Error as error:
        line, hint = where(str(error), lines_before=lines_before)
        raise Invalid("SQL: " + in_words(str(error)), hint=hint, field="sql", line=line) from error


def in_words(message: str) -> str:
    """The engine's message as one sentence, without its class, its candidates, its picture of the place and our
    folders."""
    message = without_folders(message)
    for pattern, words in KNOWN_ERRORS:
        if match := pattern.search(message):
            return _(words).format(**match.groupdict())
    match = FIRST_LINE.match(message)
    return match["what"][:300] if match else message[:300]


def where(message: str, *, lines_before: int = 0) -> tuple[int, str]:
    """The line of the query that the engine points at, as its number and in words; nothing of a query that is ours."""
    match = re.search(r"^LINE (\d+): (.*)$", message, re.MULTILINE)
    # The guard asks for the columns of a query by a word in front of it.
    text = match[2].removeprefix("DESCRIBE ")[:200] if match else ""
    line = int(match[1]) - lines_before if match else 0
    if line < 1 or any(sign in text for sign in OWN_SIGNS):
        return 0, ""
    return line, _("Line {number}: {text}").format(number=line, text=text)


def plain(sql: str) -> str:
    """The query without a closing semicolon; its lines keep their numbers."""
    return sql.rstrip().rstrip(";")
