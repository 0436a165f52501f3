"""The online store at an instant is the offline answer at that instant (R12): every key, every instant, against the
oracle that looks at every row."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.features.engines.polars_engine import PolarsEngine
from core.features.online.backfill import Backfill
from core.features.online.stores.sqlite_store import SqliteStore
from core.features.values import FeatureContract, RequestField, ServedView
from tests.features.engines.oracle import MICROSECOND, NOON, Rules, View, entity_table, expected, minutes, rows_table
from tests.features.engines.test_point_in_time import random_case

KEYS = ["a", "b", "c", "d"]
EPOCH = NOON - NOON.timestamp() * timedelta(seconds=1)


def us(moment: Any) -> int:
    return int((moment - EPOCH) // MICROSECOND)


def backfill_of(folder: Path, *views: View) -> tuple[SqliteStore, Backfill, tuple[ServedView, ...]]:
    rules = Rules(PolarsEngine(), folder)
    uses = [rules.stored(index, view) for index, view in enumerate(views)]
    served = tuple(
        ServedView(
            version_id=f"FEAT-{index}",
            view=use.name,
            digest=f"digest {index}",
            rows_digest="",
            keys=use.keys,
            outputs=tuple((feature, name, "number") for feature, name, _kind in use.outputs),
            ttl_us=use.ttl_us or 0,
            delay_us=use.delay_us,
        )
        for index, use in enumerate(uses)
    )
    request = (RequestField(name="k", kind="category", is_model_input=True),)
    contract = FeatureContract(event_time="t", row_id="id", request=request, views=served)
    store = SqliteStore(folder / "online.sqlite")
    return (
        store,
        Backfill(store, contract, {view.digest: use.rows for view, use in zip(served, uses, strict=True)}),
        served,
    )


def online(store: SqliteStore, served: tuple[ServedView, ...], key: Any, moment: Any) -> dict[str, Any]:
    answer = {}
    for view in served:
        (row,) = store.get(view, [(key,) if view.keys else ()], at_us=us(moment))
        answer |= dict(zip((name for _feature, name, _kind in view.outputs), row.values, strict=True))
    return answer


def offline(views: tuple[View, ...], key: Any, moment: Any) -> dict[str, Any]:
    (row,) = expected(entity_table([(key, moment)]), views, known_at=True)
    return {name: value for name, value in row.items() if name not in ("k", "t")}


@pytest.mark.parametrize("seed", range(60))
def test_r12_after_every_advance_the_store_answers_as_the_join_does(tmp_path: Path, seed: int) -> None:
    views = tuple(random_case(seed)[1])
    store, backfill, served = backfill_of(tmp_path, *views)
    dice = random.Random(seed)
    moments = sorted(minutes(dice.randrange(-1, 16)) + dice.randrange(-1, 2) * MICROSECOND for _ in range(8))
    backfill.load(us(moments[0]))
    for moment in moments:
        backfill.advance(us(moment))
        for key in [*KEYS, None]:
            assert online(store, served, key, moment) == offline(views, key, moment), (seed, key, moment)


@pytest.mark.parametrize("seed", range(30))
def test_loading_is_the_same_as_advancing_from_the_beginning(tmp_path: Path, seed: int) -> None:
    views = tuple(random_case(seed)[1])
    store, backfill, served = backfill_of(tmp_path, *views)
    for moment in (minutes(3), minutes(9), minutes(4)):
        backfill.load(us(moment))
        assert backfill.now_us == us(moment)
        for key in [*KEYS, None]:
            assert online(store, served, key, moment) == offline(views, key, moment)


def test_a_late_row_comes_when_it_was_known_and_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    view = View(rows_table([("a", 10, 10, 2), ("a", 5, 20, 1), ("a", 30, 60, 3)]))
    store, backfill, served = backfill_of(tmp_path, view)
    backfill.load(us(minutes(0)))
    seen = []
    for moment in (minutes(9), minutes(10), minutes(25), minutes(59), minutes(60)):
        backfill.advance(us(moment))
        seen.append(online(store, served, "a", moment)["v__x"])
    assert seen == [None, 2, 2, 2, 3]


def test_a_row_counts_from_the_end_of_its_delay(tmp_path: Path) -> None:
    store, backfill, served = backfill_of(tmp_path, View(rows_table([("a", 0, 0, 1)]), delay=timedelta(hours=1)))
    backfill.load(us(minutes(59)))
    assert online(store, served, "a", minutes(59))["v__x"] is None
    assert backfill.advance(us(minutes(60))) == 1
    assert online(store, served, "a", minutes(60))["v__x"] == 1


def test_time_does_not_run_backwards(tmp_path: Path) -> None:
    store, backfill, served = backfill_of(tmp_path, View(rows_table([("a", 0, 0, 1), ("a", 5, 5, 2)])))
    backfill.load(us(minutes(6)))
    assert backfill.advance(us(minutes(1))) == 0
    assert backfill.now_us == us(minutes(6))
    assert online(store, served, "a", minutes(6))["v__x"] == 2


def test_a_view_of_no_rows_feeds_nothing(tmp_path: Path) -> None:
    store, backfill, served = backfill_of(tmp_path, View(rows_table([])))
    backfill.load(us(minutes(0)))
    assert backfill.advance(us(minutes(9))) == 0
    assert online(store, served, "a", minutes(9)) == {"v__x": None}
