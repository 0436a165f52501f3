"""Back to what was approved before, without a new approval; to nothing else (P18)."""

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, PortalError
from core.promotion.values import RequestState
from tests.promotion.stage import Stage
from tests.serving.damaged import DAMAGES, damage_bytes


def go_to(stage: Stage, version_id: str, by: Actor | None = None, reason: str = "It is worse live") -> dict[str, int]:
    who = by or stage.people.sre
    stage.portal.rollouts.rollback(who, endpoint_id=stage.endpoint_id, version_id=version_id, reason=reason)
    return stage.serves()


def test_back_to_an_approved_version_and_forward_again_need_no_new_approval(stage: Stage) -> None:
    first, second = stage.released(), stage.released()
    assert go_to(stage, first.version_id) == {first.version_id: 100}
    assert stage.read(second.id).state is RequestState.ROLLED_BACK
    assert stage.read(second.id).why == "It is worse live"
    assert stage.read(first.id).state is RequestState.APPLIED
    assert go_to(stage, second.version_id, reason="It was the network") == {second.version_id: 100}
    assert stage.read(second.id).state is RequestState.APPLIED
    assert stage.read(first.id).state is RequestState.APPLIED
    assert {route.promotion_id for route in stage.endpoint.routes} == {second.id}


def test_a_rollback_is_in_the_audit_log_with_its_reason(stage: Stage) -> None:
    first = stage.released()
    stage.released()
    go_to(stage, first.version_id)
    event = stage.portal.audit.list_events(stage.people.admin, action="promotion.rollback").items[0]
    assert (event.subject, event.actor) == (stage.endpoint_id, stage.people.sre.person_id)
    assert event.details["reason"] == "It is worse live"
    assert event.details["version"] == first.version_id
    history = stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id, limit=1).items[0]
    assert (history.reason, history.promotion_id) == ("It is worse live", first.id)


def test_a_version_that_was_never_approved_is_refused(stage: Stage) -> None:
    stage.released()
    for version in (stage.measured(), stage.version()):
        with pytest.raises(NotAllowed, match="never approved"):
            go_to(stage, version.id)
    denied = stage.portal.audit.list_events(stage.people.admin, action="promotion.rollback", outcome="denied")
    assert denied.total == 2


def test_approved_but_never_released_is_not_enough(stage: Stage) -> None:
    stage.released()
    request = stage.approved()
    with pytest.raises(NotAllowed):
        go_to(stage, request.version_id)


def test_aborted_before_it_was_released_is_not_enough(stage: Stage) -> None:
    stage.released()
    request = stage.apply(stage.approved().id)
    stage.portal.rollouts.abort_rollout(stage.people.sre, request_id=request.id, reason="Complaints")
    with pytest.raises(NotAllowed):
        go_to(stage, request.version_id)


def test_other_bytes_under_an_approved_version_are_refused(stage: Stage) -> None:
    first = stage.released()
    second = stage.released()
    stage.edit("UPDATE model_versions SET digest = :digest WHERE id = :id", digest="0" * 64, id=first.version_id)
    with pytest.raises(NotAllowed):
        go_to(stage, first.version_id)
    assert stage.serves() == {second.version_id: 100}


@pytest.mark.parametrize("part", ["model.onnx", "manifest"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_version_whose_bytes_have_rotted_is_refused_before_anything_changes(
    stage: Stage, part: str, damage: str
) -> None:
    first, second = stage.released(), stage.released()
    version = stage.portal.registry.get_version(stage.people.viewer, version_id=first.version_id)
    before = stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id)
    damage_bytes(stage.portal, version, part, damage)
    with pytest.raises(Conflict, match=f"late-arrival v1 .{first.version_id}. cannot serve"):
        go_to(stage, first.version_id)
    assert stage.serves() == {second.version_id: 100}
    assert stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id) == before
    assert [stage.read(request.id).state for request in (first, second)] == [RequestState.APPLIED] * 2
    denied = stage.portal.audit.list_events(stage.people.admin, action="promotion.rollback", outcome="denied").items[0]
    assert (denied.subject, denied.project) == (stage.endpoint_id, "PROJ-1")


def test_a_rollout_of_rotten_bytes_does_not_begin(stage: Stage) -> None:
    version = stage.measured()
    request = stage.approved(version)
    damage_bytes(stage.portal, version, "model.onnx", "flipped")
    with pytest.raises(Conflict, match="cannot serve"):
        stage.apply(request.id)
    assert (stage.serves(), stage.read(request.id).state) == ({}, RequestState.APPROVED)


def test_a_rollout_with_a_rotten_way_back_does_not_begin(stage: Stage) -> None:
    first, second = stage.released(), stage.released()
    request = stage.approved(rollback_to=first.version_id)
    target = stage.portal.registry.get_version(stage.people.viewer, version_id=first.version_id)
    damage_bytes(stage.portal, target, "model.onnx", "flipped")
    with pytest.raises(Conflict, match=f"{first.version_id}. cannot serve"):
        stage.apply(request.id)
    assert (stage.serves(), stage.read(request.id).state) == ({second.version_id: 100}, RequestState.APPROVED)


def test_a_rollout_is_not_left_for_bytes_that_have_rotted_since_nobody_has_them_loaded(stage: Stage) -> None:
    """While they still get traffic they are loaded, and serve on whatever became of the file."""
    old = stage.released()
    version = stage.portal.registry.get_version(stage.people.viewer, version_id=old.version_id)
    damage_bytes(stage.portal, version, "model.onnx", "flipped")
    for steps, serving in ((0, {old.version_id: 100}), (1, None)):
        request = stage.apply(stage.approved().id)
        for _step in range(steps):
            stage.settle()
            stage.tick()
            stage.hold_out(request.id)
            stage.tick()
        after = stage.portal.rollouts.abort_rollout(stage.people.sre, request_id=request.id, reason="Complaints")
        assert after.state is RequestState.ROLLED_BACK
        assert stage.serves() == (serving or {request.version_id: 100})
        assert ("the rollback target cannot serve" in after.why) == (serving is None)


def test_a_rollback_serves_in_history_once_the_gateway_says_so(stage: Stage) -> None:
    first, second = stage.released(), stage.released()
    go_to(stage, first.version_id)

    def newest() -> list[tuple[str, str]]:
        periods = stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id, limit=2).items
        return [
            (period.routes[0].version_id, period.state)
            for period in periods
            if period.to_time is None or period.state == "wanted"
        ]

    assert newest() == [(first.version_id, "wanted"), (second.version_id, "served")]
    stage.settle(cause="The model server was refused")
    assert newest() == [(first.version_id, "wanted"), (second.version_id, "served")]
    stage.settle()
    assert newest() == [(first.version_id, "served")]


def test_another_endpoints_approval_is_none_here(stage: Stage) -> None:
    first = stage.released()
    other = stage.portal.endpoints.create_endpoint(
        stage.people.sre, project="PROJ-1", name="another", environment="production"
    )
    with pytest.raises(NotAllowed):
        stage.portal.rollouts.rollback(
            stage.people.sre, endpoint_id=other.id, version_id=first.version_id, reason="It is worse"
        )


def test_rolling_back_is_a_right_of_its_own(stage: Stage) -> None:
    first = stage.released()
    second = stage.released()
    for who in ("viewer", "engineer", "approver", "admin", "outsider"):
        with pytest.raises(PortalError):
            go_to(stage, first.version_id, by=getattr(stage.people, who))
    assert stage.serves() == {second.version_id: 100}


def test_what_serves_already_is_said(stage: Stage) -> None:
    first = stage.released()
    with pytest.raises(Conflict, match="serves this version already"):
        go_to(stage, first.version_id)


def test_a_rollback_ends_a_rollout(stage: Stage) -> None:
    first = stage.released()
    request = stage.apply(stage.approved().id)
    assert go_to(stage, first.version_id) == {first.version_id: 100}
    assert stage.read(request.id).state is RequestState.ROLLED_BACK
    stage.tick()
    assert stage.serves() == {first.version_id: 100}
    assert stage.read(first.id).state is RequestState.APPLIED


def test_an_approval_lets_the_named_rollback_target_in_too(stage: Stage) -> None:
    spare, version = stage.measured(), stage.measured()
    request = stage.open(version, rollback_to=spare.id)
    assert request.rollback_version == "late-arrival v1"
    assert {row.part: row.after for row in request.changes}["Rollback target"] == "late-arrival v1"
    stage.approve(request.id)
    stage.apply(request.id)
    stage.finish(request.id)
    assert go_to(stage, spare.id) == {spare.id: 100}
    assert stage.read(request.id).state is RequestState.ROLLED_BACK
    assert go_to(stage, version.id) == {version.id: 100}
    assert stage.read(request.id).state is RequestState.APPLIED


def test_a_rollback_target_that_was_never_approved_passes_the_gates_too(stage: Stage) -> None:
    spare = stage.version()
    request = stage.open(stage.measured(), rollback_to=spare.id)
    assert "Rollback target late-arrival v1: Parity: no data" in request.blocking
    with pytest.raises(Conflict, match="Rollback target"):
        stage.approve(request.id)
    stage.measure(spare)
    stage.approve(request.id)
    stage.parity(spare)
    assert stage.read(request.id).state is RequestState.STALE


def test_a_rollback_target_is_not_archived(stage: Stage) -> None:
    first, second = stage.released(), stage.released()
    with pytest.raises(Conflict, match="rollback target"):
        stage.portal.registry.archive_version(stage.people.engineer, version_id=first.version_id)
    with pytest.raises(Conflict):
        stage.portal.registry.archive_version(stage.people.engineer, version_id=second.version_id)


def test_a_rollback_says_why(stage: Stage) -> None:
    first = stage.released()
    stage.released()
    for reason in ("", "no", "x" * 5000, "back \u202e"):
        with pytest.raises(Invalid) as refusal:
            go_to(stage, first.version_id, reason=reason)
        assert refusal.value.field == "reason"
