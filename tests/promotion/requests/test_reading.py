"""What waits for whom, and the lists."""

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Invalid
from core.identity.permissions import Role
from core.promotion.values import RequestState
from tests.health.installation import statements
from tests.promotion.stage import PROJECT, SYSTEM, Stage


def waiting_for(stage: Stage, who: Actor) -> list[str]:
    return [request.id for request in stage.portal.requests.what_needs_me(who)]


def test_what_can_be_decided_waits_for_those_who_may(stage: Stage) -> None:
    request = stage.open(stage.measured())
    people = stage.people
    assert waiting_for(stage, people.approver) == waiting_for(stage, people.other_approver) == [request.id]
    for other in (people.engineer, people.other_engineer, people.sre, people.admin, people.viewer, people.outsider):
        assert not waiting_for(stage, other)


def test_after_a_first_of_two_approvals_it_waits_for_the_other_only(stage: Stage) -> None:
    stage.demand(2)
    request = stage.open(stage.measured())
    stage.approve(request.id)
    assert not waiting_for(stage, stage.people.approver)
    assert waiting_for(stage, stage.people.other_approver) == [request.id]


def test_an_approval_is_one_of_its_own_request_alone(stage: Stage) -> None:
    first, other = stage.open(stage.measured()), stage.open(stage.measured())
    stage.approve(first.id)
    assert [len(stage.read(request.id).decisions) for request in (first, other)] == [1, 0]
    assert stage.read(other.id).state is RequestState.IN_REVIEW


def test_what_lacks_evidence_waits_for_the_one_who_asked(stage: Stage) -> None:
    request = stage.open(stage.version())
    assert waiting_for(stage, stage.people.engineer) == [request.id]
    assert not waiting_for(stage, stage.people.approver)


def test_what_was_sent_back_waits_for_the_one_who_asked(stage: Stage) -> None:
    request = stage.open(stage.measured())
    stage.portal.decisions.request_changes(stage.people.approver, request_id=request.id, reason="Go slower")
    assert waiting_for(stage, stage.people.engineer) == [request.id]
    assert not waiting_for(stage, stage.people.approver)


def test_what_is_approved_waits_for_those_who_deploy(stage: Stage) -> None:
    request = stage.approved()
    assert waiting_for(stage, stage.people.sre) == [request.id]
    assert not waiting_for(stage, stage.people.approver)
    stage.apply(request.id)
    assert not waiting_for(stage, stage.people.sre)


def test_what_went_stale_waits_for_a_new_decision(stage: Stage) -> None:
    request = stage.approved()
    stage.load_test(stage.portal.registry.get_version(stage.people.viewer, version_id=request.version_id))
    assert waiting_for(stage, stage.people.approver) == [request.id]
    assert not waiting_for(stage, stage.people.sre)


def test_requests_are_listed_by_the_state_they_are_in_now(stage: Stage) -> None:
    released = stage.released()
    stale, approved = stage.approved(), stage.approved()
    stage.quality(stage.portal.registry.get_version(stage.people.viewer, version_id=stale.version_id))
    review = stage.open(stage.version())

    def listed(state: str = "") -> list[str]:
        return [request.id for request in stage.portal.requests.list_requests(stage.people.viewer, state=state).items]

    assert listed() == [review.id, approved.id, stale.id, released.id]
    assert listed(RequestState.STALE) == [stale.id]
    assert listed(RequestState.APPROVED) == [approved.id]
    assert listed(RequestState.IN_REVIEW) == [review.id]
    assert listed(RequestState.APPLIED) == [released.id]
    page = stage.portal.requests.list_requests(stage.people.viewer, offset=1, limit=2)
    assert ([request.id for request in page.items], page.total) == ([approved.id, stale.id], 4)
    assert not stage.portal.requests.list_requests(stage.people.viewer, endpoint_id="EP-99").items
    with pytest.raises(Invalid) as refusal:
        listed("nearly done")
    assert refusal.value.field == "state"


def test_a_page_of_requests_tells_of_each_what_its_own_page_tells(stage_on: Stage) -> None:
    stage, people = stage_on, stage_on.people
    stage.released()
    measured = [stage.measured() for _number in range(3)]
    stage.parity(measured[1])
    stage.portal.identity.grant_role(
        SYSTEM, person_id=people.other_approver.person_id, role=Role.ENGINEER, project=PROJECT
    )
    stage.portal.registry.edit_card(people.other_approver, version_id=measured[2].id, card="Trained on late arrivals.")
    stage.edit("UPDATE evidence SET digest = :it WHERE subject = :id AND kind = 'safety'", it="0", id=measured[0].id)
    stage.approve(stage.open(measured[1]).id)
    stage.open(measured[2], rollback_to=stage.version().id)
    stage.open(measured[0], rollback_to=measured[1].id)
    listed = stage.portal.requests.list_requests(people.viewer).items
    assert len(listed) == 4
    assert list(listed) == [stage.read(request.id) for request in listed]
    assert [people.other_approver.person_id in request.may_not_approve for request in listed] == [
        False,
        True,
        False,
        False,
    ]


def test_many_requests_cost_the_same_questions_as_one(stage_on: Stage) -> None:
    stage, people = stage_on, stage_on.people
    stage.released()
    costs = []
    for _number in range(3):
        version = stage.measured()
        stage.approve(stage.open(version, rollback_to=stage.measured().id).id)
        stage.load_test(version)
        costs.append([questions_of(stage, people.viewer), questions_of(stage, people.approver)])
    assert costs[1:] == costs[:1] * 2


def questions_of(stage: Stage, person: Actor) -> tuple[int, int]:
    """What a list and the inbox ask the database."""
    requests = stage.portal.requests
    with statements(stage.portal) as of_the_list:
        assert requests.list_requests(person).items
    with statements(stage.portal) as of_the_inbox:
        requests.what_needs_me(person)
    return len(of_the_list), len(of_the_inbox)
