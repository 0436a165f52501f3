"""An approval holds for exactly what was approved, by whom, and for how long (P01, P08, P10, P11)."""

from collections.abc import Callable

import pytest

from core.foundation.errors import Conflict, Invalid, PortalError
from core.identity.permissions import Role
from core.loadtests.values import LOAD_TEST
from core.promotion.values import Plan, RequestState, Step
from tests.promotion.stage import SYSTEM, Stage
from tests.promotion.values_to_judge import load_report

Change = Callable[[Stage, str], object]


def swap_artifact(stage: Stage, version_id: str) -> None:
    stage.edit("UPDATE model_versions SET digest = :digest WHERE id = :id", digest="0" * 64, id=version_id)


def measure_again(stage: Stage, version_id: str) -> None:
    stage.quality(stage.portal.registry.get_version(stage.people.viewer, version_id=version_id))


def soften_policy(stage: Stage, version_id: str) -> None:
    stage.edit("UPDATE promotion_policies SET gates = '[]'")


def move_target(stage: Stage, version_id: str) -> None:
    stage.edit("UPDATE endpoints SET slo = :slo", slo='{"p99_ms": 5000, "error_rate": 0.5}')


def edit_request(stage: Stage, version_id: str) -> None:
    stage.edit("UPDATE promotions SET note = 'Nobody has read this' WHERE version_id = :id", id=version_id)


def refused(stage: Stage, request_id: str) -> str:
    """Applying is refused, changes nothing, and is in the audit log as denied."""
    before = stage.endpoint
    with pytest.raises(PortalError) as refusal:
        stage.apply(request_id)
    assert stage.endpoint == before
    denied = stage.portal.audit.list_events(stage.people.admin, action="promotion.apply", outcome="denied")
    assert denied.items[0].details["reason"] == refusal.value.message
    return refusal.value.message


@pytest.mark.parametrize("change", [swap_artifact, measure_again, soften_policy, move_target, edit_request])
def test_any_of_the_five_that_changes_after_the_approval_voids_it(stage: Stage, change: Change) -> None:
    request = stage.approved()
    change(stage, request.version_id)
    assert stage.read(request.id).state is RequestState.STALE
    assert "stale" in refused(stage, request.id)


def test_a_revision_starts_at_no_approval(stage: Stage) -> None:
    request = stage.approved()
    revised = stage.portal.requests.revise_request(
        stage.people.engineer, request_id=request.id, plan=Plan(steps=(Step(weight=100, hold_seconds=60),))
    )
    assert (revised.state, revised.revision, revised.approvals_given) == ("in review", 2, 0)
    assert revised.decisions[0].why_not == "Given on revision 1"
    assert "in review" in refused(stage, request.id)


def test_what_serves_in_production_is_part_of_what_was_approved(stage: Stage) -> None:
    first = stage.released()
    waiting = stage.approved()
    other = stage.approved()
    stage.apply(other.id)
    stage.finish(other.id)
    assert stage.read(waiting.id).state is RequestState.STALE
    assert "the target" in refused(stage, waiting.id)
    assert stage.read(first.id).state is RequestState.APPLIED


def append_metric(stage: Stage, version_id: str) -> None:
    measure_again(stage, version_id)


def rerun_load_test(stage: Stage, version_id: str) -> None:
    version = stage.portal.registry.get_version(stage.people.viewer, version_id=version_id)
    better = load_report(version, requests=90_000)
    stage.add(version, LOAD_TEST, better.model_dump(mode="json"))


def edit_card(stage: Stage, version_id: str) -> None:
    stage.portal.registry.edit_card(stage.people.other_engineer, version_id=version_id, card="Better words.")


@pytest.mark.parametrize("change", [append_metric, rerun_load_test, edit_card])
def test_new_evidence_makes_an_approval_stale_even_when_it_is_better(stage: Stage, change: Change) -> None:
    request = stage.approved()
    change(stage, request.version_id)
    after = stage.read(request.id)
    assert after.state is RequestState.STALE
    assert after.why == "Changed since it was approved: the evidence"
    refused(stage, request.id)
    renewed = stage.approve(request.id)
    assert renewed.state is RequestState.APPROVED
    assert [decision.counts for decision in renewed.decisions] == [False, True]
    assert stage.apply(request.id).state is RequestState.APPLYING


def test_an_approval_expires(stage: Stage) -> None:
    request = stage.approved()
    decision = request.decisions[0]
    assert (decision.expires_at - decision.decided_at).days == 7
    stage.expire(request.id)
    assert stage.read(request.id).state is RequestState.EXPIRED
    assert "expired" in refused(stage, request.id)
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_an_approval_is_used_once(stage: Stage) -> None:
    request = stage.approved()
    stage.apply(request.id)
    assert "applying" in refused(stage, request.id)
    stage.finish(request.id)
    assert "applied" in refused(stage, request.id)
    other = stage.released()
    stage.portal.rollouts.rollback(
        stage.people.sre, endpoint_id=stage.endpoint_id, version_id=request.version_id, reason="It is worse"
    )
    assert "rolled back" in refused(stage, other.id)


def lose_the_role(stage: Stage) -> None:
    who = stage.people.approver.person_id
    stage.portal.identity.revoke_role(stage.people.admin, person_id=who, role=Role.APPROVER)


def be_disabled(stage: Stage) -> None:
    who = stage.people.approver.person_id
    stage.portal.identity.set_state(stage.people.admin, person_id=who, state="disabled")


@pytest.mark.parametrize("leave", [lose_the_role, be_disabled])
def test_an_approver_who_is_gone_before_the_deployment_does_not_count(
    stage: Stage, leave: Callable[[Stage], None]
) -> None:
    request = stage.approved()
    leave(stage)
    after = stage.read(request.id)
    assert (after.state, after.approvals_given) == (RequestState.IN_REVIEW, 0)
    assert "No longer has the role" in refused(stage, request.id)
    assert stage.approve(request.id, by=stage.people.other_approver).state is RequestState.APPROVED


def test_an_approver_who_comes_to_have_a_hand_in_it_does_not_count(stage: Stage) -> None:
    request = stage.approved()
    version = stage.portal.registry.get_version(stage.people.viewer, version_id=request.version_id)
    stage.portal.identity.grant_role(
        SYSTEM, person_id=stage.people.approver.person_id, role=Role.ENGINEER, project="PROJ-1"
    )
    stage.portal.registry.scan_safety(stage.people.approver, version_id=version.id)
    after = stage.read(request.id)
    assert after.state is RequestState.STALE
    assert "measured" in after.may_not_approve[stage.people.approver.person_id]


def test_an_approval_says_which_request_was_read(stage: Stage) -> None:
    request = stage.open(stage.measured())
    stage.quality(stage.portal.registry.get_version(stage.people.viewer, version_id=request.version_id))
    with pytest.raises(Conflict, match="changed since you read it"):
        stage.portal.decisions.approve(
            stage.people.approver,
            request_id=request.id,
            digests_seen=request.digests.request,
            reason="Read the evidence",
        )
    with pytest.raises(Invalid):
        stage.portal.decisions.approve(stage.people.approver, request_id=request.id, reason="Read the evidence")  # type: ignore[call-arg]


def test_an_approval_keeps_what_it_was_given_on(stage: Stage) -> None:
    request = stage.open(stage.measured())
    approved = stage.approve(request.id)
    decision = approved.decisions[0]
    assert decision.digests == request.digests
    assert (decision.person, decision.decision, decision.revision) == ("Sofia Park", "approve", 1)
    assert (
        decision.digests.artifact
        == stage.portal.registry.get_version(stage.people.viewer, version_id=request.version_id).digest
    )
