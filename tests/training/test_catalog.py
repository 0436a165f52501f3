"""Lists and histories of runs, on both databases."""

from pathlib import Path

from core.portal import Portal
from core.training.catalog import add_points
from core.training.tables import RunMetricRow, RunRow
from core.training.values import RunOrder
from tests.conftest import People
from tests.training.sets import make_training_set, start


def test_lists_are_filtered_and_sorted_by_the_database(portal_on: Portal, people: People, tmp_path: Path) -> None:
    portal, training_set = portal_on, make_training_set(portal_on, tmp_path / "splits")
    good, bad, queued = (start(portal, people, training_set, title=title) for title in ("good", "bad", "queued"))
    with portal.foundation.database.write() as session:
        for run, loss in ((good, 0.4), (bad, 0.6)):
            row = session.get_one(RunRow, run.id)
            row.validation_loss = loss
            session.add(row)
    listing = portal.training.list_runs(people.viewer, project="PROJ-1")
    assert [run.id for run in listing.items] == [queued.id, bad.id, good.id]
    best = portal.training.list_runs(people.viewer, order_by=RunOrder.BEST, limit=2)
    assert ([run.title for run in best.items], best.total) == (["good", "bad"], 3)
    assert portal.training.list_runs(people.viewer, state="succeeded").total == 0
    assert portal.training.list_runs(people.viewer, state="queued", training_set_id=training_set).total == 3
    assert portal.training.list_runs(people.outsider).total == 0
    assert portal.training.list_runs(people.viewer, sweep_id="SW-1").total == 0


def test_a_point_that_is_told_twice_is_there_once(portal_on: Portal, people: People, tmp_path: Path) -> None:
    run = start(portal_on, people, make_training_set(portal_on, tmp_path / "splits"))

    def added_steps(*steps: int, value: float) -> list[int]:
        points = [RunMetricRow(run_id=run.id, name="train_loss", step=step, value=value) for step in steps]
        with portal_on.foundation.database.write() as session:
            return [point.step for point in add_points(session, run.id, points)]

    assert added_steps(1, 2, 2, 3, value=0.5) == [1, 2, 3]
    assert added_steps(2, 3, 4, value=0.4) == [4]
    assert added_steps(value=0.1) == []
    (series,) = portal_on.training.history(people.viewer, run_id=run.id)
    assert [(point.step, point.value) for point in series.points] == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.4)]


def test_a_long_history_is_thinned_and_keeps_its_end(portal_on: Portal, people: People, tmp_path: Path) -> None:
    run = start(portal_on, people, make_training_set(portal_on, tmp_path / "splits"))
    names = {"train_loss": 103, "validation_auc": 5}
    points = [
        RunMetricRow(run_id=run.id, name=name, step=step, value=step) for name, n in names.items() for step in range(n)
    ]
    with portal_on.foundation.database.write() as session:
        add_points(session, run.id, points)
    history = portal_on.training.history(people.viewer, run_id=run.id, most=10)
    steps = {series.name: [point.step for point in series.points] for series in history}
    assert steps == {"train_loss": [3, 14, 25, 36, 47, 58, 69, 80, 91, 102], "validation_auc": [0, 1, 2, 3, 4]}
