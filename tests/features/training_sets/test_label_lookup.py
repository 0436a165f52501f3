"""Labels that arrive later: what a view knew at the event time plus a horizon, and not a moment later."""

from pathlib import Path
from typing import Any

import pytest

from core.features.training_sets.job_spec import LabelView
from core.features.training_sets.plan import check_entity
from core.features.training_sets.values import EntityQuery, LabelFrom
from core.foundation.errors import Invalid
from tests.features.departures import Joined, as_joined, build, entity, join, split_rows

HOUR_US = 3_600_000_000
# Whether a flight was late, known when it left: minutes after it was due.
OUTCOMES = "SELECT id AS flight, left_at, CAST(delay > 10 AS INTEGER) AS late, delay FROM flights"
SQL = "SELECT id, due_at, carrier, distance, id AS flight FROM flights"


def asking(hours: float, *, column: str = "late", **changes: Any) -> EntityQuery:
    source = LabelFrom(version_id="FEAT-1", column=column, keys={"flight": "flight"}, horizon_seconds=int(hours * 3600))
    return entity(SQL, **{"label": "outcome", "label_from": source} | changes)


def outcomes(folder: Path, *, hours: float, column: str = "late", sql: str = OUTCOMES, **changes: Any) -> Joined:
    rows = build(folder, sql, keys=("flight",), marks={}, **changes)
    view = as_joined(folder, rows, keys=(("flight", "flight"),)).view
    kinds = {name: kind for name, _column, kind in view.served.outputs}
    served = view.served.model_copy(update={"outputs": ((column, "label", kinds[column]),)})
    label = LabelView(served=served, input="label_rows", horizon_us=int(hours * HOUR_US))
    return Joined(label, folder / "rows.parquet")


def test_the_label_is_what_was_known_at_the_horizon(tmp_path: Path) -> None:
    result = join(tmp_path, asking(3), label_from=outcomes(tmp_path, hours=3), marks={})
    assert (result.label, result.target.label) == ("binary", "outcome")
    rows = [row for split in result.splits for row in split_rows(tmp_path, split.name)]
    delays = {row["row_id"]: row["label"] for row in rows}
    join(tmp_path, marks={})
    truth = [row for name in ("train", "test") for row in split_rows(tmp_path, name)]
    assert delays == {row["row_id"]: row["label"] for row in truth if row["row_id"] in delays}
    assert list(rows[0]) == ["row_id", "event_time", "label", "carrier", "distance"]


def test_rows_whose_horizon_has_not_passed_are_left_out_and_counted(tmp_path: Path) -> None:
    """A flight every 40 minutes: the newest source row is from the last one."""
    result = join(tmp_path, asking(4), label_from=outcomes(tmp_path, hours=4), marks={})
    note = result.notes[0]
    assert note.endswith("rows were left out: the horizon of their label has not passed yet.")
    assert 4 <= int(note.split()[0]) <= 8
    assert sum(split.rows for split in result.splits) == 400 - int(note.split()[0])


def test_what_was_not_known_at_the_horizon_is_no_label(tmp_path: Path) -> None:
    """Within a tenth of an hour only flights that left soon are known, and no label of a later one is used."""
    query = asking(0.1, column="delay", task="regression")
    result = join(tmp_path, query, label_from=outcomes(tmp_path, hours=0.1, column="delay"), marks={})
    rows = [row for split in result.splits for row in split_rows(tmp_path, split.name)]
    assert max(row["label"] for row in rows) == 6
    assert any("no label was known for them at its horizon" in note for note in result.notes)


def test_what_was_written_after_the_horizon_is_not_known_at_it(tmp_path: Path) -> None:
    sql = f"SELECT *, left_at + INTERVAL 5 HOUR AS written FROM ({OUTCOMES})"
    late = outcomes(tmp_path, hours=4, sql=sql, created_time="written")
    with pytest.raises(Invalid, match=r"No row has a label: for .* the horizon has not passed, for .* none was known"):
        join(tmp_path, asking(4), label_from=late, marks={})


def test_a_label_that_was_known_before_is_said(tmp_path: Path) -> None:
    """Flights that leave early are known when they are due."""
    query = asking(3, column="delay", task="regression")
    result = join(tmp_path, query, label_from=outcomes(tmp_path, hours=3, column="delay"), marks={})
    rows = [row for split in result.splits for row in split_rows(tmp_path, split.name)]
    early = sum(row["label"] <= 0 for row in rows)
    assert f"{early} rows have a label that was known at their event time already" in result.notes[-1]


def test_a_label_for_analysis_may_be_missing(tmp_path: Path) -> None:
    query = asking(0.1, column="delay", label_kind="any")
    result = join(tmp_path, query, label_from=outcomes(tmp_path, hours=0.1, column="delay"), marks={})
    assert sum(split.unlabeled for split in result.splits) > 0
    assert result.label == "integer"


def test_a_horizon_beyond_all_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="No row has a label: for 400 the horizon has not passed"):
        join(tmp_path, asking(9_999), label_from=outcomes(tmp_path, hours=9_999), marks={})


def test_a_label_of_numbers_needs_its_task(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="rows have a label that is neither 0 nor 1"):
        join(tmp_path, asking(3, column="delay"), label_from=outcomes(tmp_path, hours=3, column="delay"), marks={})


def test_a_later_label_needs_the_moment_of_each_row() -> None:
    with pytest.raises(Invalid, match="A label that arrives later needs the moment of each row"):
        check_entity(asking(3, event_time=""))
