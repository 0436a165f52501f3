"""Who reads what of the audit log: their own events, those of their projects, or all."""

import pytest

from core.foundation.errors import NotFound
from core.portal import Portal
from tests.conftest import People

CRITERIA = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)


@pytest.fixture
def goals(portal: Portal, people: People) -> dict[str, str]:
    """A requirement each by two engineers of one project and by one of another, by who made it."""
    create = portal.requirements.create_requirement
    here = {name: create(getattr(people, name), project="PROJ-1", title=name, criteria=CRITERIA).id for name in (
        "engineer", "other_engineer")}  # fmt: skip
    return {**here, "outsider": create(people.outsider, project="PROJ-2", title="Elsewhere", criteria=CRITERIA).id}


def test_an_engineer_sees_their_own_events_only(portal: Portal, people: People, goals: dict[str, str]) -> None:
    for name in ("engineer", "other_engineer", "outsider"):
        events = portal.audit.list_events(getattr(people, name))
        assert [event.subject for event in events.items] == [goals[name]]
        assert events.total == 1
    listing = portal.audit.list_events(people.engineer, actor=people.other_engineer.person_id)
    assert (listing.items, listing.total) == ((), 0)


def test_those_who_answer_for_every_project_see_every_event(
    portal: Portal, people: People, goals: dict[str, str]
) -> None:
    for reader in (people.sre, people.approver, people.admin):
        events = portal.audit.list_events(reader, action="requirements.")
        assert [event.subject for event in events.items] == list(goals.values())[::-1]


def test_activity_ends_at_the_border_of_the_project(portal: Portal, people: People, goals: dict[str, str]) -> None:
    def seen(name: str) -> dict[str, str]:
        return {event.subject: event.project for event in portal.audit.activity(getattr(people, name), limit=100)}

    here, there = seen("viewer"), seen("outsider")
    assert (here, set(here.values())) == (seen("engineer"), {"PROJ-1"})
    assert {goals["engineer"], goals["other_engineer"]} <= here.keys()
    assert set(there.values()) == {"PROJ-2"}
    assert goals["outsider"] in there
    assert {*here, *there} < seen("sre").keys()


def test_the_activity_of_one_object_is_its_own(portal: Portal, people: People, goals: dict[str, str]) -> None:
    events = portal.audit.activity(people.viewer, subject=goals["engineer"])
    assert [event.action for event in events] == ["requirements.create_requirement"]
    assert [(event.actor_name, event.via) for event in events] == [("Mei Lin", "session")]
    with pytest.raises(NotFound):
        portal.audit.activity(people.outsider, subject=goals["engineer"])


def test_what_was_denied_is_no_activity(portal: Portal, people: People, goals: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        portal.requirements.get_requirement(people.outsider, requirement_id=goals["engineer"])
    assert {event.outcome for event in portal.audit.activity(people.admin, limit=100)} == {"ok"}
    denied = portal.audit.list_events(people.admin, outcome="denied")
    assert [(event.actor, event.action) for event in denied.items] == [
        (people.outsider.person_id, "requirements.get_requirement")
    ]
    assert {event.outcome for event in portal.audit.list_events(people.admin, outcome="ok").items} == {"ok"}


def test_filters_narrow_together(portal: Portal, people: People, goals: dict[str, str]) -> None:
    mine = {"subject": goals["engineer"], "actor": people.engineer.person_id, "action": "requirements.c"}
    assert [event.subject for event in portal.audit.list_events(people.admin, **mine).items] == [goals["engineer"]]
    for name, other in {"subject": goals["outsider"], "actor": people.admin.person_id, "action": "identity"}.items():
        assert portal.audit.list_events(people.admin, **{**mine, name: other}).total == 0
    assert portal.audit.list_events(people.admin, action="require_ents").total == 0


def test_a_report_says_how_far_the_log_is_signed(portal: Portal, people: People, goals: dict[str, str]) -> None:
    report = portal.audit.verify(people.sre)
    assert (report.signed_to, report.problems) == (report.events - len(goals), ())
    assert report.events == portal.audit.list_events(people.admin).total
    assert len(report.head) == 64
