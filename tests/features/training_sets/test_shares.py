"""Rows that stand for themselves: splits by share, which can be repeated, and joins without a moment."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.training_sets.plan import check_entity, check_splitting
from core.features.training_sets.shares import splits_of
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.foundation.errors import Invalid
from tests.features.departures import ENTITY_SQL, SPLITS, as_joined, build, entity, join, split_rows

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
RANDOM = ShareSplits(shares=SHARES)


def timeless(**changes: Any) -> EntityQuery:
    return entity(**{"event_time": ""} | changes)


def placed(folder: Path, shares: ShareSplits, **columns: list[Any]) -> dict[str, str]:
    """Into which split each row falls, by its id."""
    path = folder / "joined.parquet"
    pq.write_table(pa.table(columns), path)
    names, places = splits_of(path, shares)
    return {row: names[place] if place >= 0 else "" for row, place in zip(columns["row_id"], places, strict=True)}


def ids(count: int) -> list[str]:
    return [f"R{number}" for number in range(count)]


def test_rows_without_a_moment_are_split_by_share(tmp_path: Path) -> None:
    result = join(tmp_path, timeless(), shares=RANDOM)
    assert [split.name for split in result.splits] == ["train", "validation", "test"]
    assert sum(split.rows for split in result.splits) == result.rows == 400
    assert [(split.start, split.end, split.newest_event) for split in result.splits] == [(None, None, None)] * 3
    assert list(split_rows(tmp_path, "train")[0]) == ["row_id", "label", "carrier", "distance"]
    assert (result.contract.event_time, result.notes) == ("", ())
    assert "start" not in result.splits[0].model_dump(mode="json")


def test_a_row_keeps_its_split_when_rows_are_added(tmp_path: Path) -> None:
    few, many = (placed(tmp_path, RANDOM, row_id=ids(count)) for count in (500, 5_000))
    assert {row: many[row] for row in few} == few
    assert [round(list(many.values()).count(name) / 5_000, 2) for name in SHARES] == pytest.approx(
        list(SHARES.values()), abs=0.02
    )
    assert placed(tmp_path, RANDOM.model_copy(update={"seed": 2}), row_id=ids(500)) != few


def test_the_split_of_a_row_is_the_same_on_every_machine(tmp_path: Path) -> None:
    """By the first eight bytes of the SHA-256 of seed and id, as a share of all there are: 0.549, 0.862, 0.052 ..."""
    splits = placed(tmp_path, RANDOM, row_id=ids(5))
    assert list(splits.values()) == ["train", "test", "train", "validation", "train"]


def test_each_class_has_its_exact_share(tmp_path: Path) -> None:
    labels = ["a"] * 40 + ["b"] * 20 + ["c"] * 7
    stratified = ShareSplits(shares=SHARES, by="stratified")
    splits = placed(tmp_path, stratified, row_id=ids(67), label=labels)
    counts = {
        name: [
            sum(splits[row] == split for row, label in zip(ids(67), labels, strict=True) if label == name)
            for split in SHARES
        ]
        for name in "abc"
    }
    assert counts == {"a": [28, 6, 6], "b": [14, 3, 3], "c": [5, 1, 1]}


def test_no_group_is_cut(tmp_path: Path) -> None:
    groups = [f"G{number % 60}" for number in range(900)]
    grouped = ShareSplits(shares=SHARES, by="grouped", column="customer")
    splits = placed(tmp_path, grouped, row_id=ids(900), __split_by=groups)
    pairs = {(group, splits[row]) for row, group in zip(ids(900), groups, strict=True)}
    assert len(pairs) == 60
    assert {split for _group, split in pairs} == set(SHARES)


def test_the_data_may_name_its_splits(tmp_path: Path) -> None:
    sql = f"SELECT *, CASE WHEN id < 200 THEN 'Train' WHEN id < 300 THEN 'test' END AS part FROM ({ENTITY_SQL})"
    result = join(tmp_path, timeless(sql=sql), shares=ShareSplits(by="column", column="part"))
    assert [(split.name, split.rows) for split in result.splits] == [("train", 200), ("test", 100)]
    assert result.notes == ("100 rows lie in no split.",)
    assert "part" not in split_rows(tmp_path, "train")[0]


def test_what_is_missing_to_one_lies_in_no_split(tmp_path: Path) -> None:
    half = ShareSplits(shares={"train": 0.3, "test": 0.2}, by="stratified")
    result = join(tmp_path, timeless(), shares=half)
    assert result.notes == (f"{400 - sum(split.rows for split in result.splits)} rows lie in no split.",)
    assert [split.rows for split in result.splits] == [121, 80]


def test_features_of_rows_without_a_moment_are_the_latest_known(tmp_path: Path) -> None:
    view = as_joined(tmp_path, build(tmp_path))
    result = join(tmp_path, timeless(), views=(view,), shares=RANDOM)
    (note,) = result.notes
    assert "joined with their latest known values" in note
    rows = [row for split in result.splits for row in split_rows(tmp_path, split.name)]
    assert {row["carrier"]: row["v_mean_delay"] for row in rows if row["v_mean_delay"]}.keys() == {"A", "B", "C"}
    assert len({(row["carrier"], row["v_mean_delay"]) for row in rows}) == 3
    assert result.leak_report.views == ()


def test_rows_with_a_moment_may_be_split_by_share_which_is_said(tmp_path: Path) -> None:
    result = join(tmp_path, shares=RANDOM)
    assert "The splits are not by time" in result.notes[0]
    assert "event_time" in split_rows(tmp_path, "train")[0]
    assert result.splits[0].newest_event is not None


def test_future_leakage_is_found_without_a_moment(tmp_path: Path) -> None:
    sql = f"SELECT e.*, f.delay * 2 + 1 AS mood FROM ({ENTITY_SQL}) e JOIN flights f USING (id)"
    result = join(tmp_path, timeless(sql=sql, numbers=("mood",)), shares=RANDOM)
    assert [(leak.column, leak.auc) for leak in result.leaks if not leak.may_be_accepted] == [("mood", None)]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "Splits are missing"),
    "both": ({"splits": SPLITS, "shares": RANDOM}, "There are splits by time and by share"),
    "windows without a moment": ({"splits": SPLITS, "entity": timeless()}, "lie in no window of time"),
    "more than all": ({"shares": ShareSplits(shares={"train": 0.9, "test": 0.2})}, "add up to 1.1"),
    "no share": ({"shares": ShareSplits()}, "No split has a share"),
    "no column": ({"shares": ShareSplits(shares=SHARES, by="grouped")}, "The column that decides on the splits is"),
    "shares beside a column": ({"shares": ShareSplits(shares=SHARES, by="column", column="part")}, "and no shares"),
    "classes without a label": (
        {"shares": ShareSplits(shares=SHARES, by="stratified"), "entity": timeless(label="")},
        "need a label or another column",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_splits_that_do_not_fit_are_refused_in_words(case: str) -> None:
    changes, words = WRONG[case]
    given: dict[str, Any] = {"entity": entity(), "splits": (), "shares": None} | changes
    with pytest.raises(Invalid, match=words):
        check_splitting(given["entity"], splits=given["splits"], shares=given["shares"])


def test_numbers_are_no_classes_to_split_by(tmp_path: Path) -> None:
    stratified = ShareSplits(shares=SHARES, by="stratified")
    with pytest.raises(Invalid, match="The rows have 50 values in the column: they are no classes"):
        placed(tmp_path, stratified, row_id=ids(50), label=np.arange(50.0).tolist())


def test_a_column_that_names_no_split_is_refused(tmp_path: Path) -> None:
    shares = ShareSplits(by="column", column="part")
    with pytest.raises(Invalid, match=re.escape("has 'train', '../up'")):
        placed(tmp_path, shares, row_id=ids(2), __split_by=["train", "../up"])


def test_an_entity_query_says_nothing_of_what_it_has_not() -> None:
    assert set(entity().model_dump(mode="json")) == {
        "sql",
        "sources",
        "row_id",
        "event_time",
        "label",
        "categories",
        "numbers",
        "keys_only",
    }
    assert "event_time" not in timeless().model_dump(mode="json")
    check_entity(timeless())
