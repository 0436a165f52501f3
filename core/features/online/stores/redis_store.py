"""The online store in Redis, for installations whose model servers run on several machines. One value per view and key:
16 bytes of event and created time, which compare as bytes do, then the packed row. A small script on the server makes
the newer of two rows win in one step, whoever else writes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from struct import Struct
from typing import Any, Self

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

TIMES = Struct(">QQ")
# Makes the order of signed numbers the order of unsigned bytes.
BIAS = 2**63
# Keys in one call of the script, calls in one round trip, keys in one MGET.
BATCH, ROUND, MOST_KEYS = 500, 8, 1_000
TIMEOUT_SECONDS, CONNECT_SECONDS = 5.0, 1.0
# Lua compares texts by the server's locale, so the times are compared as four numbers of 32 bits.
NEWER_WINS = """
local held, kept = redis.call('MGET', unpack(KEYS)), {}
for at, key in ipairs(KEYS) do
  local new, old = ARGV[at], held[at]
  local wins = not old
  if old then
    local left, right = {struct.unpack('>I4I4I4I4', new)}, {struct.unpack('>I4I4I4I4', old)}
    wins = true
    for part = 1, 4 do
      if left[part] ~= right[part] then wins = left[part] > right[part] break end
    end
  end
  if wins then kept[#kept + 1] = key kept[#kept + 1] = new end
end
if #kept > 0 then redis.call('MSET', unpack(kept)) end
return #kept / 2
"""


class RedisStore(OnlineStore):
    """`address` as redis-py reads it: `redis://`, `rediss://` or `unix://`. A batch of keys is one step for those who
    read."""

    name = "redis"
    title = N_("Redis")
    schemes = ("redis", "rediss", "unix")

    def __init__(self, address: str, *, namespace: str = "") -> None:
        self._address, self._namespace = address, namespace
        self.wait_at_most(TIMEOUT_SECONDS)
        self._newer_wins = self._client.register_script(NEWER_WINS)

    @classmethod
    def open(cls, address: str, *, namespace: str) -> Self:
        return cls(address, namespace=namespace)

    def wait_at_most(self, seconds: float) -> None:
        import redis

        self._client: Any = redis.Redis.from_url(
            self._address, socket_timeout=seconds, socket_connect_timeout=min(seconds, CONNECT_SECONDS)
        )

    def put(self, view: ServedView, rows: Iterable[Packed], *, replacing: bool = False) -> int:
        prefix, parts, given = self._prefix(view), _parts(iter(rows)), 0
        with _translated():
            if not replacing:
                self._client.script_load(NEWER_WINS)
            while sent := list(islice(parts, ROUND)):
                self._send([_batch(prefix, part, replacing=replacing) for part in sent], replacing=replacing)
                given += sum(map(len, sent))
        return given

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        packed = packed_keys(keys)
        wanted = [key for key in dict.fromkeys(packed) if key is not None]
        rows_by_key = self._many(view, wanted)
        return answers(view, packed, rows_by_key=rows_by_key, at_us=at_us)

    def remove(self, view: ServedView, keys: Iterable[Key]) -> None:
        prefix = self._prefix(view)
        self._unlink(prefix + pack_key(key) for key in keys)

    def clear(self, view: ServedView) -> None:
        self._unlink(self._names(view))

    def count(self, view: ServedView) -> int:
        with _translated():
            return len(set(self._names(view)))

    def close(self) -> None:
        self._client.close()

    def _send(self, batches: "list[dict[bytes, bytes]]", *, replacing: bool) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for batch in batches:
            if replacing:
                pipeline.mset(batch)
            else:
                pipeline.evalsha(self._newer_wins.sha, len(batch), *batch.keys(), *batch.values())
        pipeline.execute()

    def _many(self, view: ServedView, keys: Sequence[bytes]) -> dict[bytes | None, Stored]:
        prefix, rows_by_key = self._prefix(view), dict[bytes | None, Stored]()
        with _translated():
            for start in range(0, len(keys), MOST_KEYS):
                part = keys[start : start + MOST_KEYS]
                values = self._client.mget([prefix + key for key in part])
                rows_by_key |= {key: _stored(value) for key, value in zip(part, values, strict=True) if value}
        return rows_by_key

    def _unlink(self, names: Iterable[bytes]) -> None:
        drawn = iter(names)
        with _translated():
            while part := list(islice(drawn, MOST_KEYS)):
                self._client.unlink(*part)

    def _names(self, view: ServedView) -> Iterator[bytes]:
        """The names of a view's values; what is asked for while others write may come twice."""
        yield from self._client.scan_iter(match=_escaped(self._prefix(view)) + b"*", count=MOST_KEYS)

    def _prefix(self, view: ServedView) -> bytes:
        return f"causeway:{self._namespace}/{view.digest}:".encode()


def _parts(rows: Iterator[Packed]) -> Iterator[list[Packed]]:
    while part := list(islice(rows, BATCH)):
        yield part


def _batch(prefix: bytes, rows: Iterable[Packed], *, replacing: bool) -> dict[bytes, bytes]:
    """Values by their name. The script looks at a key once in a batch, so of two rows of a key the newer goes."""
    batch: dict[bytes, bytes] = {}
    for key, event_us, created, packed in rows:
        name, value = prefix + key, TIMES.pack(event_us + BIAS, created + BIAS) + packed
        if replacing or name not in batch or value[: TIMES.size] >= batch[name][: TIMES.size]:
            batch[name] = value
    return batch


def _stored(value: bytes) -> Stored:
    event, created = TIMES.unpack_from(value)
    return event - BIAS, created - BIAS, value[TIMES.size :]


def _escaped(prefix: bytes) -> bytes:
    """A name in which no character is a pattern of Redis."""
    return b"".join(b"\\" + bytes([byte]) if byte in b"*?[]\\^-" else bytes([byte]) for byte in prefix)


@contextmanager
def _translated() -> Iterator[None]:
    import redis

    try:
        yield
    except redis.RedisError as error:
        raise Unavailable(
            _("The online store does not answer: {why}").format(why=error), hint=_("Try again in a few seconds.")
        ) from error
