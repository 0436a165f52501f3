"""Training sets: the join and its splits, the contract that serving will read, and the leaks that refuse them."""

import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.features.training_sets.label_leakage import auc, column_auc, columns_auc
from core.features.training_sets.values import SUSPICIOUS_AUC, Split
from core.foundation.errors import Invalid
from core.tasks.values import Target
from tests.features.departures import ENTITY_SQL, as_joined, build, entity, flights, join, split_rows
from tests.features.engines.oracle import View, expected


def test_splits_hold_their_days_in_the_order_of_time(tmp_path: Path) -> None:
    result = join(tmp_path)
    train, test = result.splits
    assert (train.name, train.rows, test.name, test.rows) == ("train", 288, "test", 112)
    rows = split_rows(tmp_path, "train")
    assert list(rows[0]) == ["row_id", "event_time", "label", "carrier", "distance"]
    assert [row["event_time"] for row in rows] == sorted(row["event_time"] for row in rows)
    assert rows[-1]["event_time"] < datetime(2013, 1, 9, tzinfo=UTC) <= split_rows(tmp_path, "test")[0]["event_time"]
    assert train.positive_share == pytest.approx(sum(row["label"] for row in rows) / 288, abs=1e-6)


def test_values_are_what_a_model_takes(tmp_path: Path) -> None:
    sql = "SELECT id, due_at, delay > 10 AS late, carrier, distance, distance > 500 AS far, id AS number FROM flights"
    result = join(tmp_path, entity(sql, categories=("carrier", "far"), numbers=("distance",), keys_only=("number",)))
    row = split_rows(tmp_path, "train")[0]
    assert (type(row["row_id"]), type(row["label"]), type(row["distance"])) == (str, int, float)
    assert (row["far"] in ("true", "false"), row["number"]) == (True, int(row["row_id"]))
    contract = result.contract
    assert (contract.event_time, contract.row_id) == ("due_at", "id")
    assert [(field.name, field.kind, field.is_model_input) for field in contract.request] == [
        ("carrier", "category", True),
        ("far", "category", True),
        ("distance", "number", True),
        ("number", "number", False),
    ]
    assert contract.categories() == ("carrier", "far")


@pytest.mark.parametrize("known_at", [True, False])
def test_every_row_has_the_answer_of_its_time(tmp_path: Path, known_at: bool) -> None:
    view = as_joined(tmp_path, build(tmp_path))
    result = join(tmp_path, views=(view,), known_at=known_at)
    assert result.contract.numbers() == ("distance", "v_mean_delay")
    rows = [*split_rows(tmp_path, "train"), *split_rows(tmp_path, "test")]
    facts = rows_with_means()
    for row in random.Random(1).sample(rows, 40):
        (answer,) = expected(
            pa.table({"carrier": [row["carrier"]], "t": pa.array([row["event_time"]], pa.timestamp("us", "UTC"))}),
            [View(facts, keys=(("carrier", "carrier"),), features=("mean_delay",), created=None)],
            known_at=known_at,
        )
        mean = answer["v__mean_delay"]
        assert row["v_mean_delay"] == (None if mean is None else pytest.approx(mean))


def rows_with_means() -> pa.Table:
    """The view's rows by hand."""
    raw = flights().to_pylist()
    day = 86_400
    rows: list[tuple[str, datetime, float | None]] = []
    for row in raw:
        window = [
            other["delay"]
            for other in raw
            if other["carrier"] == row["carrier"] and 0 < (row["left_at"] - other["left_at"]).total_seconds() <= day
        ]
        rows.append((row["carrier"], row["left_at"], sum(window) / len(window) if window else None))
    carriers, moments, means = zip(*rows, strict=True)
    return pa.table({"carrier": carriers, "event": pa.array(moments, pa.timestamp("us", "UTC")), "mean_delay": means})


def test_a_view_serves_twice_under_two_prefixes(tmp_path: Path) -> None:
    sql = "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, carrier, 'A' AS rival FROM flights"
    first = as_joined(tmp_path, build(tmp_path))
    served = first.view.served.model_copy(
        update={"keys": (("carrier", "rival"),), "outputs": (("mean_delay", "rival_mean_delay", "number"),)}
    )
    second = type(first)(first.view.model_copy(update={"served": served, "input": "rows_1"}), first.path)
    result = join(tmp_path, entity(sql, categories=("carrier", "rival"), numbers=()), views=(first, second))
    assert result.contract.numbers() == ("v_mean_delay", "rival_mean_delay")
    same = [
        row["v_mean_delay"] == row["rival_mean_delay"] for row in split_rows(tmp_path, "train") if row["carrier"] == "A"
    ]
    assert all(same)


def test_rows_outside_every_split_are_told(tmp_path: Path) -> None:
    splits = (Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 6)),)
    result = join(tmp_path, splits=splits)
    assert result.notes == (f"{400 - 180} rows lie in no split.",)


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an unknown column": ({"numbers": ("nope",)}, {}, "gives no column 'nope'"),
    "an unknown label": ({"label": "nope"}, {}, "gives no column 'nope'"),
    "an unknown id": ({"row_id": "nope"}, {}, "gives no column 'nope'"),
    "a syntax error": ({"sql": "SELECT id FROM"}, {}, "SQL: syntax error"),
    "two columns of one name": ({"sql": f"SELECT *, 1 AS late FROM ({ENTITY_SQL})"}, {}, "two columns are called late"),
    "no rows": ({"sql": f"{ENTITY_SQL} WHERE false"}, {}, "gives no rows"),
    "a time that is text": (
        {"sql": f"SELECT * REPLACE (due_at::VARCHAR AS due_at) FROM ({ENTITY_SQL})"},
        {},
        "due_at is VARCHAR",
    ),
    "a row without a time": (
        {"sql": f"SELECT * REPLACE (nullif(due_at, min(due_at) OVER ()) AS due_at) FROM ({ENTITY_SQL})"},
        {},
        "1 rows have no event time",
    ),
    "a row after the year 9999": (
        {"sql": f"SELECT * REPLACE (due_at + INTERVAL 9000 YEAR AS due_at) FROM ({ENTITY_SQL}) WHERE id < 3"},
        {},
        "3 rows have an event time outside the years 1 to 9999",
    ),
    "two rows of one id": ({"sql": f"SELECT * REPLACE (id // 2 AS id) FROM ({ENTITY_SQL})"}, {}, "200 rows have an id"),
    "a row without an id": (
        {"sql": f"SELECT * REPLACE (nullif(id, 7) AS id) FROM ({ENTITY_SQL})"},
        {},
        "1 rows have no id",
    ),
    "a row without a label": (
        {"sql": f"SELECT * REPLACE (CASE WHEN id > 3 THEN late END AS late) FROM ({ENTITY_SQL})"},
        {},
        "4 rows have no label",
    ),
    "no label at all": (
        {"sql": f"SELECT * REPLACE (NULL::INTEGER AS late) FROM ({ENTITY_SQL})"},
        {},
        "rows have no label",
    ),
    "one row only": ({"sql": f"{ENTITY_SQL} WHERE id = 3"}, {}, "The split test has no rows"),
    "labels that are not 0 and 1": (
        {"sql": f"SELECT * REPLACE (late * 2 AS late) FROM ({ENTITY_SQL})"},
        {},
        "neither 0 nor 1",
    ),
    "one class only": (
        {"sql": f"SELECT * REPLACE (1 AS late) FROM ({ENTITY_SQL})"},
        {},
        "Nothing can be learned from the split train: all labels are 1",
    ),
    "an infinite number": (
        {"sql": f"SELECT * REPLACE (1 / (id - 5) AS distance) FROM ({ENTITY_SQL})"},
        {},
        "distance is infinite in 1 rows",
    ),
    "a split without rows": (
        {},
        {"splits": (Split(name="later", start=date(2014, 1, 1), end=date(2014, 2, 1)),)},
        "The split later has no rows",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_words(tmp_path: Path, case: str) -> None:
    changes, more, words = WRONG[case]
    query = {"sql": ENTITY_SQL} | changes
    with pytest.raises(Invalid, match=words):
        join(tmp_path, entity(**query), marks={}, **more)


def test_a_naive_event_time_is_utc(tmp_path: Path) -> None:
    sql = f"SELECT * REPLACE (CAST(due_at AS TIMESTAMP) AS due_at) FROM ({ENTITY_SQL})"
    join(tmp_path, entity(sql))
    assert split_rows(tmp_path, "train")[0]["event_time"] == datetime(2013, 1, 1, tzinfo=UTC)


def test_keys_of_another_type_are_refused(tmp_path: Path) -> None:
    view = as_joined(tmp_path, build(tmp_path), keys=(("carrier", "id_key"),))
    sql = f"SELECT *, id AS id_key FROM ({ENTITY_SQL})"
    with pytest.raises(Invalid, match="id_key is BIGINT and the key carrier"):
        join(tmp_path, entity(sql, keys_only=("id_key",)), views=(view,))


def test_a_column_that_tells_the_label_too_well_is_shown_with_the_set(tmp_path: Path) -> None:
    """Nothing is marked here: the outcome is found by what it tells, and a person may know better."""
    sql = f"SELECT e.*, f.delay * 2 + 1 AS mood FROM ({ENTITY_SQL}) e JOIN flights f USING (id)"
    result = join(tmp_path, entity(sql, numbers=("distance", "mood")), marks={})
    (leak,) = result.leaks
    assert (leak.column, leak.may_be_accepted, len(result.splits)) == ("mood", True, 2)
    assert leak.auc is not None
    assert leak.auc > 0.95
    at_most_one = join(tmp_path, entity(sql, numbers=("distance", "mood")), marks={}, suspicious_auc=1.0)
    assert (at_most_one.leaks, at_most_one.leak_report.suspicious_auc) == ((), 1.0)


def test_a_feature_with_the_wrong_event_time_refuses_the_set_where_nothing_is_marked(tmp_path: Path) -> None:
    rows = build(tmp_path, "SELECT id, due_at, delay FROM flights", keys=("id",), event_time="due_at", marks={})
    view = as_joined(tmp_path, rows, keys=(("id", "number"),))
    sql = f"SELECT *, id AS number FROM ({ENTITY_SQL})"
    result = join(tmp_path, entity(sql, keys_only=("number",)), views=(view,), marks={})
    assert [leak.column for leak in result.leaks] == ["v_delay"]


def test_late_rows_and_corrections_refuse_the_set_that_would_use_them_too_early(tmp_path: Path) -> None:
    sql = "SELECT carrier, due_at, due_at + INTERVAL 5 HOUR AS written, distance AS last_distance FROM flights"
    view = as_joined(tmp_path, build(tmp_path, sql, event_time="due_at", created_time="written"))
    assert join(tmp_path, views=(view,), known_at=True).leaks == ()
    (leak,) = join(tmp_path, views=(view,), known_at=False).leaks
    assert (leak.column, leak.auc) == ("carrier_delay", None)
    assert "written only after their time" in leak.reason


def test_the_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    dice = np.random.default_rng(1)
    score, outcome = dice.integers(0, 5, 200).astype(float), dice.integers(0, 2, 200)
    pairs = [
        (a > b) + (a == b) / 2
        for a, is_late in zip(score, outcome, strict=True)
        if is_late
        for b, other in zip(score, outcome, strict=True)
        if not other
    ]
    assert auc(score, outcome) == pytest.approx(np.mean(pairs))


def test_a_column_tells_what_it_tells_in_any_order_and_with_holes() -> None:
    dice = np.random.default_rng(1)
    outcome = dice.integers(0, 2, 20_000)
    signal = outcome + dice.normal(size=20_000)
    folded = np.where(outcome == 1, dice.choice([-3.0, 3.0], 20_000), 0.0) + dice.normal(size=20_000)
    holes = pa.chunked_array([pa.array([None if late else 1.0 for late in outcome])])
    assert column_auc(pa.chunked_array([pa.array(signal)]), outcome) == pytest.approx(0.76, abs=0.01)
    assert column_auc(pa.chunked_array([pa.array(-signal)]), outcome) == pytest.approx(0.76, abs=0.01)
    assert column_auc(pa.chunked_array([pa.array(folded)]), outcome) > 0.9
    assert column_auc(holes, outcome) == 1.0


def test_names_that_occur_once_tell_nothing() -> None:
    dice = np.random.default_rng(1)
    outcome = dice.integers(0, 2, 5_000)
    table = pa.table(
        {"label": outcome, "name": [f"N{number}" for number in range(5_000)], "x": dice.normal(size=5_000)}
    )
    aucs = columns_auc(table, target=Target(), columns=("name", "x"))
    assert max(aucs.values()) < 0.55 < SUSPICIOUS_AUC
    assert columns_auc(table.slice(0, 1), target=Target(), columns=("x",)) == {}
