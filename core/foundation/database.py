"""One database, two engines. A write begins by taking the one write lock, so that what a rule has read cannot change
under it: the check of an approval and the switch of traffic are one step, and the audit chain has one order."""

import json
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session, SQLModel

from core.foundation.errors import NoSpace, PortalError, Unavailable
from core.foundation.text import _

NUL, SHOWN = "\0", "\ufffd"
# In JSON: a backslash before it that is a letter is one of two.
ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
BUSY_SECONDS = 10
MOST_WAITING = 32
MILLISECONDS = 1_000
# For how long a transaction that writes may wait for the lock; one without this option only reads.
WRITE_SECONDS = "causeway_write_seconds"
LOCK_TABLE = "write_lock"
SQLITE_NOW = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
POSTGRES_NOW = "SELECT clock_timestamp()"
# The lowest byte of a code of SQLite's says what went wrong, the rest says more of it.
PRIMARY_CODE = 0xFF
HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
POSTGRES_TOO_COMPLEX, POSTGRES_HELD, POSTGRES_DISK_FULL = "54", "55P03", "53100"
SQLITE_MARK = "PRAGMA data_version"
POSTGRES_MARK = "SELECT CAST(pg_current_snapshot() AS text)"


class WriteQueue:
    """Writers of one process take turns before the database: one at a time begins a transaction, a few wait, and one
    more is refused at once. However many want to write while somebody else holds the database, they hold neither the
    threads nor the connections of those who read."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + most_waiting)

    @contextmanager
    def turn(self, *, seconds: float) -> Iterator[float]:
        """Gives what is left of the seconds that the writer may wait, now for the database. Unavailable where too many
        wait already, or the turn does not come in time."""
        deadline = time.monotonic() + seconds
        if not self._places.acquire(blocking=False):
            raise busy(_("Too many changes wait for the database"))
        try:
            if not self._turn.acquire(timeout=seconds):
                raise busy(_("Other changes hold the database"))
            try:
                yield max(0.0, deadline - time.monotonic())
            finally:
                self._turn.release()
        finally:
            self._places.release()


class Database:
    """Sessions over SQLite (WAL) or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url)
        self._queue = WriteQueue()
        # SQLite counts what others commit, for each connection apart: one is kept that commits nothing itself.
        self._observer: PoolProxiedConnection | None = None
        # Two observers count alike, so a mark names its own.
        self._observer_name = uuid.uuid4().hex
        self._observing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading. Nothing it changes is kept."""
        with Session(self.engine, expire_on_commit=False) as session, _translated():
            yield session

    @contextmanager
    def write(self, *, seconds: float = BUSY_SECONDS) -> Iterator[Session]:
        """One transaction under the write lock: committed at the end, rolled back on any error. Unavailable where the
        lock is not to be had within `seconds`."""
        with (
            self._queue.turn(seconds=seconds) as remaining,
            Session(self.engine, expire_on_commit=False) as session,
            _translated(),
        ):
            self._lock(session, remaining)
            yield session
            session.commit()

    @contextmanager
    def light_write(self) -> Iterator[Session]:
        """One transaction without the lock on PostgreSQL: for leases and heartbeats, whose statements fence
        themselves."""
        if self.is_sqlite:
            with self.write() as session:
                yield session
            return
        with Session(self.engine, expire_on_commit=False) as session, _translated():
            yield session
            session.commit()

    def _lock(self, session: Session, seconds: float) -> None:
        if self.is_sqlite:
            session.connection(execution_options={WRITE_SECONDS: seconds})
            return
        # LOCK TABLE takes no snapshot, so all that is read afterwards is what the last writer has committed.
        session.connection().execute(text(f"LOCK TABLE {LOCK_TABLE} IN EXCLUSIVE MODE"))

    def now(self, session: Session) -> datetime:
        """The database's time: leases, sessions and approvals are judged by it on every machine alike."""
        value = session.connection().execute(text(SQLITE_NOW if self.is_sqlite else POSTGRES_NOW)).scalar_one()
        if isinstance(value, str):
            return datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
        return datetime.fromisoformat(str(value)).astimezone(UTC)

    def mark(self) -> str:
        """Another text once anyone has committed anything. Far cheaper than to read anew what has not changed; take it
        before you read. Raises Unavailable."""
        with _translated():
            if self.is_sqlite:
                return self._data_version()
            with Session(self.engine) as session:
                snapshot = session.connection().execute(text(POSTGRES_MARK)).scalar_one()
                return f"{self._observer_name} {snapshot}"

    def _data_version(self) -> str:
        with self._observing:
            try:
                version = self._observed()
            except sqlite3.Error as error:
                self._end_observer()
                raise _away() from error
            return f"{self._observer_name} {version}"

    def _observed(self) -> int:
        if self._observer is None:
            self._observer_name = uuid.uuid4().hex
            self._observer = self.engine.raw_connection()
            self._observer.detach()
        cursor = self._observer.cursor()
        cursor.execute(SQLITE_MARK)
        ((version,),) = cursor.fetchall()
        return int(version)

    def _end_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            with suppress(sqlite3.Error):
                observer.close()

    def create_tables(self) -> None:
        """All tables that are imported so far, for tests; an installation runs the migrations."""
        SQLModel.metadata.create_all(self.engine)

    def close(self) -> None:
        with self._observing:
            self._end_observer()
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if _lacks_tables(error):
            raise Unavailable(_("The database has no tables yet"), hint=_("Run `causeway migrate`.")) from error
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    except PoolExhausted as error:
        raise _away() from error


def busy(message: str) -> Unavailable:
    """A refusal of a change that another try may get through."""
    return Unavailable(message, hint=_("Nothing was changed. Try again in a few seconds."))


def _away() -> Unavailable:
    return Unavailable(_("The database does not answer"), hint=_("Nothing was changed. Try again in a few seconds."))


def refusal_of(error: DBAPIError) -> PortalError | None:
    """What to say of an error after which another try may do better; None for any other. A statement that is too long
    or too complex stays so."""
    if not isinstance(error, OperationalError):
        return None
    if (code := getattr(error.orig, "sqlite_errorcode", None)) is not None:
        is_held, is_full = code & PRIMARY_CODE in HELD, code & PRIMARY_CODE == sqlite3.SQLITE_FULL
        is_lasting = code & PRIMARY_CODE == sqlite3.SQLITE_ERROR
    else:
        state = getattr(error.orig, "sqlstate", None) or ""
        is_held, is_full = state == POSTGRES_HELD, state == POSTGRES_DISK_FULL
        is_lasting = state.startswith(POSTGRES_TOO_COMPLEX)
    if is_held:
        return busy(_("Another change holds the database"))
    if is_full:
        return NoSpace(_("No space is left for the database"))
    return None if is_lasting else _away()


def _lacks_tables(error: DBAPIError) -> bool:
    """SQLite says so in words, PostgreSQL by the code of an undefined table."""
    return "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "42P01"


def _sqlite_engine(url: str) -> Engine:
    # A connection is a file handle: those who read never wait for one.
    pool = {"pool_size": 10, "max_overflow": 90, "pool_timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: BEGIN IMMEDIATE is ours to say.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", _patience(BUSY_SECONDS)):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    seconds = connection.get_execution_options().get(WRITE_SECONDS)
    if seconds is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA {_patience(seconds)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    connection.exec_driver_sql(f"PRAGMA {_patience(BUSY_SECONDS)}")


def _patience(seconds: float) -> str:
    return f"busy_timeout={int(seconds * MILLISECONDS)}"


def _postgres_engine(url: str) -> Engine:
    pool = {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20, "pool_timeout": BUSY_SECONDS}
    engine = create_engine(url, json_serializer=_json_without_nul, **pool)
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _json_without_nul(document: Any) -> str:
    """PostgreSQL keeps no NUL. What people's files, code and models say has one now and then, and whoever writes it
    down must not fail on it for ever."""
    written = json.dumps(document)
    return ESCAPED_NUL.sub(r"\1\\ufffd", written) if r"\u0000" in written else written


def _without_nul(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executes_many: bool
) -> tuple[str, Any]:
    return statement, [_plain(values) for values in parameters] if executes_many else _plain(parameters)


def _plain(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {name: value.replace(NUL, SHOWN) if isinstance(value, str) else value for name, value in values.items()}


def _prepare_postgres(connection: Any, _record: ConnectionPoolEntry) -> None:
    # Without it, whoever wants the lock of a writer that has stopped waits for ever.
    connection.execute(f"SET lock_timeout = {BUSY_SECONDS * MILLISECONDS}")
    connection.commit()
