"""The online store in a file of SQLite: the default, read in the process that asks. A write does not wait for the disk,
since what it holds can be built again."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.features.online import Found, Key, OnlineRow, Stored, answers, pack_key, packed_keys, packed_row
from core.features.values import ServedView
from core.foundation.errors import Unavailable
from core.foundation.text import _

# SQLite takes a limited number of parameters in one statement.
MOST_KEYS = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
  view TEXT NOT NULL, key BLOB NOT NULL, event_us INTEGER NOT NULL, created_us INTEGER NOT NULL, answer BLOB NOT NULL,
  PRIMARY KEY (view, key)
) WITHOUT ROWID
"""
REPLACING = """
INSERT INTO rows (view, key, event_us, created_us, answer) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (view, key) DO UPDATE SET
  event_us = excluded.event_us, created_us = excluded.created_us, answer = excluded.answer
"""
NEWER_WINS = f"{REPLACING} WHERE (excluded.event_us, excluded.created_us) >= (rows.event_us, rows.created_us)"
ONE = "SELECT event_us, created_us, answer FROM rows WHERE view = ? AND key = ?"
MANY = "SELECT event_us, created_us, answer, key FROM rows WHERE view = ? AND key IN"


class SqliteStore:
    """One file. Each thread reads and writes by a connection of its own, so that nobody sees half a batch."""

    def __init__(self, path: Path, *, namespace: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._namespace = path, namespace
        self._mine = threading.local()
        self._opened: list[sqlite3.Connection] = []
        with _translated():
            self._connection.execute(SCHEMA)

    def put(self, view: ServedView, rows: Iterable[OnlineRow], *, replacing: bool = False) -> None:
        """Writes the rows in one transaction: all of them or none."""
        name = self._name(view)
        packed = ((name, *packed_row(row)) for row in rows)
        with _translated(), self._transaction() as connection:
            connection.executemany(REPLACING if replacing else NEWER_WINS, packed)

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: int) -> list[Found]:
        with _translated():
            packed = packed_keys(keys)
            wanted = [key for key in dict.fromkeys(packed) if key is not None]
            found = self._one(view, wanted[0]) if len(wanted) == 1 else self._many(view, wanted)
        return answers(view, packed, found=found, at_us=at_us)

    def remove(self, view: ServedView, keys: Iterable[Key]) -> None:
        name = self._name(view)
        with _translated(), self._transaction() as connection:
            named = ((name, pack_key(key)) for key in keys)
            connection.executemany("DELETE FROM rows WHERE view = ? AND key = ?", named)

    def clear(self, view: ServedView) -> None:
        with _translated():
            self._connection.execute("DELETE FROM rows WHERE view = ?", (self._name(view),))

    def count(self, view: ServedView) -> int:
        with _translated():
            found = self._connection.execute("SELECT count(*) FROM rows WHERE view = ?", (self._name(view),))
            return int(found.fetchone()[0])

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()
        self._mine = threading.local()

    def _one(self, view: ServedView, key: bytes) -> dict[bytes | None, Stored]:
        row = self._connection.execute(ONE, (self._name(view), key)).fetchone()
        return {} if row is None else {key: row}

    def _many(self, view: ServedView, keys: Sequence[bytes]) -> dict[bytes | None, Stored]:
        found: dict[bytes | None, Stored] = {}
        for start in range(0, len(keys), MOST_KEYS):
            part = keys[start : start + MOST_KEYS]
            query = f"{MANY} ({', '.join('?' * len(part))})"
            rows = self._connection.execute(query, (self._name(view), *part))
            found.update([(row[3], row) for row in rows])
        return found

    def _name(self, view: ServedView) -> str:
        return f"{self._namespace}/{view.digest}"

    @property
    def _connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        try:
            return self._mine.connection  # type: ignore[no-any-return]
        except AttributeError:
            self._mine.connection = self._open()
        return self._mine.connection  # type: ignore[no-any-return]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        self._opened.append(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, also when the rows are drawn from something that fails half way."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            _("The online store does not answer: {why}").format(why=error), hint=_("Try again in a few seconds.")
        ) from error
