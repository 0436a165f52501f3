"""Rollouts: in steps, one at a time, and back when anything is wrong (P20, P21)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, NotAllowed, PortalError
from core.identity.permissions import Permission
from core.promotion.rollouts.pace import SETTLE_SECONDS
from core.promotion.values import Plan, RequestState, Step
from core.registry.tables import OutboxRow
from tests.promotion.stage import PROJECT, SYSTEM, Stage

THREE_STEPS = Plan(steps=tuple(Step(weight=weight, hold_seconds=600) for weight in (5, 25, 100)))


def abort(stage: Stage, request_id: str, reason: str = "Complaints") -> RequestState:
    return stage.portal.rollouts.abort_rollout(stage.people.sre, request_id=request_id, reason=reason).state


def test_traffic_moves_in_the_steps_that_were_approved(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved(plan=THREE_STEPS).id)
    new = request.version_id
    seen = []
    for step in (1, 2, 3):
        seen.append(stage.serves())
        assert stage.read(request.id).rollout.step == step  # type: ignore[union-attr]
        stage.tick()
        assert stage.serves() == seen[-1], "nothing moves before the gateway has confirmed"
        stage.settle()
        stage.tick()
        stage.tick()
        assert stage.serves() == seen[-1], "nothing moves before the step was held"
        stage.hold_out(request.id)
        stage.tick()
    assert seen == [{old: 95, new: 5}, {old: 75, new: 25}, {new: 100}]
    applied = stage.read(request.id)
    assert applied.state is RequestState.APPLIED
    assert applied.applied_at is not None
    assert applied.rollout is not None
    assert applied.rollout.state == "done"


def test_each_step_is_in_the_endpoints_history_with_its_request(stage: Stage) -> None:
    request = stage.released()
    history = stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id).items
    assert [entry.reason for entry in history] == ["PR-1: step 2 of 2, 100 %", "PR-1: step 1 of 2, 10 %"]
    assert {entry.promotion_id for entry in history} == {request.id}
    assert {route.promotion_id for entry in history for route in entry.routes} == {request.id}


def test_a_first_version_is_held_and_checked_at_each_step(stage: Stage) -> None:
    request = stage.apply(stage.approved(plan=THREE_STEPS).id)
    for step in (1, 2, 3):
        progress = stage.read(request.id).rollout
        assert progress is not None
        weight = THREE_STEPS.steps[step - 1].weight
        assert (progress.step, progress.weight) == (step, weight)
        assert stage.serves() == {request.version_id: weight}
        stage.settle()
        stage.tick()
        stage.hold_out(request.id)
        stage.tick()
    assert stage.read(request.id).state is RequestState.APPLIED
    assert stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id).total == 3


def test_the_version_in_production_is_the_champion(stage: Stage) -> None:
    request = stage.released()
    with stage.portal.foundation.database.read() as session:
        messages = [row.message for row in session.exec(select(OutboxRow)) if row.kind == "alias"]
    assert [message["alias"] for message in messages] == ["champion"]
    edges = stage.portal.identity.lineage(stage.people.viewer, object_id=stage.endpoint_id).edges
    assert (request.id, "released to") in {(edge.source, edge.relation) for edge in edges}


def test_a_second_rollout_on_the_endpoint_is_refused(stage: Stage) -> None:
    first, second = stage.approved(), stage.approved()
    stage.apply(first.id)
    with pytest.raises(Conflict, match=f"{first.id} is being rolled out|stale"):
        stage.apply(second.id)
    assert stage.read(second.id).rollout is None


def test_of_two_at_the_same_moment_one_begins(stage_on: Stage) -> None:
    requests = [stage_on.approved(), stage_on.approved()]

    def attempt(request_id: str) -> str:
        try:
            return stage_on.apply(request_id).state
        except PortalError as error:
            return type(error).__name__

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(attempt, [request.id for request in requests]))
    assert outcomes == ["Conflict", "applying"]


def test_a_server_that_refuses_takes_the_traffic_back(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved().id)
    stage.settle(cause="The server refused bytes that were not admitted")
    stage.tick()
    after = stage.read(request.id)
    assert (after.state, after.why) == (RequestState.ROLLED_BACK, "The server refused bytes that were not admitted")
    assert stage.serves() == {old: 100}


def test_a_gateway_that_never_confirms_takes_the_traffic_back(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved().id)
    stage._shift(request.id, "switched_at", -timedelta(seconds=SETTLE_SECONDS + 5))
    stage.tick()
    assert stage.read(request.id).state is RequestState.ROLLED_BACK
    assert stage.serves() == {old: 100}


def test_a_first_version_that_is_aborted_leaves_nothing_behind(stage: Stage) -> None:
    request = stage.apply(stage.approved().id)
    assert abort(stage, request.id) is RequestState.ROLLED_BACK
    assert stage.serves() == {}


def test_bytes_that_change_in_the_middle_of_a_rollout_stop_it(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved().id)
    stage.settle()
    stage.tick()
    stage.edit("UPDATE model_versions SET digest = :digest WHERE id = :id", digest="0" * 64, id=request.version_id)
    stage.hold_out(request.id)
    stage.tick()
    after = stage.read(request.id)
    assert after.state is RequestState.ROLLED_BACK
    assert "not those that were approved" in after.why
    assert stage.serves() == {old: 100}


def test_a_way_back_that_was_damaged_ends_the_rollout_where_it_is(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved().id)
    stage.edit("UPDATE model_versions SET digest = :digest WHERE id = :id", digest="0" * 64, id=old)
    stage.settle(cause="no memory")
    stage.tick()
    after = stage.read(request.id)
    assert after.state is RequestState.ROLLED_BACK
    assert "the rollback target cannot serve" in after.why
    assert stage.serves() == {old: 90, request.version_id: 10}
    stage.tick()


def test_a_rollout_can_be_aborted_by_those_who_may(stage: Stage) -> None:
    old = stage.released().version_id
    request = stage.apply(stage.approved().id)
    with pytest.raises(NotAllowed):
        stage.portal.rollouts.abort_rollout(stage.people.viewer, request_id=request.id, reason="Complaints")
    assert abort(stage, request.id) is RequestState.ROLLED_BACK
    assert stage.serves() == {old: 100}
    with pytest.raises(Conflict):
        abort(stage, request.id)
    stage.tick()
    assert stage.serves() == {old: 100}


def test_applying_is_a_right_of_its_own(stage: Stage) -> None:
    request = stage.approved()
    for who in ("viewer", "engineer", "approver", "admin"):
        with pytest.raises(NotAllowed):
            stage.apply(request.id, by=getattr(stage.people, who))
    assert stage.read(request.id).state is RequestState.APPROVED


def test_a_pipeline_applies_what_people_have_approved_and_nothing_else(stage: Stage) -> None:
    identity = stage.portal.identity
    account = identity.create_service_account(SYSTEM, handle="pipeline", name="Pipeline", project=PROJECT)
    token = identity.mint_service_token(SYSTEM, account_id=account.id, name="ci", scopes=(Permission.DEPLOY,))
    pipeline: Actor = stage.portal.sessions.actor_of_token(token.secret)
    waiting = stage.open(stage.measured())
    with pytest.raises(Conflict):
        stage.apply(waiting.id, by=pipeline)
    stage.approve(waiting.id)
    assert stage.apply(waiting.id, by=pipeline).state is RequestState.APPLYING


def test_the_worker_writes_nothing_while_a_step_is_held(stage: Stage) -> None:
    request = stage.apply(stage.approved().id)
    stage.settle()
    stage.tick()
    before = stage.portal.audit.list_events(stage.people.admin, limit=1).total
    for _again in range(5):
        stage.tick()
    assert stage.portal.audit.list_events(stage.people.admin, limit=1).total == before
    assert stage.read(request.id).state is RequestState.APPLYING
