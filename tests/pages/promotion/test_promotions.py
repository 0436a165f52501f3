"""Promotions in the browser: the review that people decide on, the list, the form and the policy."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.actors import Actor
from core.identity.permissions import Role
from core.portal import Portal
from core.promotion.values import Approvals
from tests.conftest import People
from tests.pages.running import catalogs_of, drawn, page, pressed, text_of
from tests.promotion.stage import SYSTEM, Stage

REASON = "Read the load test and the comparison"


@pytest.fixture
def stage(portal: Portal, people: People) -> Iterator[Stage]:
    return Stage(portal, people)


def review(stage: Stage, actor: Actor, request_id: str) -> AppTest:
    return page(stage.portal, actor, "promotion", id=request_id)


def tick_all(test: AppTest) -> None:
    for box in test.checkbox:
        box.check()
    test.text_area(key="reason").input(REASON)
    drawn(test)


def labels(test: AppTest) -> set[str]:
    return {button.label for button in test.button}


def test_the_review_shows_evidence_changes_and_the_rule(stage: Stage) -> None:
    request = stage.open(stage.measured(), note="For the *late* bank")
    shown = text_of(review(stage, stage.people.approver, request.id))
    assert "Needs your review" in shown or "Your decision" in shown
    assert "3 passed · 1 undecided" in shown
    assert f"Target: {request.endpoint} ({request.endpoint_id})" in shown
    # Other things may have the same titles.
    waiting = text_of(page(stage.portal, stage.people.approver, "home"))
    assert f"{request.id}, {request.version_id} → {request.endpoint_id}" in waiting
    assert "0 mismatches, limit 0" in shown
    assert "What changes in production" in shown
    assert "For the *late* bank" in shown
    assert "1 approval needed · 0 given · authors cannot approve" in shown


def test_approve_waits_for_every_tick_and_a_reason(stage: Stage) -> None:
    request = stage.open(stage.measured())
    test = review(stage, stage.people.approver, request.id)
    assert test.button(key="approve").disabled
    assert "tick the checks and write the reason" in test.button(key="approve").help
    tick_all(test)
    assert not test.button(key="approve").disabled


def test_an_approval_keeps_the_reason_and_the_accepted_risk(stage: Stage) -> None:
    request = stage.open(stage.measured())
    test = review(stage, stage.people.approver, request.id)
    tick_all(test)
    test.button(key="approve").click()
    drawn(test)
    approved = stage.read(request.id)
    assert approved.state == "approved"
    assert approved.decisions[0].reason == f"{REASON}\n\nRisk accepted: Offline quality"


def test_what_changed_since_it_was_read_is_not_approved(stage: Stage) -> None:
    version = stage.measured()
    request = stage.open(version)
    test = review(stage, stage.people.approver, request.id)
    tick_all(test)
    stage.parity(version)
    test.button(key="approve").click()
    assert "It has changed since you opened it" in text_of(drawn(test))
    assert stage.read(request.id).state == "in review"
    test.button(key="read_again").click()
    drawn(test)
    test.button(key="approve").click()
    drawn(test)
    assert stage.read(request.id).state == "approved"


def test_an_author_sees_why_they_may_not_decide(stage: Stage) -> None:
    request = stage.open(stage.measured())
    test = review(stage, stage.people.engineer, request.id)
    assert "You may not decide on this: you requested it" in text_of(test)
    assert "Approve" not in labels(test)
    assert "Revise" in labels(test)


def test_a_viewer_decides_nothing(stage: Stage) -> None:
    test = review(stage, stage.people.viewer, stage.open(stage.measured()).id)
    assert not labels(test) & {"Approve", "Reject", "Revise", "Begin the rollout"}
    assert "You have no role that decides on promotions here" in text_of(test)


def test_a_failed_gate_says_why_nobody_can_approve(stage: Stage) -> None:
    version = stage.measured()
    stage.parity(version, mismatches=3)
    test = review(stage, stage.people.approver, stage.open(version).id)
    assert "It cannot be approved yet: Parity failed" in text_of(test).replace("**", "")
    assert not test.checkbox
    assert test.button(key="approve").disabled


def test_a_failed_attempt_is_shown_beside_the_one_that_counts(stage: Stage) -> None:
    version = stage.measured()
    stage.parity(version, mismatches=3)
    stage.parity(version)
    shown = text_of(review(stage, stage.people.approver, stage.open(version).id))
    assert "3 mismatches, limit 0" in shown
    assert "Does not count: A newer attempt counts." in shown


def test_changes_are_requested_with_a_reason(stage: Stage) -> None:
    request = stage.open(stage.measured())
    test = review(stage, stage.people.approver, request.id)
    assert test.button(key="request_changes").disabled
    test.text_area(key="reason").input("Hold the first step longer")
    drawn(test)
    test.button(key="request_changes").click()
    assert "Hold the first step longer" in text_of(drawn(test))
    assert stage.read(request.id).state == "changes requested"


def test_an_approval_that_became_stale_is_explained(stage: Stage) -> None:
    version = stage.measured()
    request = stage.approved(version)
    stage.parity(version)
    shown = text_of(review(stage, stage.people.viewer, request.id))
    assert "An approval no longer counts" in shown
    assert "Does not count: Changed since:" in shown


def test_an_approval_that_ran_out_is_explained(stage: Stage) -> None:
    request = stage.approved()
    stage.expire(request.id)
    assert "An approval has expired" in text_of(review(stage, stage.people.viewer, request.id))


def test_only_an_sre_begins_the_rollout(stage: Stage) -> None:
    request = stage.approved()
    assert "Begin the rollout" not in labels(review(stage, stage.people.approver, request.id))
    test = review(stage, stage.people.sre, request.id)
    test.button(key="apply").click()
    shown = text_of(drawn(test))
    assert stage.read(request.id).state == "applying"
    assert "Step 1 of 2" in shown


def test_what_was_released_is_shown_as_it_was(stage: Stage) -> None:
    request = stage.released()
    shown = text_of(review(stage, stage.people.viewer, request.id))
    assert "What changed in production" in shown
    assert "takes all traffic" in shown


def test_missing_evidence_is_measured_from_the_review(stage: Stage) -> None:
    request = stage.open(stage.version())
    test = review(stage, stage.people.other_engineer, request.id)
    test.button(key="measure_safety").click()
    drawn(test)
    verdicts = {gate.gate: gate.verdict for gate in stage.read(request.id).gates}
    assert verdicts["safety"] == "pass"
    assert verdicts["parity"] == "no data"


def test_the_list_puts_what_needs_the_reader_first(stage: Stage) -> None:
    request = stage.open(stage.measured())
    test = page(stage.portal, stage.people.approver, "promotions")
    assert "1 needs you" in text_of(test)
    (row,) = catalogs_of(test)["requests_mine"]["rows"]
    assert row["cells"][-1] == {
        "text": "Review",
        "sort": "Review",
        "target": request.id,
        "href": f"promotion?id={request.id}",
    }
    assert "Needs you" not in [header.value for header in page(stage.portal, stage.people.viewer, "promotions").header]


def test_the_list_is_filtered_by_state(stage: Stage) -> None:
    stage.open(stage.measured())
    test = page(stage.portal, stage.people.viewer, "promotions")
    test.selectbox(key="state").set_value("applied")
    assert "No request is in this state" in text_of(drawn(test))


def test_a_promotion_is_requested_in_the_browser(stage: Stage) -> None:
    version = stage.measured()
    test = page(stage.portal, stage.people.engineer, "promotions", version=version.id, endpoint=stage.endpoint_id)
    test.text_area(key="ask_note").input("Steadier in the evening")
    pressed(test, "ask", "ask_now")
    request = stage.portal.requests.list_requests(stage.people.viewer).items[0]
    assert (request.version_id, request.note) == (version.id, "Steadier in the evening")
    assert [step.weight for step in request.plan.steps] == [5, 25, 100]


def test_a_plan_that_falls_is_refused_in_words(stage: Stage) -> None:
    version = stage.measured()
    test = page(stage.portal, stage.people.engineer, "promotions", version=version.id)
    test.number_input(key="ask_plan_weight_1").set_value(3)
    assert "Step 2 goes from 5 % to 3 %" in text_of(pressed(test, "ask", "ask_now"))
    assert stage.portal.requests.list_requests(stage.people.viewer).total == 0


def test_a_proposal_waits_for_another_administrator(stage: Stage) -> None:
    stage.portal.identity.grant_role(SYSTEM, person_id=stage.people.sre.person_id, role=Role.ADMIN)
    stage.portal.policies.propose_policy(
        stage.people.admin,
        policy_id=stage.policy.id,
        gates=stage.policy.gates,
        approvals=(Approvals(role=Role.APPROVER, count=2),),
        valid_days=7,
        reason="Two pairs of eyes",
    )
    mine = page(stage.portal, stage.people.admin, "promotions")
    assert "Put in force" not in labels(mine)
    assert "2 approvers" in text_of(mine)
    assert "You may not confirm it: you proposed it." in text_of(mine)
    other = page(stage.portal, stage.people.sre, "promotions")
    other.button(key=f"confirm_{stage.policy.id}_2").click()
    drawn(other)
    assert stage.portal.policies.get_policy(SYSTEM, policy_id=stage.policy.id).revision == 2


def test_what_was_approved_can_still_be_sent_back(stage: Stage) -> None:
    request = stage.approved()
    test = review(stage, stage.people.approver, request.id)
    test.text_area(key="reason").input("An incident on the ramp")
    drawn(test)
    test.button(key="reject").click()
    drawn(test)
    assert stage.read(request.id).state == "rejected"
