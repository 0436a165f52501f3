"""A walk goes on where it stopped, makes nothing twice, and leaves what is not its own alone."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from app.demonstration.run import record_of, take_steps
from app.demonstration.walk import Demonstration, Step, Walk
from core.foundation.actions.call import Foundation
from core.installation import PROJECT, prepare
from core.portal import Portal, build_portal


def make_dataset(walk: Walk) -> None:
    project = walk.project
    create = walk.portal.datasets.create_dataset
    walk.once("dataset", lambda: create(walk.actor("mei"), project=project, name="things").id)


def stumble(walk: Walk) -> None:
    if walk.once("stumbled", lambda: "no") == "no":
        walk.keep("stumbled", "yes")
        raise RuntimeError("somebody pulled the plug")


def demonstration(name: str = "things", *, first: bool = False) -> Demonstration:
    steps = (Step("Make a dataset", make_dataset), Step("Stumble", stumble))
    return Demonstration(name, title=name.title(), shows="", seconds=1, steps=steps, takes_first_project=first)


@pytest.fixture
def home(foundation: Foundation) -> Portal:
    """An installation with the people that a new one begins with."""
    portal = build_portal(foundation.settings, foundation=foundation)
    prepare(portal)
    return portal


def walk_of(portal: Portal, shown: Demonstration) -> Walk:
    record = record_of(shown, home=portal.foundation.settings.home)
    return Walk(portal, demonstration=shown, console=Console(file=io.StringIO(), width=200), record=record)


def walked(portal: Portal, shown: Demonstration) -> tuple[Walk, str]:
    """The whole walk, however often it has to be begun, and what the last one printed."""
    walk = walk_of(portal, shown)
    try:
        take_steps(walk)
    except RuntimeError:
        return walked(portal, shown)
    return walk, walk.console.file.getvalue()  # type: ignore[attr-defined]


def projects_of(portal: Portal) -> list[str]:
    mei = walk_of(portal, demonstration()).actor("mei")
    return [project.name for project in portal.identity.list_projects(mei)]


def test_each_has_a_project_with_the_people_of_the_first(home: Portal) -> None:
    walk, _printed = walked(home, demonstration())
    assert walk.project != "PROJ-1"
    assert projects_of(home) == [PROJECT, "Things"]
    for handle, seen in (("mei", 1), ("priya", 1)):
        datasets = home.datasets.list_datasets(walk.actor(handle), project=walk.project)
        assert datasets.total == seen
    assert not home.datasets.list_datasets(walk.actor("mei"), project="PROJ-1").total


def test_a_walk_that_stopped_goes_on_and_one_that_is_complete_says_so(home: Portal) -> None:
    with pytest.raises(RuntimeError):
        take_steps(walk_of(home, demonstration()))
    walk, printed = walked(home, demonstration())
    assert "1/2" not in printed
    assert "2/2" in printed
    assert "The demonstration things is complete" in printed
    again, printed = walked(home, demonstration())
    assert "The demonstration things was walked before, and nothing is made twice" in printed
    assert again.created == walk.created
    assert projects_of(home) == [PROJECT, "Things"]
    assert home.datasets.list_datasets(walk.actor("mei")).total == 1


def test_two_of_them_stand_side_by_side(home: Portal) -> None:
    things, _printed = walked(home, demonstration())
    others, _printed = walked(home, demonstration("others"))
    assert projects_of(home) == [PROJECT, "Others", "Things"]
    assert things.record != others.record
    assert things.project != others.project


def test_the_first_project_is_taken_while_it_is_empty(home: Portal) -> None:
    walked(home, demonstration("others"))
    walk, _printed = walked(home, demonstration(first=True))
    assert walk.project == "PROJ-1"
    assert walk_of(home, demonstration(first=True)).project == "PROJ-1", "what it has made itself does not move it"


def test_the_first_project_of_somebody_with_data_is_left_alone(home: Portal) -> None:
    mei = walk_of(home, demonstration()).actor("mei")
    home.datasets.create_dataset(mei, project="PROJ-1", name="orders")
    walk, _printed = walked(home, demonstration(first=True))
    assert walk.project != "PROJ-1"
    assert home.datasets.list_datasets(mei, project="PROJ-1").total == 1


def test_a_record_from_before_projects_goes_on_where_it_was(home: Portal) -> None:
    shown = demonstration(first=True)
    mei = walk_of(home, shown).actor("mei")
    dataset = home.datasets.create_dataset(mei, project="PROJ-1", name="things")
    walk_of(home, shown).keep("dataset", dataset.id)
    assert walked(home, shown)[0].project == "PROJ-1"


def test_records_do_not_meet(tmp_path: Path) -> None:
    names = {record_of(shown, home=tmp_path).name for shown in (demonstration(), demonstration("b", first=True))}
    assert names == {"demonstration-things.json", "demonstration.json"}
