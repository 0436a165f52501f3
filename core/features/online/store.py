"""The online store: for every view and key the one row that is the answer now. A port whose implementations are
plug-ins (`stores`); each holds one msgpack row per view and key, never one per feature.

It keeps the rules of the point-in-time join (R12): a newer row (by event, then created time) is never overwritten by an
older one, a row that has outlived its ttl answers nothing, and a null key matches nothing. What it holds can be built
again from the versions' rows at any time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgpack

from core.features.values import ServedView
from core.foundation.plugins import Plugin

Status = Literal["present", "null", "not_found", "expired"]
Key = tuple[Any, ...]
# The instants of a look-up in microseconds: one for all keys, or one for each.
Instants = int | Sequence[int]
# Event and created time in microseconds, and the packed values: a row as a store keeps it, whatever follows.
Stored = Sequence[Any]
# A row to put as a store keeps it: the packed key, event and created time in microseconds, the packed values.
Packed = tuple[bytes, int, int, bytes]
# One packer for all: making one costs more than packing a row.
PACK: Callable[[Any], bytes] = msgpack.Packer().pack
# What is packed as it is.
PLAIN = {int, str, bool}
# Loses against every created time there is (R3).
NO_CREATED = -(2**63)


class OnlineRow(NamedTuple):
    """A row for the store: the key's values in the view's order, times in microseconds, the values in the order of the
    view's outputs, as a model takes them (text, doubles, None)."""

    key: Key
    event_us: int
    created_us: int | None
    values: tuple[Any, ...]


class KeyAnswer(NamedTuple):
    """The answer for a key. `values` are all None unless the status is "present"; "null" is a row whose values are all
    null. The times are those of the row that was found, also where it has expired."""

    status: Status
    values: tuple[Any, ...]
    event_us: int | None = None
    created_us: int | None = None


class OnlineStore(Plugin, ABC):
    """A place for rows, opened by an address whose scheme (`redis` of `redis://host`) is one of `schemes`; a path has
    the scheme "". Any number of processes may read while one writes. Whatever cannot be reached raises Unavailable.
    Views are told apart by their digest, stores that share a place by their namespace."""

    schemes: ClassVar[tuple[str, ...]]

    @classmethod
    @abstractmethod
    def open(cls, address: str, *, namespace: str) -> Self: ...

    def wait_at_most(self, seconds: float) -> None:
        """For how long a look-up waits for an answer from now on. A store that asks no other process need not wait."""
        return None

    @abstractmethod
    def put(self, view: ServedView, rows: Iterable[Packed], *, replacing: bool = False) -> int:
        """Writes rows and returns how many were given. Of two rows of a key the newer stays, whatever their order; with
        `replacing` the last one stays, for rows that a correction has made older."""

    @abstractmethod
    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        """The answers for the keys, in their order, at an instant in microseconds, or at one for each key: it decides
        what has expired. The rows of a request are one look-up, and so one way there and back."""

    @abstractmethod
    def remove(self, view: ServedView, keys: Iterable[Key]) -> None:
        """Forgets the rows of some keys."""

    @abstractmethod
    def clear(self, view: ServedView) -> None:
        """Forgets every row of a view."""

    @abstractmethod
    def count(self, view: ServedView) -> int: ...

    @abstractmethod
    def close(self) -> None: ...


def pack_key(key: Key) -> bytes:
    """The bytes of a key, types included: 1, true and "1" are three keys. A whole number that came as 1.0, as JSON may
    write it, is 1."""
    for part in key:
        if type(part) is float:
            key = tuple(int(value) if isinstance(value, float) and value.is_integer() else value for value in key)
            break
    return PACK(key)


def packed_keys(keys: Sequence[Key]) -> list[bytes | None]:
    """The bytes of every key, None where it is none that a row can have: a part of it is null, a whole number beyond
    64 bits, or no text that can be written."""
    if PLAIN.issuperset(map(type, chain.from_iterable(keys))):
        with suppress(OverflowError, ValueError):
            return list(map(PACK, keys))
    return [_packed(key) for key in keys]


def _packed(key: Key) -> bytes | None:
    with suppress(OverflowError, ValueError):
        return None if None in key else pack_key(key)
    return None


def packed_rows(rows: Iterable[OnlineRow]) -> Iterator[Packed]:
    """The rows as stores take them."""
    for key, event_us, created_us, values in rows:
        yield pack_key(key), event_us, NO_CREATED if created_us is None else created_us, PACK(values)


def answers(
    view: ServedView, keys: Sequence[bytes | None], *, rows_by_key: Mapping[bytes | None, Stored], at_us: Instants
) -> list[KeyAnswer]:
    """What stored rows say, for packed keys in their order; the one place where statuses are decided."""
    nothing = (None,) * len(view.outputs)
    missing = KeyAnswer("not_found", nothing)
    stored = zip(map(rows_by_key.get, keys), _oldest(view, at_us, len(keys)), strict=True)
    return [missing if row is None else _answer(row, nothing, oldest) for row, oldest in stored]


def _oldest(view: ServedView, at_us: Instants, keys: int) -> Iterable[int]:
    """The oldest event time, in microseconds, that is still an answer, for each key."""
    if isinstance(at_us, int):
        return repeat(at_us - view.ttl_us if view.ttl_us else NO_CREATED, keys)
    return [instant - view.ttl_us for instant in at_us] if view.ttl_us else repeat(NO_CREATED, len(at_us))


def _answer(row: Stored, nothing: tuple[None, ...], oldest_us: int) -> KeyAnswer:
    event_us, created_us = row[0], row[1]
    if created_us == NO_CREATED:
        created_us = None
    if event_us < oldest_us:
        return KeyAnswer("expired", nothing, event_us, created_us)
    values = msgpack.unpackb(row[2], use_list=False)
    # Called for every key of every look-up: without the named tuple's own function it takes half the time.
    return tuple.__new__(KeyAnswer, ("null" if values == nothing else "present", values, event_us, created_us))
