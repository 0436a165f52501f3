"""The online store: for every view and key the one row that is the answer now. A SQLite file with one msgpack row per
view and key, read in the process of a model server and written by the jobs that feed it; no portal database.

It keeps the rules of the point-in-time join (R12): a newer row (by event, then created time) is never overwritten by an
older one, a row that has outlived its ttl answers nothing, and a null key matches nothing. What it holds can be built
again from the versions' rows at any time, so a write does not wait for the disk."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgpack

from core.features.values import ServedView

Status = Literal["present", "null", "not_found", "expired"]
Key = tuple[Any, ...]
# Loses against every created time there is (R3).
NO_CREATED = -(2**63)
# SQLite takes a limited number of parameters in one statement.
MOST_KEYS = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
  view TEXT NOT NULL, key BLOB NOT NULL, event_us INTEGER NOT NULL, created_us INTEGER NOT NULL, answer BLOB NOT NULL,
  PRIMARY KEY (view, key)
) WITHOUT ROWID
"""
NEWER_WINS = """
INSERT INTO rows (view, key, event_us, created_us, answer) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (view, key) DO UPDATE SET
  event_us = excluded.event_us, created_us = excluded.created_us, answer = excluded.answer
WHERE (excluded.event_us, excluded.created_us) >= (rows.event_us, rows.created_us)
"""
ONE = "SELECT event_us, created_us, answer FROM rows WHERE view = ? AND key = ?"


@dataclass(frozen=True, slots=True)
class OnlineRow:
    """A row to put: the key's values in the view's order, times in microseconds, the values in the order of the view's
    outputs, as a model takes them (text, doubles, None)."""

    key: Key
    event_us: int
    created_us: int | None
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An answer. `values` are all None unless the status is "present"; "null" is a row whose values are all null. The
    times are those of the row that was found, also where it has expired."""

    status: Status
    values: tuple[Any, ...]
    event_us: int | None = None
    created_us: int | None = None


class OnlineStore:
    """One file. Any number of processes may read it while one writes. `namespace` keeps several stores in a file
    apart."""

    def __init__(self, path: Path, *, namespace: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._namespace = namespace
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(SCHEMA)

    def put(self, view: ServedView, rows: Iterable[OnlineRow]) -> None:
        """Writes the rows in one transaction. Of two rows of a key the newer stays, whatever their order."""
        name = self._name(view)
        packed = (
            (
                name,
                pack_key(row.key),
                row.event_us,
                NO_CREATED if row.created_us is None else row.created_us,
                msgpack.packb(row.values),
            )
            for row in rows
        )
        with self._transaction():
            self._connection.executemany(NEWER_WINS, packed)

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: int) -> list[Found]:
        """The answers for the keys, in their order, at an instant in microseconds: it decides what has expired."""
        if len(keys) == 1:
            return [self._one(view, keys[0], at_us)]
        packed = [None if None in key else pack_key(key) for key in keys]
        found = self._many(view, [key for key in dict.fromkeys(packed) if key is not None])
        return [_answer(view, found.get(key) if key is not None else None, at_us) for key in packed]

    def clear(self, view: ServedView) -> None:
        """Forgets every row of a view."""
        self._connection.execute("DELETE FROM rows WHERE view = ?", (self._name(view),))

    def count(self, view: ServedView) -> int:
        found = self._connection.execute("SELECT count(*) FROM rows WHERE view = ?", (self._name(view),))
        return int(found.fetchone()[0])

    def close(self) -> None:
        self._connection.close()

    def _one(self, view: ServedView, key: Key, at_us: int) -> Found:
        if None in key:
            return _answer(view, None, at_us)
        return _answer(view, self._connection.execute(ONE, (self._name(view), pack_key(key))).fetchone(), at_us)

    def _many(self, view: ServedView, keys: Sequence[bytes]) -> dict[bytes, tuple[int, int, bytes]]:
        found = {}
        for start in range(0, len(keys), MOST_KEYS):
            part = keys[start : start + MOST_KEYS]
            marks = ", ".join("?" * len(part))
            query = f"SELECT key, event_us, created_us, answer FROM rows WHERE view = ? AND key IN ({marks})"
            for key, event_us, created_us, answer in self._connection.execute(query, (self._name(view), *part)):
                found[key] = (event_us, created_us, answer)
        return found

    def _name(self, view: ServedView) -> str:
        return f"{self._namespace}/{view.digest}"

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)


class _Transaction:
    """All or nothing, also when the rows are drawn from something that fails half way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failure: type[BaseException] | None, *_rest: object) -> None:
        self._connection.execute("COMMIT" if failure is None else "ROLLBACK")


def pack_key(key: Key) -> bytes:
    """The bytes of a key, types included: 1, true and "1" are three keys. A whole number that came as 1.0, as JSON may
    write it, is 1."""
    whole = tuple(int(part) if isinstance(part, float) and part.is_integer() else part for part in key)
    packed: bytes = msgpack.packb(whole)
    return packed


def _answer(view: ServedView, row: tuple[int, int, bytes] | None, at_us: int) -> Found:
    nothing = (None,) * len(view.outputs)
    if row is None:
        return Found("not_found", nothing)
    event_us, created, answer = row
    created_us = None if created == NO_CREATED else created
    if view.ttl_us and event_us < at_us - view.ttl_us:
        return Found("expired", nothing, event_us, created_us)
    values = tuple(msgpack.unpackb(answer))
    return Found("null" if values == nothing else "present", values, event_us, created_us)
