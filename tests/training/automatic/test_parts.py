"""Rows of training and validation judge in parts, where those of validation are few."""

import numpy as np
import pyarrow as pa
import pytest

from core.tasks.task import task_called
from core.tasks.values import Target
from core.training.automatic.parts import ENOUGH, PARTS, Parts, parts_of
from tests.training.known_sets import known_set


def wine_parts(name: str = "wine") -> Parts:
    tables, _contract, target = known_set(name)
    parts = parts_of(tables, target=target, seed=1, drawn_by="random")
    assert parts is not None
    return parts


def ids(*tables: pa.Table) -> set[str]:
    return {name for table in tables for name in table["row_id"].to_pylist()}


def test_no_fit_has_seen_the_rows_that_judge_it_and_none_is_of_the_test() -> None:
    tables, parts = known_set("wine")[0], wine_parts()
    for part in range(PARTS):
        seen, judged = ids(*parts.tables(part).values()), ids(parts.judged(part))
        assert not seen & judged
        assert seen | judged == ids(tables["train"], tables["validation"])
        assert not (seen | judged) & ids(tables["test"])


def test_labels_are_alike_in_every_part_and_what_is_said_comes_back_in_the_order_of_the_rows() -> None:
    parts = wine_parts()
    counts = [parts.judged(part)["label"].value_counts().to_pylist() for part in range(PARTS)]
    shares = [[entry["counts"] for entry in sorted(part, key=lambda entry: entry["values"])] for part in counts]
    assert np.ptp(shares, axis=0).max() <= 1
    names = [parts.judged(part)["row_id"].to_numpy(zero_copy_only=False) for part in range(PARTS)]
    assert parts.in_order(names).tolist() == parts.rows["row_id"].to_pylist()


def test_a_group_is_in_one_part() -> None:
    table = pa.table({"label": [0.0, 1.0] * 60, "query": [f"q{place // 6}" for place in range(120)]})
    target = task_called("ranking").target_of(table["label"], label="label", group="query")
    parts = parts_of({"train": table[:90], "validation": table[90:]}, target=target, seed=1, drawn_by="random")
    assert parts is not None
    groups = [set(parts.judged(part)["query"].to_pylist()) for part in range(PARTS)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 20


@pytest.mark.parametrize("drawn_by", ["grouped", "column", ""])
def test_splits_that_keep_apart_what_belongs_together_are_left_as_they_are(drawn_by: str) -> None:
    tables, _contract, target = known_set("wine")
    assert parts_of(tables, target=target, seed=1, drawn_by=drawn_by) is None


def test_enough_rows_of_validation_and_rare_classes_are_left_as_they_are() -> None:
    labels = np.zeros(ENOUGH, dtype=int)
    labels[: PARTS - 1] = 1
    rare = {name: pa.table({"label": labels[start : start + 60]}) for name, start in (("train", 60), ("validation", 0))}
    assert parts_of(rare, target=Target(), seed=1, drawn_by="random") is None
    enough = {**rare, "validation": pa.table({"label": labels})}
    assert parts_of(enough, target=Target(), seed=1, drawn_by="random") is None
    labels[: PARTS * 2] = 1
    common = {**rare, "validation": pa.table({"label": labels[:60]})}
    assert parts_of(common, target=Target(), seed=1, drawn_by="stratified") is not None
