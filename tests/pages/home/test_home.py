"""Home shows what waits for the reader and what they own or run, and agrees with the pages of objects."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.home.first_steps import DONE, OPEN
from core.foundation.actors import Actor
from core.portal import Portal
from core.requirements.values import Criterion
from tests.conftest import People
from tests.health.installation import statements
from tests.installed import installed, settings_in
from tests.lake.imports.in_process import imported, read_here
from tests.pages.conftest import flights
from tests.pages.running import drawn, page, text_of
from tests.promotion.stage import PROJECT, Stage

ROLES = ("viewer", "engineer", "other_engineer", "sre", "approver", "other_approver", "admin")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with installed(settings_in(tmp_path / "home")) as (portal, people):
        yield Stage(portal, people)


def sections(test: AppTest) -> list[str]:
    return [header.value.partition(" :gray")[0] for header in test.header]


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("engineer", {"Your models"}, {"Endpoints", "You cannot decide"}),
        ("viewer", {"Your models"}, {"Endpoints", "You cannot decide"}),
        ("sre", {"Endpoints", "Load tests"}, {"Your models", "You cannot decide"}),
        ("approver", {"You cannot decide"}, {"Your models", "Endpoints"}),
    ],
)
def test_rights_decide_what_home_shows(stage: Stage, role: str, shown: set[str], hidden: set[str]) -> None:
    stage.load_test(stage.version())
    stage.open(stage.version())
    titles = set(sections(page(stage.portal, getattr(stage.people, role), "home")))
    assert shown - {"Load tests"} <= titles
    assert not hidden & titles


def steps_of(test: AppTest) -> dict[str, bool]:
    """The first steps, and which of them are done."""
    icons = [text.value for text in test.markdown]
    pairs = pairwise(icons)
    return {title.strip("*").replace("\\", ""): "check_circle" in icon for icon, title in pairs if icon in (DONE, OPEN)}


def test_an_empty_installation_begins_with_the_readers_own_data(stage: Stage) -> None:
    """Each step ticks itself, is a link for whoever may do it, and all are gone once a promotion was requested."""
    empty = page(stage.portal, stage.people.engineer, "home")
    assert sections(empty)[0] == "Bring your data"
    assert next(iter(steps_of(empty))) == "Import a table"
    assert len(steps_of(empty)) == 7
    assert set(steps_of(empty).values()) == {False}
    assert "Bring your data" not in sections(page(stage.portal, stage.people.viewer, "home"))
    dataset = stage.portal.datasets.create_dataset(stage.people.engineer, project=PROJECT, name="orders")
    assert not any(steps_of(page(stage.portal, stage.people.engineer, "home")).values())
    imported(stage.portal, stage.people.engineer, dataset_id=dataset.id, filename="f.csv", content=flights())
    stage.version()
    stage.version()
    done = steps_of(page(stage.portal, stage.people.engineer, "home"))
    assert {title for title, is_done in done.items() if is_done} == {"Import a table", "Compare two versions"}
    stage.open(stage.version())
    assert "Bring your data" not in sections(page(stage.portal, stage.people.engineer, "home"))


def test_an_administrator_is_asked_to_name_the_first_project(portal: Portal, people: People) -> None:
    portal.identity.rename_project(people.admin, project="PROJ-1", name="First project")
    assert steps_of(page(portal, people.admin, "home"))["Name your project"] is False
    portal.identity.rename_project(people.admin, project="PROJ-1", name="Credit risk")
    assert steps_of(page(portal, people.admin, "home"))["Name your project"] is True
    assert "Name your project" not in steps_of(page(portal, people.engineer, "home"))


def test_a_goal_stands_on_the_home_of_its_owner(portal: Portal, people: People) -> None:
    criterion = Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": 0.68})
    portal.requirements.create_requirement(
        people.engineer, project=PROJECT, title="Warn early", goal="", business_metric="", criteria=(criterion,)
    )
    assert "Warn early" in text_of(page(portal, people.engineer, "home"))
    assert "Warn early" not in sections(page(portal, people.other_engineer, "home"))


@pytest.mark.parametrize("measured", [True, False])
def test_a_request_never_needs_a_review_of_somebody_whose_home_says_nothing(stage: Stage, measured: bool) -> None:
    version = stage.measured() if measured else stage.version()
    request = stage.open(version)
    needed = []
    for role in ROLES:
        actor: Actor = getattr(stage.people, role)
        on_page = "Needs your review" in badges(page(stage.portal, actor, "promotion", id=request.id))
        on_home = f"need_{request.id}" in {button.key for button in page(stage.portal, actor, "home").button}
        assert on_home or not on_page, role
        needed += [role] if on_page else []
    assert needed == (["approver", "other_approver"] if measured else [])


def test_what_waits_is_read_once_for_its_count_and_for_home_and_anew_after_a_commit(stage: Stage) -> None:
    request = stage.open(stage.measured())
    with statements(stage.portal) as executed:
        test = page(stage.portal, stage.people.approver, "home")
    assert len([query for query in executed if "WHERE objects.owner = " in query]) == 1
    with statements(stage.portal) as executed:
        assert f"need_{request.id}" in {button.key for button in drawn(test).button}
    assert [query for query in executed if "WHERE objects.owner = " in query] == []
    stage.approve(request.id)
    assert f"need_{request.id}" not in {button.key for button in drawn(test).button}


def badges(test: AppTest) -> str:
    return "\n".join(item.value for item in test.markdown if "-badge[" in item.value)


def test_an_approver_reads_the_open_question_and_the_evidence_at_once(stage: Stage) -> None:
    stage.open(stage.measured())
    shown = text_of(page(stage.portal, stage.people.approver, "home"))
    assert "**Is it acceptable?**" in shown
    assert "3 passed · 1 undecided" in shown
    assert "0 of 1 approvals" in shown


def test_an_import_waits_for_who_began_it_and_nobody_else(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="flights", description="")
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="flights.csv", content=flights(), mode="replace"
    )
    read = read_here(portal, begun)
    keys = {
        role: {button.key for button in page(portal, getattr(people, role), "home").button}
        for role in ("engineer", "other_engineer")
    }
    assert f"need_{read.id}" in keys["engineer"]
    assert f"need_{read.id}" not in keys["other_engineer"]
    imported(portal, people.engineer, dataset_id=dataset.id, content=b"a,b\n1,2\n")
    assert f"need_{read.id}" not in {button.key for button in page(portal, people.engineer, "home").button}


def test_an_import_into_what_was_archived_waits_for_nobody(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="flights", description="")
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="flights.csv", content=flights(), mode="replace"
    )
    read = read_here(portal, begun)
    portal.keeping.archive(people.engineer, object_id=dataset.id)
    assert f"need_{read.id}" not in {button.key for button in page(portal, people.engineer, "home").button}


def test_starting_something_is_offered_to_those_who_may(portal: Portal, people: People) -> None:
    starts = {role: text_of(page(portal, getattr(people, role), "home")) for role in ("viewer", "engineer", "sre")}
    assert "Start training" in starts["engineer"]
    assert "Start a load test" in starts["sre"]
    assert "Start training" not in starts["sre"]
    assert "Start training" not in starts["viewer"]
