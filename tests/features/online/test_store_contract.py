"""What every online store keeps to: newer wins, ttl, statuses, exact keys. One suite over SQLite and a real Redis."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from core.features.online.opening import open_store
from core.features.online.store import NO_CREATED, KeyAnswer, OnlineStore
from core.features.online.stores.sqlite_store import SqliteStore
from core.features.values import ServedView
from core.foundation.errors import Unavailable
from tests.features.online.stores import emptied, packed, redis_server, row, view


@pytest.fixture(scope="module")
def redis_address() -> Iterator[str]:
    with redis_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "online.sqlite")
    return emptied(request.getfixturevalue("redis_address"))


@pytest.fixture
def store(address: str) -> Iterator[OnlineStore]:
    opened = open_store(address)
    yield opened
    opened.close()


def lookup(store: OnlineStore, key: Any, at_us: int = 0, of: ServedView | None = None) -> KeyAnswer:
    (answer,) = store.get(of or view(), [(key,)], at_us=at_us)
    return answer


def test_an_answer_has_its_values_and_times(store: OnlineStore) -> None:
    store.put(view(outputs=3), [row("a", 5, 1.5, "text", None, created=7)])
    assert lookup(store, "a", of=view(outputs=3)) == KeyAnswer("present", (1.5, "text", None), 5, 7)


def test_statuses_tell_null_from_not_found_from_expired(store: OnlineStore) -> None:
    served = view(ttl_us=10, outputs=2)
    store.put(served, [row("present", 100, 1.0, None), row("null", 100, None, None), row("old", 89, 1.0, 2.0)])
    asking: list[tuple[Any, ...]] = [("present",), ("null",), ("old",), ("x",), (None,)]
    statuses = [answer.status for answer in store.get(served, asking, at_us=100)]
    assert statuses == ["present", "null", "expired", "not_found", "not_found"]
    assert [lookup(store, *key, 100, served).status for key in asking] == statuses


def test_the_ttl_is_inclusive(store: OnlineStore) -> None:
    served = view(ttl_us=10)
    store.put(served, [row("a", 90, 1.0)])
    assert lookup(store, "a", 100, served).status == "present"
    assert lookup(store, "a", 101, served) == KeyAnswer("expired", (None,), 90, None)


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "the other way round"])
@pytest.mark.parametrize("together", [True, False])
def test_the_newer_row_stays_whatever_comes_last(store: OnlineStore, turn: int, together: bool) -> None:
    rows = [row("a", 1, 1.0, created=9), row("a", 2, 2.0), row("a", 2, 3.0, created=4), row("a", 2, 4.0, created=5)]
    for batch in [rows[::turn]] if together else [[item] for item in rows[::turn]]:
        store.put(view(), batch)
    assert lookup(store, "a").values == (4.0,)


def test_of_two_rows_with_the_same_times_the_last_stays(store: OnlineStore) -> None:
    store.put(view(), [row("a", 1, 1.0, created=2), row("a", 1, 2.0, created=2)])
    assert lookup(store, "a").values == (2.0,)
    store.put(view(), [row("a", 1, 3.0, created=2)])
    assert lookup(store, "a").values == (3.0,)


@pytest.mark.parametrize("times", [(-5, None), (0, -1), (2**62, 2**62), (-(2**62), NO_CREATED + 1)])
def test_times_far_away_and_before_1970_are_kept_and_compared(
    store: OnlineStore, times: tuple[int, int | None]
) -> None:
    event, created = times
    store.put(view(), [row("a", event, 1.0, created=created)])
    assert lookup(store, "a") == KeyAnswer("present", (1.0,), event, created)
    store.put(view(), [row("a", event - 1, 2.0, created=2**62)])
    assert lookup(store, "a").values == (1.0,)
    store.put(view(), [row("a", event + 1, 3.0)])
    assert lookup(store, "a").values == (3.0,)


def test_every_key_has_an_instant_of_its_own_in_one_look_up(store: OnlineStore) -> None:
    """The answers are those that each key gets by itself."""
    served = view(ttl_us=10)
    store.put(served, [row("a", 90, 1.0), row("b", 95, 2.0)])
    keys, instants = [("a",), ("b",), ("a",), ("x",), ("a",)], [100, 106, 101, 100, 0]
    answers = store.get(served, keys, at_us=instants)
    assert [answer.status for answer in answers] == ["present", "expired", "expired", "not_found", "present"]
    assert answers == [lookup(store, *key, at, served) for key, at in zip(keys, instants, strict=True)]
    assert [answer.status for answer in store.get(view(), keys[:2], at_us=[10**9, 0])] == ["present", "present"]
    with pytest.raises(ValueError, match="zip"):
        store.get(served, keys, at_us=[1])


def test_a_look_up_of_many_keys_is_one_question(tmp_path: Path, redis_address: str) -> None:
    many, instants = [(number,) for number in range(500)], list(range(500))
    redis = open_store(emptied(redis_address))
    redis.put(view(), [row(number, 1, 1.0) for number in range(500)])
    with Redis.from_url(redis_address) as client:
        client.config_resetstat()
        assert {answer.status for answer in redis.get(view(), many, at_us=instants)} == {"present"}
        assert client.info("commandstats")["cmdstat_mget"]["calls"] == 1
    redis.close()
    sqlite, statements = SqliteStore(tmp_path / "online.sqlite"), list[str]()
    sqlite.put(view(), [row(number, 1, 1.0) for number in range(500)])
    sqlite._connection.set_trace_callback(statements.append)
    assert {answer.status for answer in sqlite.get(view(), many, at_us=instants)} == {"present"}
    assert len(statements) == 1
    sqlite.close()


def test_keys_match_exactly_and_by_type(store: OnlineStore) -> None:
    store.put(view(), [row("a", 1, 1.0), row("A", 1, 2.0), row("1", 1, 3.0), row(1, 1, 4.0), row(True, 1, 5.0)])
    assert [lookup(store, key).values[0] for key in ("a", "A", "1", 1, True, 1.0)] == [1.0, 2.0, 3.0, 4.0, 5.0, 4.0]
    keys = [("a ",), ("",), (1.5,), ([1],), ("é",), ("*",), (None,)]
    assert [answer.status for answer in store.get(view(), keys, at_us=0)] == ["not_found"] * len(keys)


IMPOSSIBLE = (2**64, 2**70, -(2**63) - 1, 1e300, float("inf"), float("nan"), "\ud800", "a\0", "a" * 100_000)


@pytest.mark.parametrize("key", IMPOSSIBLE, ids=lambda key: str(key)[:8].encode("unicode_escape").decode())
def test_a_key_that_no_row_can_have_is_not_found_and_spoils_no_other(store: OnlineStore, key: object) -> None:
    store.put(view(), [row("a", 1, 1.0)])
    statuses = [answer.status for answer in store.get(view(), [(key,), ("a",), (key,)], at_us=1)]
    assert statuses == ["not_found", "present", "not_found"]


def test_a_view_without_keys_has_one_row(store: OnlineStore) -> None:
    keyless = view().model_copy(update={"keys": ()})
    store.put(keyless, [packed((), 1, 1.0), packed((), 2, 2.0)])
    assert store.get(keyless, [()], at_us=0)[0].values == (2.0,)


def test_many_keys_are_answered_in_their_order_with_repetitions(store: OnlineStore) -> None:
    store.put(view(), [row(number, 1, float(number)) for number in range(3000)])
    keys = [2999, 5, 4000, 5, 0, *range(1500)]
    assert [answer.values[0] for answer in store.get(view(), [(key,) for key in keys], at_us=0)] == [
        float(key) if key < 3000 else None for key in keys
    ]
    assert store.get(view(), [], at_us=0) == []
    assert store.count(view()) == 3000


def test_views_and_namespaces_are_apart(store: OnlineStore, address: str) -> None:
    other = open_store(address, namespace="shadow")
    store.put(view(), [row("a", 1, 1.0)])
    store.put(view("e"), [row("a", 1, 2.0)])
    other.put(view(), [row("a", 1, 3.0)])
    assert [lookup(*place).values[0] for place in ((store, "a"), (store, "a", 0, view("e")), (other, "a"))] == [1, 2, 3]
    store.clear(view())
    assert (store.count(view()), store.count(view("e")), other.count(view())) == (0, 1, 1)
    other.close()


def test_a_correction_replaces_a_newer_row_and_keys_can_be_forgotten(store: OnlineStore) -> None:
    store.put(view(), [row("a", 9, 1.0), row("b", 9, 1.0)])
    store.put(view(), [row("a", 3, 2.0)], replacing=True)
    assert lookup(store, "a") == KeyAnswer("present", (2.0,), 3, None)
    store.remove(view(), [("a",), ("never",)])
    assert (lookup(store, "a").status, lookup(store, "b").status, store.count(view())) == ("not_found", "present", 1)


@pytest.mark.parametrize("seed", range(10))
def test_any_sequence_of_puts_answers_as_a_plain_dict_does(store: OnlineStore, seed: int) -> None:
    dice = random.Random(seed)
    names: list[Any] = ["a", "A", "1", 1, True, False, 0, -3, 2**40, "", "né", " a"]
    held: dict[tuple[str, Any], tuple[int, int, float | None]] = {}
    for _turn in range(20):
        batch = []
        for _row in range(dice.randrange(1, 9)):
            key, event, created = dice.choice(names), dice.randrange(50), dice.choice([None, dice.randrange(50)])
            value = dice.choice([None, dice.random()])
            batch.append(row(key, event, value, created=created))
            known, new = held.get((type(key).__name__, key)), (event, NO_CREATED if created is None else created)
            if known is None or new >= known[:2]:
                held[type(key).__name__, key] = (*new, value)
        store.put(view(ttl_us=20), batch)
        at = dice.randrange(70)
        answers = store.get(view(ttl_us=20), [(key,) for key in names], at_us=at)
        assert answers == [_expected(held.get((type(key).__name__, key)), at) for key in names]


def _expected(held: tuple[int, int, float | None] | None, at: int) -> KeyAnswer:
    if held is None:
        return KeyAnswer("not_found", (None,))
    event, created = held[0], None if held[1] == NO_CREATED else held[1]
    if event < at - 20:
        return KeyAnswer("expired", (None,), event, created)
    return KeyAnswer("null" if held[2] is None else "present", (held[2],), event, created)


def test_a_reader_beside_a_writer_sees_whole_rows_that_never_grow_older(store: OnlineStore, address: str) -> None:
    served, failures, stop = view(outputs=2), list[str](), threading.Event()
    store.put(served, [row(key, 0, 0.0, 0.0) for key in range(50)])

    def read() -> None:
        reader, last = open_store(address), [0] * 50
        while not stop.is_set():
            for key, answer in enumerate(reader.get(served, [(key,) for key in range(50)], at_us=0)):
                whole = answer.values[0] == answer.values[1] == answer.event_us
                if not whole or answer.event_us is None or answer.event_us < last[key]:
                    failures.append(f"{key}: {answer} after {last[key]}")
                last[key] = answer.event_us or 0
        reader.close()

    readers = [threading.Thread(target=read) for _number in range(2)]
    for thread in readers:
        thread.start()
    for event in range(1, 60):
        store.put(served, [row(key, event, float(event), float(event)) for key in range(50)])
        store.put(served, [row(key, event - 1, -1.0, -1.0) for key in range(50)])
    stop.set()
    for thread in readers:
        thread.join()
    assert failures == []


def test_two_writers_leave_the_newest_row_of_every_key(store: OnlineStore, address: str) -> None:
    def write(first: int) -> None:
        own = open_store(address)
        for event in range(first, 40, 2):
            own.put(view(), [row(key, event, float(event)) for key in range(200)])
        own.close()

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert {answer.values[0] for answer in store.get(view(), [(key,) for key in range(200)], at_us=0)} == {39.0}


def test_a_store_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    gone = open_store(f"unix://{tmp_path}/nobody")
    for attempt in (lambda: gone.get(view(), [("a",)], at_us=0), lambda: gone.put(view(), [row("a", 1, 1.0)])):
        with pytest.raises(Unavailable, match="does not answer"):
            attempt()
    (tmp_path / "rubbish.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable, match="does not answer"):
        open_store(str(tmp_path / "rubbish.sqlite"))
