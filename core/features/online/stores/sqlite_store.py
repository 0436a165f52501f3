"""The online store in a file of SQLite: the default, read in the process that asks. A write does not wait for the disk,
since what it holds can be built again."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Self

from core.features.online.store import (
    Instants,
    Key,
    KeyAnswer,
    OnlineStore,
    Packed,
    Stored,
    answers,
    pack_key,
    packed_keys,
)
from core.features.values import ServedView
from core.foundation.errors import Unavailable
from core.foundation.text import N_, _

# SQLite takes a limited number of parameters in one statement.
MOST_KEYS = 500
# Memory of a connection for pages, in KiB: with SQLite's own 2 MiB a look-up of many keys is mostly reading of files.
CACHE_KB = 65_536
SETTINGS = ("page_size = 8192", f"cache_size = -{CACHE_KB}", "journal_mode = WAL", "synchronous = NORMAL")
# Views have short numbers, since every row and every comparison of keys begins with one.
VIEWS = "CREATE TABLE IF NOT EXISTS views (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
ANSWERS = """
CREATE TABLE IF NOT EXISTS answers (
  view INTEGER NOT NULL, key BLOB NOT NULL, event_us INTEGER NOT NULL, created_us INTEGER NOT NULL,
  answer BLOB NOT NULL, PRIMARY KEY (view, key)
) WITHOUT ROWID
"""
# The first form of the file had the name of the view in every row.
CARRY_OVER = (
    "INSERT OR IGNORE INTO views (name) SELECT DISTINCT view FROM rows",
    "INSERT INTO answers SELECT views.id, key, event_us, created_us, answer FROM rows JOIN views ON name = rows.view",
    "DROP TABLE rows",
)
# Rows in one statement: to begin and end a statement takes as long as to write a row.
PUT = 200
INSERT = "INSERT INTO answers (view, key, event_us, created_us, answer) VALUES"
REPLACING = """
ON CONFLICT (view, key) DO UPDATE SET
  event_us = excluded.event_us, created_us = excluded.created_us, answer = excluded.answer
"""
NEWER_WINS = REPLACING + "WHERE (excluded.event_us, excluded.created_us) >= (answers.event_us, answers.created_us)"
SELECT_ONE = "SELECT event_us, created_us, answer FROM answers WHERE view = ? AND key = ?"
SELECT_MANY = "SELECT event_us, created_us, answer, key FROM answers WHERE view = ? AND key IN"


class SqliteStore(OnlineStore):
    """One file. Each thread reads and writes by a connection of its own, so that nobody sees half a batch."""

    name = "sqlite"
    title = N_("A file of SQLite")
    schemes = ("",)

    def __init__(self, path: Path, *, namespace: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._namespace = path, namespace
        self._mine = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._views: dict[str, int] = {}
        with _translated():
            if self._tables() != {"views", "answers"}:
                self._prepare()

    @classmethod
    def open(cls, address: str, *, namespace: str) -> Self:
        return cls(Path(address), namespace=namespace)

    def put(self, view: ServedView, rows: Iterable[Packed], *, replacing: bool = False) -> int:
        """Writes the rows in one transaction: all of them or none."""
        given = 0
        with _translated():
            number, drawn = self._named(view), iter(rows)
            with self._transaction() as connection:
                while part := tuple(islice(drawn, PUT)):
                    values = ", ".join([f"({number}, ?, ?, ?, ?)"] * len(part))
                    statement = f"{INSERT} {values} {REPLACING if replacing else NEWER_WINS}"
                    connection.execute(statement, tuple(chain.from_iterable(part)))
                    given += len(part)
        return given

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        with _translated():
            packed = packed_keys(keys)
            wanted = [key for key in dict.fromkeys(packed) if key is not None]
            rows_by_key = self._read_one(view, wanted[0]) if len(wanted) == 1 else self._read_many(view, wanted)
        return answers(view, packed, rows_by_key=rows_by_key, at_us=at_us)

    def remove(self, view: ServedView, keys: Iterable[Key]) -> None:
        with _translated(), self._transaction() as connection:
            named = ((self._number(view), pack_key(key)) for key in keys)
            connection.executemany("DELETE FROM answers WHERE view = ? AND key = ?", named)

    def clear(self, view: ServedView) -> None:
        with _translated():
            self._connection.execute("DELETE FROM answers WHERE view = ?", (self._number(view),))

    def count(self, view: ServedView) -> int:
        with _translated():
            counted = self._connection.execute("SELECT count(*) FROM answers WHERE view = ?", (self._number(view),))
            return int(counted.fetchone()[0])

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()
        self._mine = threading.local()

    def _tables(self) -> set[str]:
        return {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _prepare(self) -> None:
        with self._transaction() as connection:
            for statement in (VIEWS, ANSWERS, *(CARRY_OVER if "rows" in self._tables() else ())):
                connection.execute(statement)

    def _read_one(self, view: ServedView, key: bytes) -> dict[bytes | None, Stored]:
        row = self._connection.execute(SELECT_ONE, (self._number(view), key)).fetchone()
        return {} if row is None else {key: row}

    def _read_many(self, view: ServedView, keys: Sequence[bytes]) -> dict[bytes | None, Stored]:
        rows_by_key: dict[bytes | None, Stored] = {}
        for start in range(0, len(keys), MOST_KEYS):
            part = keys[start : start + MOST_KEYS]
            query = f"{SELECT_MANY} ({', '.join('?' * len(part))})"
            rows = self._connection.execute(query, (self._number(view), *part))
            rows_by_key.update([(row[3], row) for row in rows])
        return rows_by_key

    def _number(self, view: ServedView) -> int | None:
        """The number of a view, which never changes once it has one; None matches no row."""
        name = f"{self._namespace}/{view.digest}"
        if name not in self._views:
            row = self._connection.execute("SELECT id FROM views WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            self._views[name] = row[0]
        return self._views[name]

    def _named(self, view: ServedView) -> int | None:
        """The number of a view that gets one where it has none."""
        if self._number(view) is None:
            name = f"{self._namespace}/{view.digest}"
            self._connection.execute("INSERT OR IGNORE INTO views (name) VALUES (?)", (name,))
        return self._number(view)

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
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
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
