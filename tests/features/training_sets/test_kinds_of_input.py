"""Texts and vectors as inputs: what a join keeps of them, what it refuses, and what is said of them to models."""

from pathlib import Path

import pytest

from core.features.training_sets.values import EntityQuery, ShareSplits
from core.features.values import RequestField
from core.foundation.errors import Invalid
from tests.features.departures import entity, join, split_rows

ONLY_INPUTS = {"categories": (), "numbers": ()}
SQL = """
SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, carrier || ' leaves at ' || due_at AS notice,
       [distance, 2, CAST(id AS DOUBLE) / 3] AS place FROM flights
"""


def review(sql: str = SQL, **changes: object) -> EntityQuery:
    return entity(sql, **ONLY_INPUTS | {"texts": ("notice",), "vectors": ("place",)} | changes)


def test_texts_and_vectors_are_kept_as_a_model_takes_them(tmp_path: Path) -> None:
    result = join(tmp_path, review())
    row = split_rows(tmp_path, "train")[0]
    assert row["notice"].split()[1:3] == ["leaves", "at"]
    assert row["place"][1:] == [2.0, int(row["row_id"]) / 3]
    assert result.contract.request == (
        RequestField(name="notice", kind="text", is_model_input=True),
        RequestField(name="place", kind="vector", is_model_input=True, size=3),
    )
    assert (result.contract.texts(), result.contract.vectors()) == (("notice",), ("place",))


def test_they_lie_in_splits_by_share_too(tmp_path: Path) -> None:
    shares = ShareSplits(shares={"train": 0.7, "test": 0.3})
    join(tmp_path, review(event_time=""), shares=shares)
    assert {len(row["place"]) for row in split_rows(tmp_path, "test")} == {3}


def test_a_vector_that_contains_the_outcome_is_found_by_the_number_that_does(tmp_path: Path) -> None:
    result = join(tmp_path, review(sql=SQL.replace("[distance, 2", "[distance, delay")), marks={})
    assert [(leak.column, leak.auc and round(leak.auc, 1)) for leak in result.leaks] == [("place", 1.0)]


@pytest.mark.parametrize(
    "place",
    [
        "CASE WHEN id = 7 THEN [1.0] ELSE [1.0, 2.0] END",
        "CASE WHEN id <> 7 THEN [1.0] END",
        "CASE WHEN id = 7 THEN [NULL] ELSE [1.0] END",
        "CASE WHEN id = 7 THEN ['inf'::DOUBLE] ELSE [1.0] END",
    ],
)
def test_a_row_that_breaks_a_vector_is_named(tmp_path: Path, place: str) -> None:
    sql = f"SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, {place} AS place FROM flights"
    with pytest.raises(Invalid, match="place is no vector") as refusal:
        join(tmp_path, entity(sql, **ONLY_INPUTS, vectors=("place",)))
    assert "the row 7:" in str(refusal.value.hint)


@pytest.mark.parametrize(("role", "name"), [("texts", "distance"), ("vectors", "carrier")])
def test_other_types_are_refused(tmp_path: Path, role: str, name: str) -> None:
    with pytest.raises(Invalid, match=f"{name} is"):
        join(tmp_path, entity(**ONLY_INPUTS | {role: (name,)}))


def test_earlier_queries_are_written_as_they_were() -> None:
    assert not {"texts", "vectors", "images"} & set(entity().model_dump(mode="json"))
    assert set(RequestField(name="a", kind="number", is_model_input=True).model_dump()) == {
        "name",
        "kind",
        "is_model_input",
    }
