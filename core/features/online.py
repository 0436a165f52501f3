"""The online store: for every view and key the one row that is the answer now. A port with two implementations, a file
of SQLite and Redis; both hold one msgpack row per view and key, never one per feature.

It keeps the rules of the point-in-time join (R12): a newer row (by event, then created time) is never overwritten by an
older one, a row that has outlived its ttl answers nothing, and a null key matches nothing. What it holds can be built
again from the versions' rows at any time."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import msgpack

from core.features.values import ServedView
from core.foundation.settings import Settings

Status = Literal["present", "null", "not_found", "expired"]
Key = tuple[Any, ...]
# Event and created time in microseconds, and the packed values: a row as a store keeps it.
Stored = tuple[int, int, bytes]
# Loses against every created time there is (R3).
NO_CREATED = -(2**63)
REDIS = ("redis://", "rediss://", "unix://")
LIVE_FILE = "online/live.sqlite"


class OnlineRow(NamedTuple):
    """A row to put: the key's values in the view's order, times in microseconds, the values in the order of the view's
    outputs, as a model takes them (text, doubles, None)."""

    key: Key
    event_us: int
    created_us: int | None
    values: tuple[Any, ...]


class Found(NamedTuple):
    """An answer. `values` are all None unless the status is "present"; "null" is a row whose values are all null. The
    times are those of the row that was found, also where it has expired."""

    status: Status
    values: tuple[Any, ...]
    event_us: int | None = None
    created_us: int | None = None


class OnlineStore(Protocol):
    """Any number of processes may read while one writes. Whatever cannot be reached raises Unavailable. Views are told
    apart by their digest, stores that share a place by their namespace."""

    def put(self, view: ServedView, rows: Iterable[OnlineRow], *, replacing: bool = False) -> None:
        """Writes rows. Of two rows of a key the newer stays, whatever their order; with
        `replacing` the last one stays, for rows that a correction has made older."""

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: int) -> list[Found]:
        """The answers for the keys, in their order, at an instant in microseconds: it decides what has expired."""

    def remove(self, view: ServedView, keys: Iterable[Key]) -> None:
        """Forgets the rows of some keys."""

    def clear(self, view: ServedView) -> None:
        """Forgets every row of a view."""

    def count(self, view: ServedView) -> int: ...

    def close(self) -> None: ...


def open_store(address: str, *, namespace: str = "") -> OnlineStore:
    """The store at a path, or at `redis://host:port/0`, `rediss://...` or `unix:///path/to/socket`."""
    if address.startswith(REDIS):
        from core.features.redis_store import RedisStore

        return RedisStore(address, namespace=namespace)
    from core.features.online_sqlite import SqliteStore

    return SqliteStore(Path(address), namespace=namespace)


def live_address(settings: Settings) -> str:
    """Where the rows lie that materializations keep and model servers look up."""
    return settings.online_store or str(settings.home / LIVE_FILE)


def pack_key(key: Key) -> bytes:
    """The bytes of a key, types included: 1, true and "1" are three keys. A whole number that came as 1.0, as JSON may
    write it, is 1."""
    for part in key:
        if type(part) is float:
            key = tuple(int(each) if isinstance(each, float) and each.is_integer() else each for each in key)
            break
    packed: bytes = msgpack.packb(key)
    return packed


def packed_keys(keys: Sequence[Key]) -> list[bytes | None]:
    """The bytes of every key, None where a part of it is null."""
    return [None if None in key else pack_key(key) for key in keys]


def packed_row(row: OnlineRow) -> tuple[bytes, int, int, bytes]:
    """Key, times and values as a store keeps them."""
    created = NO_CREATED if row[2] is None else row[2]
    return pack_key(row[0]), row[1], created, msgpack.packb(row[3])


def answer(view: ServedView, row: Stored | None, *, at_us: int) -> Found:
    """What a stored row says at an instant; the one place where statuses are decided."""
    nothing = (None,) * len(view.outputs)
    if row is None:
        return Found("not_found", nothing)
    event_us, created, packed = row
    created_us = None if created == NO_CREATED else created
    if view.ttl_us and event_us < at_us - view.ttl_us:
        return Found("expired", nothing, event_us, created_us)
    values = tuple(msgpack.unpackb(packed))
    return Found("null" if values == nothing else "present", values, event_us, created_us)
