"""Runs are found by their words, parameters and metrics, marked, and drawn over each other, on both databases."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.foundation.errors import Invalid, NotAllowed, NotFound
from core.portal import Portal
from core.training.catalog import add_points
from core.training.tables import RunMetricRow, RunRow
from core.training.values import Run
from core.training.workspace.fields import write_metrics
from core.training.workspace.values import RunFilter
from tests.conftest import People
from tests.registry.onnx_files import register_tiny
from tests.training.sets import SMALL, make_training_set, start

RATE, SCORE = "params.learning_rate", "metrics.score"


@pytest.fixture
def runs(portal_on: Portal, people: People, tmp_path: Path) -> tuple[Run, Run, Run]:
    """Three runs at different rates; two have a score."""
    training_set = make_training_set(portal_on, tmp_path / "splits")
    rates = {"slow": 0.001, "middle": 0.02, "fast": 0.5}
    slow, middle, fast = (
        start(portal_on, people, training_set, title=title, params={**SMALL, "learning_rate": rate})
        for title, rate in rates.items()
    )
    with portal_on.foundation.database.write() as session:
        for run, score in ((slow, 0.7), (fast, 0.6)):
            write_metrics(session, run.id, project=run.project, metrics={"score": 0.1})
            write_metrics(session, run.id, project=run.project, metrics={"score": score})
    return slow, middle, fast


def titles(portal: Portal, people: People, **wanted: object) -> list[str]:
    listing = portal.run_workspace.search_runs(people.viewer, **wanted)
    assert listing.total == len(listing.items)
    return [line.title for line in listing.items]


@pytest.mark.parametrize(
    ("field", "comparison", "value", "expected"),
    [
        (RATE, "=", "0.02", ["middle"]),
        (RATE, "!=", "2e-2", ["fast", "slow"]),
        (RATE, "<", "0.02", ["slow"]),
        (RATE, ">", "0.002", ["fast", "middle"]),
        (SCORE, ">", "0.65", ["slow"]),
        (SCORE, "!=", "0.6", ["slow"]),  # What has no score meets no condition on it.
        ("params.schedule", "contains", "CYCLE", ["fast", "middle", "slow"]),
        ("params.schedule", "=", "cosine", []),
    ],
)
def test_filters_compare_numbers_as_numbers_and_words_as_words(
    portal_on: Portal, people: People, runs: tuple[Run, ...], field: str, comparison: str, value: str, expected: object
) -> None:
    wanted = RunFilter.model_validate({"field": field, "comparison": comparison, "value": value})
    assert titles(portal_on, people, filters=(wanted,)) == expected


def test_any_parameter_or_metric_sorts_and_what_has_none_comes_last(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    assert titles(portal_on, people, sort=RATE) == ["slow", "middle", "fast"]
    assert titles(portal_on, people, sort=SCORE, descending=True) == ["slow", "fast", "middle"]
    assert titles(portal_on, people, sort=SCORE) == ["fast", "slow", "middle"]
    pages = [
        portal_on.run_workspace.search_runs(people.viewer, sort=SCORE, offset=offset, limit=1).items[0].title
        for offset in range(3)
    ]
    assert pages == ["fast", "slow", "middle"]
    assert titles(portal_on, people) == ["fast", "middle", "slow"]
    assert titles(portal_on, people, sort="best") == ["fast", "middle", "slow"]


def test_a_line_has_the_values_of_the_columns_that_were_asked_for(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    columns = (RATE, SCORE, "params.schedule")
    lines = portal_on.run_workspace.search_runs(people.viewer, columns=columns).items
    assert [dict(line.values) for line in lines] == [
        {RATE: 0.5, SCORE: 0.6, "params.schedule": "one_cycle"},
        {RATE: 0.02, "params.schedule": "one_cycle"},
        {RATE: 0.001, SCORE: 0.7, "params.schedule": "one_cycle"},
    ]
    fields = {field.name: field.is_number for field in portal_on.run_workspace.run_fields(people.viewer)}
    assert (fields[RATE], fields[SCORE], fields["params.schedule"]) == (True, True, False)
    assert portal_on.run_workspace.run_fields(people.outsider) == ()


def test_stars_are_ones_own_and_notes_and_tags_everybodys(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    workspace, (slow, middle, _fast) = portal_on.run_workspace, runs
    assert workspace.star_run(people.viewer, run_id=slow.id).starred
    marks = workspace.describe_run(people.engineer, run_id=middle.id, note=" Try again ", tags=("Gold", "gold", "b"))
    assert (marks.note, marks.tags, marks.starred) == ("Try again", ("b", "gold"), False)
    assert titles(portal_on, people, only_starred=True) == ["slow"]
    assert titles(portal_on, people, tag="gold") == ["middle"]
    assert workspace.search_runs(people.engineer, only_starred=True).total == 0
    assert [line.tags for line in workspace.search_runs(people.viewer, tag="gold").items] == [("b", "gold")]
    assert workspace.describe_run(people.engineer, run_id=middle.id, tags=()).note == "Try again"
    workspace.star_run(people.viewer, run_id=slow.id, starred=False)
    assert titles(portal_on, people, only_starred=True) == []
    with pytest.raises(NotAllowed):
        workspace.describe_run(people.viewer, run_id=slow.id, note="Mine")


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("SLOW", ["slow"]),
        ("tabular", ["fast", "middle", "slow"]),
        ("again", ["middle"]),
        ("old", ["middle"]),
        ("%", []),
    ],
)
def test_words_are_looked_for_in_titles_recipes_notes_and_tags(
    portal_on: Portal, people: People, runs: tuple[Run, ...], search: str, expected: Sequence[str]
) -> None:
    portal_on.run_workspace.describe_run(people.engineer, run_id=runs[1].id, note="Try again", tags=("gold",))
    assert titles(portal_on, people, search=search) == expected


def test_curves_of_several_runs_come_at_once_and_thinned(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    slow, middle, fast = runs
    with portal_on.foundation.database.write() as session:
        for run, steps in ((slow, 4), (fast, 103)):
            points = [RunMetricRow(run_id=run.id, name="loss", step=step, value=step / 2) for step in range(steps)]
            add_points(session, run.id, points)
    ids = (fast.id, middle.id, slow.id)
    answer = portal_on.run_workspace.curves(people.viewer, run_ids=ids, names=("loss",), most=10)
    steps = [[point.step for series in curves.series for point in series.points] for curves in answer]
    assert [curves.run_id for curves in answer] == list(ids)
    assert steps == [[3, 14, 25, 36, 47, 58, 69, 80, 91, 102], [], [0, 1, 2, 3]]
    with pytest.raises(NotFound):
        portal_on.run_workspace.curves(people.outsider, run_ids=(slow.id,))


def test_views_are_kept_by_name_and_by_person(portal_on: Portal, people: People) -> None:
    workspace = portal_on.run_workspace
    workspace.save_run_view(people.viewer, name="Mine", address="group=tag")
    workspace.save_run_view(people.viewer, name="Mine", address="group=sweep")
    assert [(view.name, view.address) for view in workspace.list_run_views(people.viewer).items] == [
        ("Mine", "group=sweep")
    ]
    assert workspace.list_run_views(people.engineer).total == 0
    with pytest.raises(NotFound):
        workspace.delete_run_view(people.engineer, name="Mine")
    workspace.delete_run_view(people.viewer, name="Mine")
    assert workspace.list_run_views(people.viewer).total == 0


def test_a_column_that_is_no_parameter_and_no_metric_is_refused(portal_on: Portal, people: People) -> None:
    with pytest.raises(Invalid, match=r"params\. or metrics\."):
        portal_on.run_workspace.search_runs(people.viewer, columns=("learning_rate",))


def test_groups_speak_of_the_whole_list_whatever_part_of_it_is_shown(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    workspace, (slow, middle, _fast) = portal_on.run_workspace, runs
    workspace.describe_run(people.engineer, run_id=slow.id, tags=("night", "gold"))
    workspace.describe_run(people.engineer, run_id=middle.id, tags=("gold",))
    about = {"columns": (RATE, SCORE)}
    (whole,) = workspace.run_groups(people.viewer, grouped_by="recipe", groups=("tabular", "linear"), **about)
    assert (whole.name, whole.runs) == ("tabular", 3)
    assert {name: (reach.lowest, reach.highest) for name, reach in whole.figures.items()} == {
        RATE: (0.001, 0.5),
        SCORE: (0.6, 0.7),
    }
    (narrowed,) = workspace.run_groups(people.viewer, grouped_by="recipe", groups=("tabular",), search="slow", **about)
    assert (narrowed.runs, narrowed.figures[SCORE].lowest) == (1, 0.7)
    tags = workspace.run_groups(people.viewer, grouped_by="tag", groups=("gold", "night", ""))
    assert {group.name: group.runs for group in tags} == {"gold": 2, "": 1}
    sets = workspace.run_groups(people.viewer, grouped_by="training_set", groups=(slow.training_set_id,))
    assert [group.runs for group in sets] == [3]
    assert workspace.run_groups(people.outsider, grouped_by="recipe", groups=("tabular",)) == ()


def test_a_run_is_archived_with_what_it_learned_from_or_its_version(
    portal_on: Portal, people: People, runs: tuple[Run, ...]
) -> None:
    def archived() -> list[str]:
        return [line.title for line in portal_on.run_workspace.search_runs(people.viewer).items if line.archived]

    assert archived() == []
    portal_on.keeping.archive(people.engineer, object_id=runs[0].training_set_id)
    assert archived() == ["fast", "middle", "slow"]
    portal_on.keeping.bring_back(people.engineer, object_id=runs[0].training_set_id)
    version = register_tiny(portal_on, people.engineer)
    with portal_on.foundation.database.write() as session:
        row = session.get_one(RunRow, runs[1].id)
        row.version_id = version.id
        session.add(row)
    assert archived() == []
    portal_on.keeping.archive(people.engineer, object_id=version.model_id)
    assert archived() == ["middle"]
