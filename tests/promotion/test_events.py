"""Every change of a request's state is told to the audit log exactly once, in its own transaction (P25)."""

from itertools import pairwise

import pytest
from sqlmodel import col, select

from core.audit.tables import AuditRow
from core.foundation.errors import PortalError
from core.promotion.tables import StateRow
from tests.promotion.stage import Stage

Changes = list[tuple[str, str, str]]


def changes_of(stage: Stage) -> tuple[Changes, Changes]:
    """What the tables and what the audit log say about states: (request, before, after), in order."""
    with stage.portal.foundation.database.read() as session:
        rows = session.exec(select(StateRow).order_by(col(StateRow.id)))
        stored = [(row.promotion_id, row.before, row.state) for row in rows]
    recorded = []
    for seq in range(1, _head(stage) + 1):
        event = _event(stage, seq)
        if event.subject.startswith("PR-") and "state" in event.details and event.outcome == "ok":
            recorded.append((event.subject, event.details["before"], event.details["state"]))
    return stored, recorded


def _head(stage: Stage) -> int:
    return stage.portal.audit.list_events(stage.people.admin, limit=1).items[0].seq


def _event(stage: Stage, seq: int):  # type: ignore[no-untyped-def]
    events = stage.portal.audit.list_events(stage.people.admin, offset=_head(stage) - seq, limit=1)
    return events.items[0]


def test_each_change_has_one_event(stage: Stage) -> None:
    first = stage.released()
    second = stage.open(stage.measured())
    stage.portal.decisions.request_changes(stage.people.approver, request_id=second.id, reason="Go slower")
    stage.portal.requests.revise_request(stage.people.engineer, request_id=second.id, plan=second.plan)
    stage.portal.decisions.reject(stage.people.approver, request_id=second.id, reason="Too late")
    stage.portal.requests.revise_request(stage.people.engineer, request_id=second.id, plan=second.plan)
    stage.approve(second.id)
    stage.apply(second.id)
    stage.finish(second.id)
    aborted = stage.apply(stage.approved().id)
    stage.settle(cause="no memory")
    stage.tick()
    sre, endpoint = stage.people.sre, stage.endpoint_id
    stage.portal.rollouts.rollback(sre, endpoint_id=endpoint, version_id=first.version_id, reason="It is worse")
    stage.portal.rollouts.rollback(sre, endpoint_id=endpoint, version_id=second.version_id, reason="It was not")
    withdrawn = stage.open(stage.version())
    stage.portal.requests.cancel_request(stage.people.engineer, request_id=withdrawn.id)
    stored, recorded = changes_of(stage)
    assert recorded == stored
    assert [state for request, _before, state in stored if request == second.id] == [
        "in review",
        "changes requested",
        "in review",
        "rejected",
        "in review",
        "approved",
        "applying",
        "applied",
        "rolled back",
        "applied",
    ]
    assert (aborted.id, "applying", "rolled back") in stored
    for (request, _before, after), (_same, before, _after) in _steps(stored):
        assert after == before, request


def _steps(stored: Changes) -> list[tuple[tuple[str, str, str], tuple[str, str, str]]]:
    by_request: dict[str, Changes] = {}
    for change in stored:
        by_request.setdefault(change[0], []).append(change)
    return [pair for changes in by_request.values() for pair in pairwise(changes)]


def test_a_refusal_changes_nothing_and_is_told_as_denied(stage: Stage) -> None:
    request = stage.open(stage.version())
    before = changes_of(stage)
    tries = [
        lambda: stage.approve(request.id),
        lambda: stage.apply(request.id),
        lambda: stage.open(stage.portal.registry.get_version(stage.people.viewer, version_id=request.version_id)),
        lambda: stage.portal.decisions.reject(stage.people.engineer, request_id=request.id, reason="No, no"),
        lambda: stage.portal.requests.cancel_request(stage.people.viewer, request_id=request.id),
    ]
    for attempt in tries:
        with pytest.raises(PortalError):
            attempt()
    assert changes_of(stage) == before
    assert stage.portal.audit.list_events(stage.people.admin, action="promotion", outcome="denied").total == len(tries)


def test_a_decision_is_told_with_its_reason_and_what_it_was_given_on(stage: Stage) -> None:
    request = stage.approved()
    with stage.portal.foundation.database.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.action == "promotion.approve")).all()
    assert len(rows) == 1
    event = stage.portal.audit.list_events(stage.people.admin, action="promotion.approve").items[0]
    assert event.details["reason"] == "Read the evidence"
    assert event.details["digests"] == request.digests.model_dump()
    assert event.subject == request.id
    assert stage.portal.audit.verify(stage.people.admin).problems == ()
