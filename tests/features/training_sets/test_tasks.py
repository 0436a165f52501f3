"""Labels of any task: what models of them predict, how they are spread, and which inputs tell them alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.training_sets.job_spec import JoinResult
from core.features.training_sets.label_leakage import columns_auc, rank_auc
from core.features.training_sets.plan import check_entity
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.foundation.errors import Invalid, NotFound
from core.tasks.task import all_tasks, task_called
from core.tasks.values import Target
from tests.features.departures import entity, join, split_rows

CARRIERS = "CASE carrier WHEN 'A' THEN 'ant' WHEN 'B' THEN 'bee' ELSE 'cat' END"
CLASSES = Target(task="multi_class", label="outcome", classes=("ant", "bee", "cat"))
RNG = np.random.default_rng(5)


def labeled(folder: Path, label: str, *, columns: str = "distance", **changes: Any) -> JoinResult:
    sql = f"SELECT id, due_at, {label} AS outcome, carrier, {columns} FROM flights"
    query = entity(sql, **{"label": "outcome", "categories": (), "numbers": ("distance",)} | changes)
    return join(folder, query, marks={})


def test_classes_keep_their_names_and_their_shares(tmp_path: Path) -> None:
    result = labeled(tmp_path, CARRIERS, task="multi_class")
    assert (result.target, result.label, result.leaks) == (CLASSES, "text", ())
    rows = [row["label"] for row in split_rows(tmp_path, "train")]
    spread = result.splits[0].spread
    assert spread is not None
    assert spread.shares == {name: pytest.approx(rows.count(name) / len(rows)) for name in CLASSES.classes}
    assert (result.splits[0].positive_share, result.splits[0].label_spread) == (None, spread)


def test_a_number_is_learned_with_its_spread(tmp_path: Path) -> None:
    result = labeled(tmp_path, "delay", task="regression")
    assert (result.target, result.label) == (Target(task="regression", label="outcome"), "integer")
    cells = [row["label"] for row in split_rows(tmp_path, "train")]
    spread = result.splits[0].spread
    assert spread is not None
    assert (spread.mean, spread.deviation) == (pytest.approx(np.mean(cells)), pytest.approx(np.std(cells)))
    assert (spread.lowest, spread.highest) == (min(cells), max(cells))


def test_several_labels_are_a_list_of_texts(tmp_path: Path) -> None:
    result = labeled(tmp_path, "CASE WHEN delay > 5 THEN ['late', carrier] ELSE [carrier] END", task="multi_label")
    assert (result.target.classes, result.label) == (("A", "B", "C", "late"), "texts")
    assert split_rows(tmp_path, "train")[0]["label"][-1] in "ABC"


def test_a_ranking_keeps_its_groups_and_weights_lie_beside_the_label(tmp_path: Path) -> None:
    result = labeled(
        tmp_path,
        "delay % 3 + 2",
        columns="distance, id // 8 AS basket, 1.0 + id % 2 AS how_much",
        task="ranking",
        group="basket",
        weight="how_much",
    )
    assert (result.target.task, result.target.group) == ("ranking", "basket")
    assert "groups of basket" not in "".join(result.notes)
    assert list(split_rows(tmp_path, "train")[0]) == [
        "row_id", "event_time", "label", "row_weight", "basket", "distance",
    ]  # fmt: skip
    assert {row["row_weight"] for row in split_rows(tmp_path, "train")} == {1.0, 2.0}


def test_groups_that_the_splits_cut_are_said(tmp_path: Path) -> None:
    result = labeled(tmp_path, "delay + 3", columns="distance, id % 8 AS basket", task="ranking", group="basket")
    assert result.notes == ("8 groups of basket lie in more than one split.",)


@pytest.mark.parametrize(
    ("label", "changes", "words"),
    [
        ("nullif(delay, -3)", {"task": "regression"}, "rows have no label: leave them out with WHERE"),
        ("1 / (id - 5)", {"task": "regression"}, "1 rows have a label that is no finite number"),
        (CARRIERS, {"task": "regression"}, "The label outcome does not fit its task: the labels are no numbers"),
        ("'same'", {"task": "multi_class"}, "all labels are same"),
        (CARRIERS, {"task": "multi_class", "weight": "nope"}, "gives no column 'nope'"),
        ("delay + 3", {"task": "ranking"}, "there are no groups to rank within"),
    ],
)
def test_labels_that_do_not_fit_their_task_are_refused_in_words(
    tmp_path: Path, label: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        labeled(tmp_path, label, **changes)


def test_a_weight_is_a_number_from_zero_on(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="400 rows have a weight that is missing, negative or infinite"):
        labeled(tmp_path, "delay > 3", columns="distance, -1 AS how_much", weight="how_much")


@pytest.mark.parametrize(
    ("changes", "refusal", "words"),
    [
        ({"task": "guessing"}, NotFound, "guessing"),
        ({"task": "regression", "label": ""}, Invalid, "The label has no name"),
        ({"group": "late"}, Invalid, "late has two uses"),
        ({"weight": "carrier"}, Invalid, "Two uses of the column of the entity rows 'carrier'"),
    ],
)
def test_columns_and_tasks_that_do_not_fit_are_refused(
    changes: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        check_entity(entity(**changes))


def test_an_input_that_tells_one_class_is_shown(tmp_path: Path) -> None:
    (leak,) = labeled(
        tmp_path,
        CARRIERS,
        columns="distance, CASE WHEN carrier = 'B' THEN 100 ELSE 5 END + id % 7 AS weight",
        task="multi_class",
        numbers=("distance", "weight"),
    ).leaks
    assert (leak.column, leak.auc, leak.may_be_accepted) == ("weight", 1.0, True)
    assert "it tells a class of the label" in leak.reason


def test_an_input_in_the_order_of_the_numbers_is_shown(tmp_path: Path) -> None:
    (leak,) = labeled(
        tmp_path,
        "delay * 1.5",
        columns="distance, -delay * delay * delay AS cost",
        task="regression",
        numbers=("distance", "cost"),
    ).leaks
    assert leak.column == "cost"
    assert leak.auc is not None
    assert leak.auc > 0.9
    assert f"rank correlation of {2 * leak.auc - 1:.3f}" in leak.reason


def test_the_order_counts_and_not_the_distance() -> None:
    values = RNG.normal(size=500)
    assert rank_auc(np.exp(values), values) == pytest.approx(1.0)
    assert rank_auc(-values, values) == pytest.approx(0.0)
    assert rank_auc(RNG.normal(size=500), values) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("rows", [126, 400, 5_000])
def test_an_honest_input_may_order_numbers_well_and_a_copy_of_the_label_is_seen(rows: int) -> None:
    rng = np.random.default_rng(rows)
    area = rng.uniform(20, 150, rows)
    rent = area * 12 * np.exp(rng.normal(0, 0.2, rows))
    copies = {
        "copy": rent,
        "gross": rent * 1.19 + 7,
        "rounded": np.round(rent, -1),
        "noisy": rent + rng.normal(0, 0.1, rows) * rent.std(),
    }
    table = pa.table({"label": rent, "area": area, **copies})
    aucs = columns_auc(table, target=Target(task="regression"), columns=("area", *copies))
    limit = task_called("regression").suspicious_above(0.8)
    assert {name for name, auc in aucs.items() if auc > limit} == set(copies)


def test_the_limit_of_a_policy_holds_for_two_classes_and_others_are_never_stricter_than_their_task() -> None:
    limits = {name: task.suspicious_above(0.8) for name, task in all_tasks().items() if name != "generic"}
    assert limits == {
        "binary": 0.8,
        "multi_class": 0.95,
        "multi_label": 0.95,
        "regression": 0.985,
        "ranking": 0.985,
    }
    assert task_called("regression").suspicious_above(1) == 1


def test_noise_tells_no_class_and_no_number() -> None:
    table = pa.table({"label": RNG.choice(["a", "b", "c"], 4_000), "x": RNG.normal(size=4_000)})
    target = Target(task="multi_class", label="label", classes=("a", "b", "c"))
    assert columns_auc(table, target=target, columns=("x",))["x"] < 0.55
    numbers = pa.table({"label": RNG.normal(size=4_000), "x": RNG.normal(size=4_000)})
    assert columns_auc(numbers, target=Target(task="regression"), columns=("x",))["x"] < 0.55


def test_few_rows_are_enough_to_see_what_an_input_tells() -> None:
    labels, noise = np.arange(126) % 2, np.random.default_rng(3).normal(size=(2, 126))
    columns = {"x": 3 * labels + noise[0], "y": noise[1]}
    shuffled = np.random.default_rng(4).permutation(126)
    table = pa.table({"label": labels.astype(np.int32), **columns}).take(shuffled)
    aucs = columns_auc(table, target=Target(), columns=("x", "y"))
    assert (aucs["x"] > 0.9, aucs["y"] < 0.7) == (True, True)


def test_what_a_query_says_of_its_task_is_part_of_what_is_written() -> None:
    query = entity(task="ranking", group="basket", weight="how_much")
    assert EntityQuery.model_validate_json(query.model_dump_json()) == query
    assert (query.learned_task, query.can_teach) == ("ranking", True)
    assert entity(label_kind="any", task="regression").learned_task == "regression"


def test_classes_can_be_split_by_the_label_without_time(tmp_path: Path) -> None:
    sql = f"SELECT id, {CARRIERS} AS outcome, distance FROM flights"
    query = entity(sql, event_time="", label="outcome", task="multi_class", categories=())
    result = join(tmp_path, query, shares=ShareSplits(shares={"train": 0.8, "test": 0.2}, by="stratified"), marks={})
    shares = [split.spread.shares for split in result.splits if split.spread]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)
    assert pq.read_schema(tmp_path / "set" / "train.parquet").names == ["row_id", "label", "distance"]
