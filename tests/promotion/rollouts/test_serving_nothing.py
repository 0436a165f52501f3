"""Whatever an endpoint serves is taken out at once, with a reason and without an approval, and brought back."""

import pytest
from sqlmodel import select

from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.promotion.values import RequestState
from core.registry.tables import OutboxRow
from core.serving.tables import EndpointRow
from tests.promotion.stage import SYSTEM, TWO_STEPS, Stage

WHY = "It answers nonsense"


def take_out(stage: Stage, reason: str = WHY) -> None:
    stage.portal.rollouts.serve_nothing(stage.people.sre, endpoint_id=stage.endpoint_id, reason=reason)


def plan(stage: Stage) -> tuple[dict[str, int], str]:
    """What the gateway is told."""
    (wanted,) = stage.portal.endpoints.wanted(SYSTEM)
    return wanted.weights, wanted.closed


def test_an_endpoint_serves_nothing_and_everyone_is_told_why(stage: Stage) -> None:
    request = stage.released()
    take_out(stage)
    closed = stage.endpoint.closed
    assert closed is not None
    assert (closed.by, closed.reason, closed.since) == (stage.people.sre.person_id, WHY, stage.endpoint.changed_at)
    since = f"{closed.since:%Y-%m-%d %H:%M} UTC"
    words = f"late-arrival serves nothing since {since} by Jonas Weber because: {WHY}"
    assert plan(stage) == ({}, words)
    assert stage.portal.health.of_objects(stage.people.viewer, object_ids=(stage.endpoint_id,)) == ()
    stage.settle()
    (health,) = stage.portal.health.of_objects(stage.people.viewer, object_ids=(stage.endpoint_id,))
    assert (health.state, health.reason, health.since) == ("taken_out", words, closed.since)
    assert stage.read(request.id).state is RequestState.ROLLED_BACK
    assert stage.read(request.id).why == WHY


def test_the_log_and_the_history_have_it_with_its_reason(stage: Stage) -> None:
    version_id = stage.released().version_id
    take_out(stage)
    event = stage.portal.audit.list_events(stage.people.admin, action="promotion.serve_nothing").items[0]
    assert (event.subject, event.details["reason"]) == (stage.endpoint_id, WHY)
    assert event.details["versions"] == [version_id]
    stage.settle()
    newest, before = stage.portal.endpoints.history(stage.people.viewer, endpoint_id=stage.endpoint_id, limit=2).items
    assert (newest.routes, newest.reason, newest.state, newest.to_time) == ((), WHY, "served", None)
    assert before.to_time == newest.from_time


def test_what_served_is_brought_back_without_a_new_approval(stage: Stage) -> None:
    request = stage.released()
    take_out(stage)
    stage.portal.rollouts.rollback(
        stage.people.sre, endpoint_id=stage.endpoint_id, version_id=request.version_id, reason="It was the data"
    )
    assert stage.serves() == {request.version_id: 100}
    assert stage.endpoint.closed is None
    assert plan(stage)[1] == ""
    assert stage.read(request.id).state is RequestState.APPLIED


def aliases(stage: Stage) -> list[tuple[str, bool]]:
    """What MLflow is told of the champion: a version, and whether it is."""
    with stage.portal.foundation.database.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "alias").order_by(OutboxRow.id))
        return [(row.message["id"], row.message["points"]) for row in rows]


def test_what_serves_nowhere_is_no_champion(stage: Stage) -> None:
    version_id = stage.released().version_id
    take_out(stage)
    assert aliases(stage) == [(version_id, True), (version_id, False)]
    stage.portal.rollouts.rollback(
        stage.people.sre, endpoint_id=stage.endpoint_id, version_id=version_id, reason="It was the data"
    )
    assert aliases(stage)[-1] == (version_id, True)


def test_what_another_endpoint_serves_of_the_model_is_the_champion_then(stage: Stage) -> None:
    old = stage.released()
    (route,) = stage.endpoint.routes
    new = stage.released()
    with stage.portal.foundation.database.write() as session:
        fields = session.get_one(EndpointRow, stage.endpoint_id).model_dump()
        session.add(EndpointRow(**fields | {"id": "EP-9", "name": "other", "routes": [route.model_dump()]}))
    take_out(stage)
    assert aliases(stage) == [(old.version_id, True), (new.version_id, True), (old.version_id, True)]


def test_a_rollout_under_way_ends_with_it(stage: Stage) -> None:
    old, request = stage.released(), stage.apply(stage.approved().id)
    take_out(stage)
    assert stage.serves() == {}
    assert {stage.read(request_id).state for request_id in (old.id, request.id)} == {RequestState.ROLLED_BACK}
    stage.tick()
    assert stage.serves() == {}


def test_a_worker_that_comes_too_late_changes_nothing(stage: Stage) -> None:
    old, request = stage.released(), stage.apply(stage.approved().id)
    advance = stage.portal.rollouts.advance_rollout
    take_out(stage)
    assert advance(SYSTEM, request_id=request.id) == "wait"
    assert stage.read(request.id).why == WHY
    stage.portal.rollouts.rollback(
        stage.people.sre, endpoint_id=stage.endpoint_id, version_id=old.version_id, reason="It was the data"
    )
    assert advance(SYSTEM, request_id=old.id) == "wait"
    assert stage.read(old.id).state is RequestState.APPLIED


def test_the_next_version_opens_the_endpoint_in_steps_again(stage: Stage) -> None:
    stage.released()
    take_out(stage)
    request = stage.apply(stage.approved(plan=TWO_STEPS).id)
    assert stage.serves() == {request.version_id: 10}


def test_what_serves_nothing_is_not_taken_out_again(stage: Stage) -> None:
    with pytest.raises(Conflict, match="late-arrival serves nothing already"):
        take_out(stage)


def test_it_is_a_right_of_its_own_and_takes_a_reason(stage: Stage) -> None:
    stage.released()
    with pytest.raises(NotAllowed):
        stage.portal.rollouts.serve_nothing(stage.people.engineer, endpoint_id=stage.endpoint_id, reason=WHY)
    with pytest.raises(Invalid, match="Reason"):
        take_out(stage, "  ")
    assert stage.endpoint.routes
