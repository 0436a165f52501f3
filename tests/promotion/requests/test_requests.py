"""Opening, revising, deciding and withdrawing a request, and what is refused on the way (P14, B071, B074)."""

from typing import Any

import pytest

from core.foundation.digests import digest_bytes
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.promotion.values import Request, RequestState
from core.registry.tables import EvidenceRow
from core.requirements.values import Comparison, Criterion
from tests.promotion.stage import PROJECT, TWO_STEPS, Stage


def reject(stage: Stage, request: Request, reason: str = "It is too slow") -> Request:
    return stage.portal.decisions.reject(stage.people.approver, request_id=request.id, reason=reason)


def send_back(stage: Stage, request: Request, reason: str = "Go slower at first") -> Request:
    return stage.portal.decisions.request_changes(stage.people.approver, request_id=request.id, reason=reason)


def revise(stage: Stage, request: Request, **changes: Any) -> Request:
    revision = {"request_id": request.id, "plan": TWO_STEPS, **changes}
    return stage.portal.requests.revise_request(stage.people.engineer, **revision)


def cancel(stage: Stage, request: Request, by: Any = None) -> Request:
    return stage.portal.requests.cancel_request(by or stage.people.engineer, request_id=request.id)


def test_a_request_shows_all_that_an_approver_needs(stage: Stage) -> None:
    version = stage.measured()
    request = stage.open(version, note="It learned October too")
    assert request.title == "Promote late-arrival v1 to late-arrival"
    assert (request.version, request.endpoint, request.requester) == ("late-arrival v1", "late-arrival", "Mei Lin")
    assert {row.part for row in request.changes} >= {"Model", "Artifact", "Expected AUC", "Capacity", "Traffic"}
    assert request.policy.revision == 1
    assert not request.blocking
    assert request.why == "0 of 1 approvals"


def test_a_request_hangs_in_the_chain(stage: Stage) -> None:
    version = stage.measured()
    requirement = stage.portal.requirements.create_requirement(
        stage.people.engineer,
        project=PROJECT,
        title="Warn of late arrivals",
        criteria=(Criterion(metric="p99_ms", comparison=Comparison.AT_MOST, limit=40),),
    )
    request = stage.open(version, requirement_id=requirement.id)
    assert request.criteria == requirement.criteria
    edges = stage.portal.identity.lineage(stage.people.viewer, object_id=request.id).edges
    assert {(edge.source, edge.relation) for edge in edges if edge.target == request.id} == {
        (version.id, "requested in"),
        (requirement.id, "asks for"),
    }


def test_a_requirement_of_another_project_proves_nothing_here(stage: Stage) -> None:
    requirement = stage.portal.requirements.create_requirement(
        stage.people.outsider,
        project="PROJ-2",
        title="Something else",
        criteria=(Criterion(metric="auc", comparison=Comparison.AT_LEAST, limit=0.1),),
    )
    with pytest.raises(Invalid) as refusal:
        stage.open(stage.version(), by=stage.people.sre, requirement_id=requirement.id)
    assert refusal.value.field == "requirement_id"


def test_an_open_request_keeps_the_criteria_it_was_opened_with(stage: Stage) -> None:
    criterion = Criterion(metric="p99_ms", comparison=Comparison.AT_MOST, limit=40)
    requirement = stage.portal.requirements.create_requirement(
        stage.people.engineer, project=PROJECT, title="Warn of late arrivals", criteria=(criterion,)
    )
    request = stage.open(stage.measured(), requirement_id=requirement.id)
    stage.portal.requirements.edit_requirement(
        stage.people.engineer,
        requirement_id=requirement.id,
        title="Warn of late arrivals",
        goal="",
        business_metric="",
        criteria=(criterion.model_copy(update={"limit": 9000}),),
    )
    assert stage.read(request.id).criteria == (criterion,)


def test_what_is_not_measured_cannot_be_approved(stage: Stage) -> None:
    version = stage.version()
    request = stage.open(version)
    assert [gate.verdict.value for gate in request.gates] == ["no data"] * 4
    with pytest.raises(Conflict, match="Parity: no data"):
        stage.approve(request.id)
    stage.measure(version)
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_a_gate_that_fails_keeps_it_from_being_approved(stage: Stage) -> None:
    version = stage.measured()
    stage.parity(version, mismatches=3)
    request = stage.open(version)
    assert request.blocking == ("Parity: fail",)
    with pytest.raises(Conflict, match="Parity: fail"):
        stage.approve(request.id)


def test_a_worse_version_than_the_one_in_production_is_stopped(stage: Stage) -> None:
    stage.released()
    request = stage.open(stage.measured(weight=0.05))
    assert request.gates[0].verdict.value == "fail"
    with pytest.raises(Conflict, match="Offline quality"):
        stage.approve(request.id)


def test_evidence_typed_into_the_database_fails_the_gate(stage: Stage) -> None:
    version = stage.measured()
    stage.parity(version, mismatches=3)
    request = stage.open(version)
    forged = "UPDATE evidence SET document = :document, digest = :digest WHERE kind = 'parity'"
    honest = stage.portal.evidence.list_evidence(stage.people.viewer, subject=version.id).items
    good = next(evidence for evidence in honest if evidence.kind == "parity" and evidence.content["mismatches"] == 0)
    document = _document_of(stage, good.id)
    stage.edit(forged, document=document, digest=digest_bytes(document.encode() + b" "))
    assert any("changed after it was written" in why for why in stage.read(request.id).blocking)
    stage.edit(forged, document=document + " ", digest=digest_bytes(document.encode() + b" "))
    after = stage.read(request.id)
    assert after.blocking == ("Parity: fail",)
    assert "not written by a measurement" in after.gates[1].basis


def _document_of(stage: Stage, evidence_id: str) -> str:
    with stage.portal.foundation.database.read() as session:
        return session.get_one(EvidenceRow, evidence_id).document


SENSELESS = [
    ([(50, 60)], "plan.steps.0.weight"),
    ([(-5, 60), (105, 60)], "plan.steps.0.weight"),
    ([(60, 60), (60, 60)], "plan.steps.1.weight"),
    ([(100, 60), (5, 60)], "plan.steps.1.weight"),
    ([(101, 60)], "plan.steps.0.weight"),
    ([(100, 0)], "plan.steps.0.hold_seconds"),
    ([(100, -1)], "plan.steps.0.hold_seconds"),
    ([(100, 10**9)], "plan.steps.0.hold_seconds"),
    ([(100.5, 60)], "plan.steps.0.weight"),
    ([(float("nan"), 60)], "plan.steps.0.weight"),
    ([(None, 60)], "plan.steps.0.weight"),
    ([(1, 60)] * 101, "plan.steps"),
    ([], "plan.steps"),
]


def test_a_plan_that_makes_no_sense_is_refused_by_its_place(stage: Stage) -> None:
    version = stage.version()
    for steps, field in SENSELESS:
        plan: Any = {"steps": [{"weight": weight, "hold_seconds": hold} for weight, hold in steps]}
        with pytest.raises(Invalid) as refusal:
            stage.open(version, plan=plan)
        assert refusal.value.field == field, steps[:2]
    for extra, field in (({"region": "x"}, "plan.steps.0.region"), ({"weight": "100%"}, "plan.steps.0.weight")):
        with pytest.raises(Invalid) as refusal:
            stage.open(version, plan={"steps": [{"weight": 100, "hold_seconds": 60, **extra}]})
        assert refusal.value.field == field
    assert not stage.portal.requests.list_requests(stage.people.viewer).items


def test_an_unknown_endpoint_is_refused(stage: Stage) -> None:
    version = stage.version()
    for unknown in ("EP-999", version.id, "nowhere", "", "EP-1; DROP TABLE promotions"):
        with pytest.raises(Invalid) as refusal:
            stage.open(version, endpoint_id=unknown)
        assert refusal.value.field == "endpoint_id", unknown


def test_unknown_versions_targets_and_requirements_are_refused_by_their_field(stage: Stage) -> None:
    version = stage.version()
    for field, wrong in (("version_id", "MV-99"), ("rollback_to", "RUN-1"), ("requirement_id", "R-77")):
        with pytest.raises(Invalid) as refusal:
            stage.open(version, **{field: wrong})
        assert refusal.value.field == field
    with pytest.raises(Invalid) as refusal:
        stage.open(version, rollback_to=version.id)
    assert refusal.value.field == "rollback_to"


def test_staging_takes_no_requests(stage: Stage) -> None:
    staging = stage.portal.endpoints.create_endpoint(
        stage.people.sre, project=PROJECT, name="late-arrival-staging", environment="staging"
    )
    with pytest.raises(Invalid, match="no policy"):
        stage.open(stage.version(), endpoint_id=staging.id)


def test_another_projects_things_are_not_there(stage: Stage) -> None:
    version, request = stage.version(), stage.open(stage.version())
    outsider = stage.people.outsider
    with pytest.raises(NotFound):
        stage.open(version, by=outsider)
    for read in (stage.portal.requests.get_request, stage.portal.requests.cancel_request):
        with pytest.raises(NotFound):
            read(outsider, request_id=request.id)
    assert not stage.portal.requests.list_requests(outsider).items
    assert not stage.portal.requests.what_needs_me(outsider)


def test_an_archived_version_is_not_asked_for(stage: Stage) -> None:
    version = stage.version()
    stage.portal.registry.archive_version(stage.people.engineer, version_id=version.id)
    with pytest.raises(Invalid, match="archived"):
        stage.open(version)


def test_a_version_that_is_asked_for_is_not_archived(stage: Stage) -> None:
    request = stage.open(stage.version())
    with pytest.raises(Conflict, match=request.id):
        stage.portal.registry.archive_version(stage.people.engineer, version_id=request.version_id)
    cancel(stage, request)
    stage.portal.registry.archive_version(stage.people.engineer, version_id=request.version_id)


def test_the_rollback_target_of_a_request_is_not_archived(stage: Stage) -> None:
    spare = stage.version()
    request = stage.open(stage.version(), rollback_to=spare.id)
    with pytest.raises(Conflict, match=f"it is the rollback target of {request.id}"):
        stage.portal.registry.archive_version(stage.people.engineer, version_id=spare.id)
    cancel(stage, request)
    stage.portal.registry.archive_version(stage.people.engineer, version_id=spare.id)


def test_the_same_thing_is_asked_for_once(stage: Stage) -> None:
    version = stage.version()
    first = stage.open(version)
    with pytest.raises(Conflict, match=first.id):
        stage.open(version)
    cancel(stage, first)
    assert stage.open(version).state is RequestState.IN_REVIEW


def test_the_same_version_is_asked_for_at_several_endpoints_at_once(stage: Stage) -> None:
    other = stage.portal.endpoints.create_endpoint(
        stage.people.sre, project="PROJ-1", name="early-arrival", environment="production"
    )
    for places in ((stage.endpoint_id, other.id), (other.id, stage.endpoint_id)):
        version = stage.version()
        opened = [stage.open(version, endpoint_id=endpoint_id) for endpoint_id in places]
        assert [request.state for request in opened] == [RequestState.IN_REVIEW] * 2


def test_a_rejection_is_final_for_its_revision(stage: Stage) -> None:
    stage.demand(2)
    request = stage.open(stage.measured())
    stage.approve(request.id, by=stage.people.other_approver)
    rejected = reject(stage, request)
    assert (rejected.state, rejected.why) == (RequestState.REJECTED, "It is too slow")
    for who in (stage.people.approver, stage.people.other_approver):
        with pytest.raises(Conflict, match="rejected"):
            stage.approve(request.id, by=who)
    with pytest.raises(Conflict):
        stage.apply(request.id)
    revised = revise(stage, request, note="Faster now")
    assert (revised.state, revised.approvals_given, revised.revision) == (RequestState.IN_REVIEW, 0, 2)
    assert stage.approve(request.id).approvals_given == 1


def test_a_request_sent_back_waits_for_its_revision(stage: Stage) -> None:
    request = stage.open(stage.measured())
    assert send_back(stage, request).state is RequestState.CHANGES_REQUESTED
    with pytest.raises(Conflict, match="Go slower at first"):
        stage.approve(request.id, by=stage.people.other_approver)
    revise(stage, request)
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_an_approved_request_can_still_be_stopped(stage: Stage) -> None:
    request = stage.approved()
    assert reject(stage, request).state is RequestState.REJECTED
    other = stage.approved()
    assert send_back(stage, other).state is RequestState.CHANGES_REQUESTED


def test_authors_and_those_who_deploy_withdraw_a_request(stage: Stage) -> None:
    request = stage.open(stage.version())
    with pytest.raises(NotAllowed):
        cancel(stage, request, by=stage.people.other_engineer)
    assert cancel(stage, request).state is RequestState.CANCELLED
    with pytest.raises(Conflict):
        cancel(stage, request)
    other = stage.open(stage.version())
    assert cancel(stage, other, by=stage.people.sre).state is RequestState.CANCELLED


def test_an_ended_request_stays_as_it_was(stage: Stage) -> None:
    request = reject(stage, stage.open(stage.measured()))
    stage.portal.registry.edit_card(stage.people.engineer, version_id=request.version_id, card="Other words.")
    assert stage.read(request.id) == request


def test_a_reason_is_said_in_plain_words(stage: Stage) -> None:
    request = stage.open(stage.measured())
    reasons: list[Any] = ["", "  ", "ok", "x" * 4001, "fine \u202egniht on", "a\x00b", None, 7]
    for reason in reasons:
        for decide in (stage.portal.decisions.reject, stage.portal.decisions.request_changes):
            with pytest.raises(Invalid) as refusal:
                decide(stage.people.approver, request_id=request.id, reason=reason)
            assert refusal.value.field == "reason", reason
    assert not stage.read(request.id).decisions


def test_a_note_is_kept_as_text_and_has_an_end(stage: Stage) -> None:
    note = "[see](javascript:alert(1)) <img src=x onerror=alert(1)>"
    assert stage.open(stage.version(), note=note).note == note
    for wrong in ("x" * 1_000_000, "up \u2066 down"):
        with pytest.raises(Invalid) as refusal:
            stage.open(stage.version(), note=wrong)
        assert refusal.value.field == "note"
