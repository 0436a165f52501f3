"""Requirements in the browser."""

from core.portal import Portal
from core.requirements.values import Criterion
from tests.conftest import People
from tests.pages.running import drawn, page, text_of

CRITERIA = (Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": 0.68}),)


def test_an_empty_list_says_what_to_do(portal: Portal, people: People) -> None:
    assert "No requirements yet" in text_of(page(portal, people.engineer, "requirements"))


def test_the_list_shows_conditions(portal: Portal, people: People) -> None:
    portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of late *arrivals*", criteria=CRITERIA
    )
    shown = text_of(page(portal, people.viewer, "requirements"))
    assert "Warn of late *arrivals*" in shown
    assert "AUC at least 0.68" in shown


def test_another_team_sees_nothing_of_it(portal: Portal, people: People) -> None:
    portal.requirements.create_requirement(people.engineer, project="PROJ-1", title="Secret goal", criteria=CRITERIA)
    assert "Secret goal" not in text_of(page(portal, people.outsider, "requirements"))


def test_a_requirement_is_written_in_the_browser(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.number_input(key="new_limit_0").set_value(0.7)
    test.button(key="new_save").click()
    drawn(test)
    requirement = portal.requirements.list_requirements(people.engineer).items[0]
    assert (requirement.title, requirement.criteria[0].limit) == ("Warn passengers early", 0.7)


def test_a_condition_without_a_limit_is_refused_at_the_form(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.button(key="new_save").click()
    assert "A condition has no limit yet" in text_of(drawn(test))


def test_two_conditions_on_one_metric_are_refused_in_words(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.button(key="new_add").click()
    drawn(test)
    test.selectbox(key="new_metric_1").set_value("auc")
    for line in (0, 1):
        test.number_input(key=f"new_limit_{line}").set_value(0.7)
    test.button(key="new_save").click()
    assert "There are two conditions on auc" in text_of(drawn(test))


def test_nothing_measured_is_said_and_not_passed(portal: Portal, people: People) -> None:
    requirement = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of late arrivals", criteria=CRITERIA
    )
    shown = text_of(page(portal, people.viewer, "requirement", id=requirement.id))
    assert "nothing measured yet" in shown
    assert "check_circle" not in shown
