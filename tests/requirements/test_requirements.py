"""Goals with typed conditions."""

from typing import Any

import pytest

from core.foundation.errors import Invalid, NotFound
from core.portal import Portal
from core.requirements.values import Comparison, Criterion
from tests.conftest import People

AUC = {"metric": "auc", "comparison": "at_least", "limit": 0.68}
WRONG: dict[str, tuple[Any, ...]] = {
    "none": (),
    "twice the same metric": (AUC, AUC),
    "not a number": ({**AUC, "limit": float("nan")},),
    "a negative limit": ({**AUC, "limit": -1},),
    "an unknown metric": ({**AUC, "metric": "accuracy of gut feeling"},),
    "an unknown field": ({**AUC, "approved": True},),
}


def test_a_requirement_is_written_changed_and_closed(portal_on: Portal, people: People) -> None:
    requirements = portal_on.requirements
    requirement = requirements.create_requirement(
        people.engineer, project="PROJ-1", title="  Late arrivals ", criteria=(AUC,)
    )
    assert (requirement.id, requirement.title, requirement.state) == ("R-1", "Late arrivals", "open")
    longer = (*requirement.criteria, Criterion(metric="p99_ms", comparison=Comparison.AT_MOST, limit=50))
    edit = {"title": "Late arrivals, early", "goal": "Warn.", "business_metric": "complaints"}
    requirements.edit_requirement(people.viewer, requirement_id=requirement.id, criteria=longer, **edit)
    requirements.set_state(people.engineer, requirement_id=requirement.id, state="met")
    listed = requirements.list_requirements(people.viewer, state="met").items
    assert [(row.title, row.criteria) for row in listed] == [("Late arrivals, early", longer)]


def test_a_title_that_looks_like_another_one_is_refused(portal: Portal, people: People) -> None:
    requirements, known = portal.requirements, {"project": "PROJ-1", "criteria": (AUC,)}
    first = requirements.create_requirement(people.engineer, title="coco", **known)
    second = requirements.create_requirement(people.engineer, title="Late arrivals", **known)
    looks = "\u0441\u043e\u0441\u043e"  # In Cyrillic letters.
    edit = {"title": looks, "goal": "", "business_metric": "", "criteria": second.criteria}
    for attempt in (
        lambda: requirements.create_requirement(people.engineer, title=looks, **known),
        lambda: requirements.edit_requirement(people.engineer, requirement_id=second.id, **edit),
    ):
        with pytest.raises(Invalid, match=rf"looks like coco \({first.id}\)") as refused:
            attempt()
        assert refused.value.field == "title"
    requirements.edit_requirement(people.engineer, requirement_id=first.id, **edit | {"title": "coco"})


@pytest.mark.parametrize("why", WRONG)
def test_conditions_that_mean_nothing_are_refused(portal: Portal, people: People, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        portal.requirements.create_requirement(
            people.engineer, project="PROJ-1", title="Late arrivals", criteria=WRONG[why]
        )
    assert refused.value.field.startswith("criteria")
    assert portal.requirements.list_requirements(people.engineer).total == 0


def test_a_condition_holds_at_its_limit() -> None:
    least = Criterion(metric="auc", comparison=Comparison.AT_LEAST, limit=0.68)
    most = Criterion(metric="p99_ms", comparison=Comparison.AT_MOST, limit=50)
    assert [least.holds(value) for value in (0.67, 0.68, 0.69)] == [False, True, True]
    assert [most.holds(value) for value in (49, 50, 51)] == [True, True, False]


def test_the_id_of_something_else_is_not_found(portal: Portal, people: People) -> None:
    with pytest.raises(NotFound):
        portal.requirements.set_state(people.engineer, requirement_id="PROJ-1", state="met")
