"""Requirements in the browser."""

from core.portal import Portal
from core.requirements.values import Criterion
from tests.conftest import People
from tests.pages.running import page, text_of

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
