"""Training sets of any entity table: without a label, with one of 0 and 1, and with one of another kind."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.features.training_sets.job_spec import JoinResult
from core.features.training_sets.values import EntityQuery, SplitFile, TrainingSetManifest
from core.foundation.digests import canonical, digest_of
from core.foundation.errors import Invalid
from tests.features.departures import ENTITY_SQL, SPLITS, as_joined, build, entity, join, split_rows
from tests.features.training_sets.test_late_rows import late_view

# A leak that only a label of 0 and 1 can show.
MOOD_SQL = f"SELECT e.*, f.delay * 2 + 1 AS mood FROM ({ENTITY_SQL}) e JOIN flights f USING (id)"


def labeled(folder: Path, label: str, **changes: Any) -> JoinResult:
    sql = f"SELECT id, due_at, {label} AS outcome, carrier, distance FROM flights"
    return join(folder, entity(sql, label="outcome", **{"label_kind": "any"} | changes), marks={})


def test_a_set_without_a_label_is_joined_and_split_as_any_other(tmp_path: Path) -> None:
    view = as_joined(tmp_path, build(tmp_path))
    result = join(tmp_path, entity(label=""), views=(view,))
    train, test = result.splits
    assert (result.label, result.leaks) == ("none", ())
    assert (train.rows, train.positive_share, test.rows, test.positive_share) == (288, None, 112, None)
    rows = split_rows(tmp_path, "train")
    assert list(rows[0]) == ["row_id", "event_time", "carrier", "distance", "v_mean_delay"]
    join(tmp_path, views=(view,))
    with_label = split_rows(tmp_path, "train")
    assert rows == [{name: cell for name, cell in row.items() if name != "label"} for row in with_label]


@pytest.mark.parametrize(
    ("label", "kind", "arrow"),
    [
        ("delay", "integer", "int64"),
        ("delay * 2", "integer", "int64"),
        ("delay / 3.0", "number", "double"),
        ("CAST(delay AS DECIMAL(9, 2))", "number", "decimal128(9, 2)"),
        ("CASE WHEN delay > 10 THEN 'late' ELSE 'on time' END", "text", "string"),
        ("delay > 10", "boolean", "bool"),
    ],
)
def test_any_label_is_kept_with_its_type(tmp_path: Path, label: str, kind: str, arrow: str) -> None:
    result = labeled(tmp_path, label)
    assert (result.label, result.leaks) == (kind, ())
    assert [(split.positive_share, split.unlabeled) for split in result.splits] == [(None, 0), (None, 0)]
    assert str(pq.read_schema(tmp_path / "set" / "train.parquet").field("label").type).removeprefix("large_") == arrow


def test_rows_without_such_a_label_stay_and_are_counted(tmp_path: Path) -> None:
    result = labeled(tmp_path, "nullif(delay, -3)")
    for split in result.splits:
        cells = [row["label"] for row in split_rows(tmp_path, split.name)]
        assert split.unlabeled == cells.count(None) > 0
        assert len(cells) == split.rows


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("delay", "label that is neither 0 nor 1"),
        ("delay / 100.0", "label that is neither 0 nor 1"),
        ("CASE WHEN delay > 10 THEN 'late' END", "rows have no label"),
        ("CASE WHEN delay > 10 THEN 'late' ELSE 'early' END", "400 rows have a label that is neither 0 nor 1"),
    ],
)
def test_a_label_to_learn_from_is_0_or_1_in_every_row(tmp_path: Path, label: str, words: str) -> None:
    """A fraction is not rounded to one of them."""
    with pytest.raises(Invalid, match=words) as refusal:
        labeled(tmp_path, label, label_kind="binary")
    assert "the label kind is any" in refusal.value.hint


@pytest.mark.parametrize("label", ["CAST(delay > 10 AS INTEGER)", "delay > 10", "CAST(delay > 10 AS DOUBLE)"])
def test_0_and_1_are_known_however_they_are_written(tmp_path: Path, label: str) -> None:
    result = labeled(tmp_path, label, label_kind="binary")
    assert result.label == "binary"
    assert {type(row["label"]) for row in split_rows(tmp_path, "train")} == {int}
    assert 0 < (result.splits[0].positive_share or 0) < 1


@pytest.mark.parametrize("label", ["due_at", "[delay]"])
def test_a_label_of_a_type_of_its_own_is_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(Invalid, match="labels are numbers, text or true and false") as refusal:
        labeled(tmp_path, label)
    assert refusal.value.field == "entity.label"


def test_no_column_is_held_against_a_label_that_is_not_0_and_1(tmp_path: Path) -> None:
    query = {"sql": MOOD_SQL, "numbers": ("distance", "mood")}
    assert [leak.column for leak in join(tmp_path, entity(**query), marks={}).leaks] == ["mood"]
    for changes in ({"label": ""}, {"label_kind": "any"}):
        result = join(tmp_path, entity(**query | changes), marks={})
        assert (result.leaks, len(result.splits)) == ((), 2)


@pytest.mark.parametrize("label", ["", "late"])
def test_future_leakage_is_found_without_any_label(tmp_path: Path, label: str) -> None:
    leaks = join(tmp_path, entity(MOOD_SQL, label=label, label_kind="any", numbers=("mood",))).leaks
    assert [(leak.column, leak.auc) for leak in leaks] == [("mood", None)]


def test_late_rows_are_told_without_what_they_tell_of_a_label(tmp_path: Path) -> None:
    view = late_view(tmp_path)
    with_label = join(tmp_path, views=(view,)).leak_report
    silent = join(tmp_path, entity(label=""), views=(view,)).leak_report
    assert [item.rows for item in silent.differing] == [item.rows for item in with_label.differing]
    assert {item.auc_known for item in silent.differing} == {None}
    assert None not in {item.auc_known for item in with_label.differing}


def test_the_newest_moment_of_a_split_is_told(tmp_path: Path) -> None:
    train, _test = join(tmp_path).splits
    assert train.newest_event == datetime(2013, 1, 8, 23, 20, tzinfo=UTC)


def test_what_was_written_before_there_were_other_labels_reads_as_before() -> None:
    """The JSON of then gives the values of now, whose JSON is that of then: the digests stay."""
    query = {
        "sql": "SELECT 1 AS x",
        "sources": {"flights": "SNAP-1"},
        "row_id": "id",
        "event_time": "due_at",
        "label": "late",
        "categories": [],
        "numbers": ["distance"],
        "keys_only": [],
    }
    split = {
        "name": "train",
        "start": "2013-01-01",
        "end": "2013-01-09",
        "digest": "0" * 64,
        "rows": 288,
        "positive_share": 0.25,
    }
    manifest = {
        "rules": "R1-R12",
        "known_at": True,
        "entity": query,
        "sources": {"flights": "0" * 64},
        "versions": {},
        "uses": [],
        "contract": {"event_time": "due_at", "row_id": "id", "request": [], "views": []},
        "rows": 400,
        "splits": [split],
        "matches": [],
        "nulls": {},
        "engine": "polars 1",
    }
    loaded = TrainingSetManifest.model_validate(manifest)
    assert (loaded.label, loaded.entity.can_teach, loaded.splits[0].newest_event) == ("binary", True, None)
    assert digest_of(loaded) == digest_of(manifest)
    assert canonical(loaded) == canonical(manifest)


def test_another_label_is_part_of_what_is_written() -> None:
    query = entity(label="delay", label_kind="any")
    assert EntityQuery.model_validate_json(query.model_dump_json()) == query
    assert not query.can_teach
    split = SplitFile(**SPLITS[0].model_dump(), digest="", rows=3, unlabeled=2)
    assert SplitFile.model_validate_json(split.model_dump_json()) == split
