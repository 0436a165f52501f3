"""How rows would be split, counted before anything is joined: the same figures as the join gives."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.job_specs import SourceTable
from core.features.training_sets.proposals.split_preview import SplitsSpec, preview_of
from core.features.training_sets.proposals.values import SplitsPreview
from core.features.training_sets.values import EntityQuery, LabelFrom, ShareSplits, Split
from core.foundation.errors import Invalid
from tests.features.departures import LIMITS, flights, join

ROWS = EntityQuery(
    sql="SELECT *, CAST(delay > 10 AS INTEGER) AS late FROM flights",
    sources={"flights": "SNAP-1"},
    row_id="id",
    event_time="due_at",
    label="late",
    categories=("carrier",),
    numbers=("distance",),
)
WINDOWS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 8)),
    Split(name="test", start=date(2013, 1, 9), end=date(2013, 1, 13)),
)
SHARES = ShareSplits(shares={"train": 0.7, "test": 0.2}, by="stratified")


def counted(folder: Path, entity: EntityQuery = ROWS, *, table: pa.Table | None = None, **given: Any) -> SplitsPreview:
    path = folder / "flights.parquet"
    pq.write_table(flights() if table is None else table, path)
    source = SourceTable(name="flights", inputs=("flights",), known={"delay": "left_at"})
    spec = SplitsSpec(entity=entity, sources=(source,), **given)
    return preview_of(spec, inputs={"flights": path}, folder=folder, limits=LIMITS)


@pytest.mark.parametrize("given", [{"splits": WINDOWS}, {"shares": SHARES}])
def test_the_counts_are_those_of_the_join(tmp_path: Path, given: dict[str, Any]) -> None:
    preview = counted(tmp_path, **given)
    joined = join(tmp_path, ROWS, **{"splits": ()} | given, table=flights(), marks={}, suspicious_auc=1.0)
    assert {split.name: split.rows for split in preview.splits} == {file.name: file.rows for file in joined.splits}
    shares = {split.name: split.spread.shares["1"] for split in preview.splits if split.spread}
    assert shares == pytest.approx({file.name: file.positive_share for file in joined.splits}, abs=1e-6)
    assert preview.outside == 400 - sum(file.rows for file in joined.splits)


def test_days_add_up_to_the_rows_and_say_how_the_label_moves(tmp_path: Path) -> None:
    preview = counted(tmp_path, splits=WINDOWS)
    assert (sum(day.rows for day in preview.days), preview.days_each, preview.level_of) == (400, 1, "1")
    train = [day for day in preview.days if day.day < date(2013, 1, 8)]
    assert sum(day.rows for day in train) == preview.splits[0].rows
    late = sum(day.rows * (day.level or 0) for day in train) / preview.splits[0].rows
    assert preview.splits[0].spread
    assert late == pytest.approx(preview.splits[0].spread.shares["1"], abs=1e-5)
    numbers = counted(tmp_path, ROWS.model_copy(update={"label": "distance", "task": "regression"}), splits=WINDOWS)
    assert (numbers.level_of, numbers.splits[0].spread is not None) == ("", True)


def test_a_long_time_is_drawn_in_stretches(tmp_path: Path) -> None:
    sql = "SELECT id, due_at + (id % 100) * INTERVAL 40 DAY AS due_at, 0 AS late FROM (SELECT * REPLACE (row_number() OVER () AS id) FROM flights)"  # noqa: E501
    preview = counted(tmp_path, ROWS.model_copy(update={"sql": sql, "label": ""}), splits=WINDOWS)
    assert (preview.days_each, sum(day.rows for day in preview.days)) == (7, 400)
    assert {day.level for day in preview.days} == {None}


def test_a_split_that_teaches_nothing_says_why(tmp_path: Path) -> None:
    empty = Split(name="late", start=date(2014, 1, 1), end=date(2014, 2, 1))
    preview = counted(tmp_path, splits=(*WINDOWS, empty))
    assert [split.problem for split in preview.splits] == ["", "", "it has no rows"]
    same = counted(tmp_path, ROWS.model_copy(update={"sql": "SELECT *, 0 AS late FROM flights"}), splits=WINDOWS)
    assert same.splits[0].problem


def test_a_label_from_another_view_is_known_later(tmp_path: Path) -> None:
    source = LabelFrom(version_id="FEAT-1", column="late", keys={"id": "id"}, horizon_seconds=60)
    entity = ROWS.model_copy(update={"sql": "SELECT * FROM flights", "label_from": source})
    preview = counted(tmp_path, entity, splits=WINDOWS)
    assert [split.spread for split in preview.splits] == [None, None]


@pytest.mark.parametrize(
    ("changes", "given", "words"),
    [
        ({"row_id": "carrier"}, {"splits": WINDOWS}, "an id that another row has"),
        ({"label": "carrier"}, {"splits": WINDOWS}, "neither 0 nor 1"),
        ({"label": "carrier", "task": "regression"}, {"splits": WINDOWS}, "does not fit its task"),
        ({}, {"shares": ShareSplits(by="column", column="distance")}, "The column of the splits has"),
    ],
)
def test_what_the_join_would_refuse_is_refused_here(
    tmp_path: Path, changes: dict[str, Any], given: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        counted(tmp_path, ROWS.model_copy(update=changes), **given)
