"""Materialization by days: what is computed again is what has changed and no more, and rows and answers are those of a
full recompute."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.features.online.store import KeyAnswer
from core.foundation.errors import Invalid
from core.sandbox.duckdb_session import parquet_rows, shared_session
from tests.features.materialization.in_process import DAY, LATEST, SQL, START, Materializer, events, version_of

HOUR = timedelta(hours=1)
KEYS = ["a", "b", "c"]


def random_events(dice: random.Random, *, days: int) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by day; some are written late, some are corrected later, some have no key."""
    rows_by_day: dict[str, list[tuple[Any, ...]]] = {}
    for day in range(days):
        rows = [event(dice, day) for _row in range(dice.randrange(0, 6))]
        rows += [corrected(dice, row) for row in rows if dice.random() < 0.3]
        if rows or dice.random() < 0.5:
            rows_by_day[str((START + day * DAY).date())] = rows
    return rows_by_day


def event(dice: random.Random, day: int) -> tuple[Any, ...]:
    happened = START + day * DAY + dice.randrange(24) * HOUR
    written = happened + dice.choice([0, 0, 1, 30, 100]) * HOUR
    return (dice.choice([*KEYS, None]), happened, written, dice.randrange(100), dice.choice(["x", "y", None]))


def corrected(dice: random.Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same key and event, written again: in an hour, in some days, or when every run of a test is over."""
    key, happened, written, value, grade = row
    return key, happened, written + dice.choice([1, 60, 100_000]) * HOUR, value + 1, grade


def snapshot_of(materializer: Materializer, days: dict[str, list[tuple[Any, ...]]]) -> Any:
    return materializer.snapshot({day: events(rows) for day, rows in sorted(days.items())})


def offline(full: Path, *, at: datetime = LATEST) -> dict[str, KeyAnswer]:
    """The answer for every key at an instant by a plain look at every row that was known then."""
    moment = round(at.timestamp() * 1e6)
    query = (
        "SELECT k, epoch_us(__event), epoch_us(__created), CAST(grade AS VARCHAR), CAST(total AS DOUBLE),"
        f" CAST(seen AS DOUBLE) FROM {parquet_rows([full])} WHERE __known_us <= {moment} ORDER BY __event, __created"
    )
    with shared_session() as session:
        rows = session.execute(query).fetchall()
    return {
        key: KeyAnswer("null" if set(values) == {None} else "present", tuple(values), event_us, created_us)
        for key, event_us, created_us, *values in rows
    }


def assert_same(materializer: Materializer, snapshot: Any, *, at: datetime = LATEST) -> None:
    full = materializer.full(snapshot)
    assert materializer.differences(full) == 0
    answers, nothing = offline(full, at=at), KeyAnswer("not_found", (None, None, None))
    assert materializer.online(KEYS, at=at) == [answers.get(key, nothing) for key in KEYS]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_changes_rows_and_answers_are_those_of_a_full_recompute(tmp_path: Path, seed: int) -> None:
    """Days are added, late rows come into old days, rows are corrected and removed, whole days go."""
    dice = random.Random(seed)
    materializer = Materializer(tmp_path, version_of(delay_seconds=dice.choice([0, 7200])))
    days = random_events(dice, days=6) | {str(START.date()): [event(dice, 0)]}
    for turn in range(6):
        at = START + (turn + 3) * DAY if turn < 4 else LATEST
        snapshot = snapshot_of(materializer, days)
        materializer.run(snapshot, at=at)
        assert_same(materializer, snapshot, at=at)
        change(dice, days, turn)


def change(dice: random.Random, days: dict[str, list[tuple[Any, ...]]], turn: int) -> None:
    day = dice.choice([*days])
    number = (datetime.fromisoformat(day).date() - START.date()).days
    match dice.randrange(4):
        case 0:
            days[str((START + (6 + turn) * DAY).date())] = [event(dice, 6 + turn) for _row in range(4)]
        case 1:
            days[day] = [*days[day], event(dice, number)]
        case 2 if len(days) > 2:
            del days[day]
        case _:
            days[day] = [(*row[:3], row[3] + 1, row[4]) for row in days[day][1:]] or [event(dice, number)]


def filled(materializer: Materializer, days: int) -> dict[str, list[tuple[Any, ...]]]:
    dice = random.Random(1)
    return {str((START + day * DAY).date()): [event(dice, day) for _row in range(5)] for day in range(days)}


def test_a_new_day_reads_and_computes_a_few_days_only(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = filled(materializer, 20)
    materializer.run(snapshot_of(materializer, days))
    days["2013-01-21"] = [("a", START + 20 * DAY, START + 20 * DAY, 1, "x")]
    planned = materializer.planned(snapshot_of(materializer, days))
    (window,) = planned.job_spec.stretches
    assert sorted(window.parts) == ["2013-01-20", "2013-01-21", "2013-01-22", "2013-01-23"]
    assert len([name for name in planned.inputs if name.startswith("source_")]) == 4
    result = materializer.run(snapshot_of(materializer, days))
    assert result is not None
    assert [part.rows for part in result.parts][1:] == [1, 0, 0]
    assert_same(materializer, snapshot_of(materializer, days))


def test_a_late_row_in_an_old_day_computes_that_day_and_those_that_look_back_at_it(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = filled(materializer, 20)
    materializer.run(snapshot_of(materializer, days))
    days["2013-01-05"].append(("a", START + 4 * DAY + HOUR, START + 9 * DAY, 7, "late"))
    planned = materializer.planned(snapshot_of(materializer, days))
    assert [sorted(window.parts) for window in planned.job_spec.stretches] == [
        ["2013-01-04", "2013-01-05", "2013-01-06", "2013-01-07"]
    ]
    materializer.run(snapshot_of(materializer, days))
    assert_same(materializer, snapshot_of(materializer, days))


def test_nothing_new_is_nothing_to_do(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = filled(materializer, 4)
    assert materializer.run(snapshot_of(materializer, days)) is not None
    assert materializer.run(snapshot_of(materializer, days)) is None


def test_a_row_goes_online_when_it_is_known_and_not_before(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = {"2013-01-01": [("a", START, START, 1, "x"), ("a", START + HOUR, START + 3 * DAY, 2, "y")]}
    snapshot = snapshot_of(materializer, days)
    materializer.run(snapshot, at=START + DAY)
    assert materializer.online(["a"])[0].event_us == 1_356_998_400_000_000
    materializer.run(snapshot, at=START + 2 * DAY)
    assert materializer.online(["a"])[0].event_us == 1_356_998_400_000_000
    result = materializer.run(snapshot, at=START + 3 * DAY)
    assert result is not None
    assert (result.parts, result.put) == ((), 1)
    assert_same(materializer, snapshot, at=START + 3 * DAY)


PLAIN, KINDS = "SELECT k, happened, written, CAST(x AS DOUBLE) AS x FROM events", {"x": "number"}


def test_a_correction_ahead_of_now_removes_nothing_of_what_is_right_today(tmp_path: Path) -> None:
    """The last of them has an event time ahead of now, and answers nobody before."""
    materializer = Materializer(tmp_path, version_of(PLAIN, kinds=KINDS))
    corrections = [("a", START, START, 10, "x"), ("a", START, START + 9 * DAY, 20, "x")]
    days = {"2013-01-01": corrections, "2013-01-21": [("a", START + 20 * DAY, START, 30, "x")]}
    snapshot = snapshot_of(materializer, days)
    answers = []
    for at in (START + DAY, START + 5 * DAY, START + 9 * DAY, START + 20 * DAY):
        result = materializer.run(snapshot, at=at)
        assert result is not None
        newest = START + 20 * DAY if at == START + 20 * DAY else START
        assert result.watermark_us == round(newest.timestamp() * 1e6)
        answers.append(materializer.online(["a"], at=at)[0].values)
    assert answers == [(10.0,), (10.0,), (20.0,), (30.0,)]
    materializer.run(snapshot, at=START + 5 * DAY, whole=True)
    assert materializer.online(["a"])[0].values == (10.0,)


def test_a_correction_that_removes_the_newest_row_brings_the_older_one_back(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = {
        "2013-01-01": [("a", START, START, 1, "x")],
        "2013-01-05": [(key, START + 4 * DAY, START + 4 * DAY, 2, "y") for key in ("a", "b")],
    }
    materializer.run(snapshot_of(materializer, days))
    days["2013-01-05"] = []
    result = materializer.run(snapshot_of(materializer, days))
    assert result is not None
    assert (result.withdrawn, result.keys) == (2, 1)
    assert_same(materializer, snapshot_of(materializer, days))


def test_a_run_that_was_lost_half_way_is_made_up_by_the_next(tmp_path: Path) -> None:
    """Its rows were put and never written down; then the source changed again."""
    materializer = Materializer(tmp_path, version_of())
    days = filled(materializer, 5)
    materializer.run(snapshot_of(materializer, days))
    lost = {
        **days,
        "2013-01-06": [("z", START + 5 * DAY, START + 5 * DAY, 1, "x"), ("a", START + 6 * DAY, None, 1, "x")],
    }
    materializer.job(materializer.planned(snapshot_of(materializer, lost)))
    materializer.run(snapshot_of(materializer, days), whole=True)
    assert_same(materializer, snapshot_of(materializer, days))
    assert materializer.online(["z"])[0].status == "not_found"


def test_a_run_done_twice_is_done_once(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    days = filled(materializer, 5)
    materializer.run(snapshot_of(materializer, days))
    days["2013-01-06"] = [("a", START + 5 * DAY, START + 5 * DAY, 1, "x")]
    planned = materializer.planned(snapshot_of(materializer, days))
    materializer.job(planned)
    materializer.keep(*materializer.job(planned))
    assert_same(materializer, snapshot_of(materializer, days))


@pytest.mark.parametrize("lookback", [0, 86_400])
def test_without_partitions_or_look_back_everything_is_computed(tmp_path: Path, lookback: int) -> None:
    materializer = Materializer(tmp_path, version_of(lookback_seconds=lookback))
    rows = [row for day in filled(materializer, 3).values() for row in day]
    snapshot = materializer.snapshot({"": events(rows)})
    result = materializer.run(snapshot)
    assert result is not None
    assert [part.name for part in result.parts] == [""]
    assert_same(materializer, snapshot)
    more = materializer.snapshot({"": events([*rows, ("a", START + 9 * DAY, START + 9 * DAY, 3, "x")])})
    materializer.run(more)
    assert_same(materializer, more)


def test_months_are_partitions_too(tmp_path: Path) -> None:
    materializer = Materializer(tmp_path, version_of())
    rows = [row for day in filled(materializer, 40).values() for row in day]
    by_month = {month: events([row for row in rows if f"{row[1]:%Y-%m}" == month]) for month in ("2013-01", "2013-02")}
    materializer.run(materializer.snapshot(by_month))
    assert_same(materializer, materializer.snapshot(by_month))


def test_a_row_further_from_its_sources_than_the_look_back_is_refused(tmp_path: Path) -> None:
    sql = SQL.replace("SELECT k, happened,", "SELECT k, happened + INTERVAL 9 DAY AS happened,")
    materializer = Materializer(tmp_path, version_of(sql))
    with pytest.raises(Invalid, match="to which no source row reaches"):
        materializer.run(snapshot_of(materializer, filled(materializer, 3)))


def test_a_view_without_keys_has_one_newest_row(tmp_path: Path) -> None:
    sql = "SELECT happened, x FROM events"
    materializer = Materializer(tmp_path, version_of(sql, keys=(), created_time="", kinds={"x": "number"}))
    days = {"2013-01-01": [("a", START, None, 1, "x"), ("b", START + HOUR, None, 2, "x")]}
    materializer.run(snapshot_of(materializer, days))
    from core.features.materialization.plan import live_view
    from core.features.online.opening import open_store

    store = open_store(materializer.address)
    assert store.get(live_view(materializer.version), [()], at_us=0)[0].values == (2.0,)
    days["2013-01-01"] = days["2013-01-01"][:1]
    materializer.run(snapshot_of(materializer, days))
    assert store.get(live_view(materializer.version), [()], at_us=0)[0].values == (1.0,)
