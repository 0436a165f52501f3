"""What a training set would have learned from the future is told, view by view and input by input."""

from pathlib import Path

import pytest

from core.features.engines.comparison import Difference, differences
from tests.features.departures import ENTITY_SQL, Joined, as_joined, build, entity, join, split_rows

LATE_SQL = """
SELECT carrier, due_at, due_at + INTERVAL 5 HOUR AS written, distance AS last_distance, id // 100 AS hundred
FROM flights
"""


def late_view(folder: Path) -> Joined:
    return as_joined(folder, build(folder, LATE_SQL, event_time="due_at", created_time="written"))


def test_late_rows_are_told_with_the_inputs_that_they_change(tmp_path: Path) -> None:
    report = join(tmp_path, views=(late_view(tmp_path),)).leak_report
    (view,) = report.views
    assert (view.view, report.rows) == ("carrier_delay", 400)
    assert view.rows > 200
    distance, hundred = report.differences
    assert (distance.column, hundred.column) == ("v_last_distance", "v_hundred")
    assert distance.share == pytest.approx(distance.rows / 400)
    assert distance.rows > hundred.rows > 0
    assert report.differing == (distance, hundred)
    assert distance.auc_known is not None
    assert distance.auc_latest is not None


def test_the_differences_are_those_of_the_two_joins(tmp_path: Path) -> None:
    """Counted again by hand, from a set of each kind."""
    view = late_view(tmp_path)
    report = join(tmp_path, views=(view,)).leak_report
    known = [*split_rows(tmp_path, "train"), *split_rows(tmp_path, "test")]
    again = join(tmp_path, views=(view,), known_at=False)
    latest = [*split_rows(tmp_path, "train"), *split_rows(tmp_path, "test")]
    pairs = [(left["v_last_distance"], right["v_last_distance"]) for left, right in zip(known, latest, strict=True)]
    apart = [abs(left - right) for left, right in pairs if left is not None and right is not None]
    (difference, _hundred) = report.differences
    assert difference.rows == sum(left != right for left, right in pairs)
    assert difference.mean_difference == pytest.approx(sum(apart) / len(apart))
    assert again.leak_report == report
    assert [leak.column for leak in again.leaks] == ["carrier_delay"]


def test_a_view_without_late_rows_costs_no_second_join(tmp_path: Path) -> None:
    """The flag has no effect there (R5), which the matches say."""
    result = join(tmp_path, views=(as_joined(tmp_path, build(tmp_path)),))
    assert (result.leak_report.views, result.leak_report.differences) == ((), ())
    assert [view_match.uses_known_at for view_match in result.matches] == [False]
    assert result.engine.startswith("polars ")


def test_matches_tell_what_every_row_was_answered_with(tmp_path: Path) -> None:
    view = late_view(tmp_path)
    served = view.view.served.model_copy(update={"ttl_us": 6 * 3600 * 10**6})
    short = Joined(view.view.model_copy(update={"served": served}), view.path)
    result = join(tmp_path, views=(short,))
    (view_match,) = result.matches
    rows = [*split_rows(tmp_path, "train"), *split_rows(tmp_path, "test")]
    assert view_match.present == sum(row["v_last_distance"] is not None for row in rows)
    assert view_match.present + view_match.null + view_match.expired + view_match.not_found == result.rows == 400
    assert view_match.expired > 0
    assert view_match.not_found > 0
    assert view_match.late == 0
    assert result.nulls["v_last_distance"] == 400 - view_match.present


def test_no_views_no_report(tmp_path: Path) -> None:
    result = join(tmp_path, entity(ENTITY_SQL))
    assert (result.matches, result.nulls, result.leak_report.rows) == ((), {}, 400)


def test_files_are_compared_row_by_row(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    left, right = tmp_path / "left.parquet", tmp_path / "right.parquet"
    nan = float("nan")
    pq.write_table(pa.table({"x": [1.0, None, 3.0, nan], "word": ["a", None, "c", "d"]}), left)
    pq.write_table(pa.table({"x": [1.0, 2.0, 5.0, nan], "word": ["a", None, "b", None]}), right)
    by_column = differences([(left, right), (left, left)], ["x", "word"])
    assert by_column == {"x": Difference(rows=2, of=8, distance=2.0, pairs=4), "word": Difference(rows=2, of=8)}
