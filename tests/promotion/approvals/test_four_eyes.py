"""Who may not decide: computed from the lineage, whatever role someone has (P03, P05, P07, P13, A16, A17)."""

import pytest

from core.compute.values import JobState
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, NotAllowed, NotSignedIn, PortalError
from core.foundation.ids import Kind
from core.identity.permissions import Permission, Role
from core.promotion.values import Request, RequestState
from core.serving.values import PARITY
from tests.promotion.stage import PROJECT, SYSTEM, Stage
from tests.promotion.values_to_judge import parity
from tests.registry.onnx_files import calling, register_tiny, tiny_model


def as_approver(stage: Stage, actor: Actor) -> Actor:
    stage.portal.identity.grant_role(SYSTEM, person_id=actor.person_id, role=Role.APPROVER)
    return actor


def cannot_decide(stage: Stage, request: Request, actor: Actor) -> str:
    """Neither approve nor reject nor send back; nothing changes, and each try is in the audit log."""
    before = stage.read(request.id)
    tries = {
        "approve": {"digests_seen": request.digests.request, "reason": "Looks good"},
        "reject": {"reason": "Looks bad"},
        "request_changes": {"reason": "Looks odd"},
    }
    messages = set()
    for name, arguments in tries.items():
        with pytest.raises(NotAllowed) as refusal:
            getattr(stage.portal.decisions, name)(actor, request_id=request.id, **arguments)
        messages.add(refusal.value.message)
        denied = stage.portal.audit.list_events(stage.people.admin, action=f"promotion.{name}", outcome="denied")
        assert denied.items[0].actor == actor.person_id
    assert stage.read(request.id) == before
    return messages.pop()


def run_of(stage: Stage, owner: Actor, *, sweep_owner: Actor | None = None) -> str:
    """The objects of a run (out of a sweep), as training leaves them."""
    with calling(stage.portal, SYSTEM) as call:
        run = call.create(
            Kind.RUN, project=PROJECT, title="A run", state=JobState.SUCCEEDED.value, owner=owner.person_id
        )
        if sweep_owner:
            sweep = call.create(
                Kind.SWEEP, project=PROJECT, title="A sweep", state="finished", owner=sweep_owner.person_id
            )
            call.link(sweep, run, "confirmed by")
    return run


def test_the_requester_cannot_decide(stage: Stage) -> None:
    requester = as_approver(stage, stage.people.sre)
    request = stage.open(stage.measured(), by=requester)
    assert "you requested it" in cannot_decide(stage, request, requester)


def test_whoever_trained_it_cannot_decide(stage: Stage) -> None:
    trainer = as_approver(stage, stage.people.other_approver)
    version = stage.measured(run_id=run_of(stage, trainer))
    request = stage.open(version, by=stage.people.sre)
    assert f"you trained {version.run_id}" in cannot_decide(stage, request, trainer)


def test_whoever_ran_the_sweep_it_came_from_cannot_decide(stage: Stage) -> None:
    version = stage.measured(run_id=run_of(stage, stage.people.engineer, sweep_owner=stage.people.other_approver))
    request = stage.open(version, by=stage.people.sre)
    assert "you ran the sweep SW-1" in cannot_decide(stage, request, stage.people.other_approver)


def test_whoever_registered_it_cannot_decide(stage: Stage) -> None:
    request = stage.open(stage.measured(), by=stage.people.sre)
    assert "you registered MV-1" in cannot_decide(stage, request, as_approver(stage, stage.people.engineer))


def test_whoever_registered_what_would_be_returned_to_cannot_decide_until_it_has_served(stage: Stage) -> None:
    maker, requester = as_approver(stage, stage.people.engineer), stage.people.sre
    returned = stage.version()
    new = register_tiny(stage.portal, stage.people.other_engineer, model=tiny_model(weight=3.0))
    request = stage.open(new, by=requester, rollback_to=returned.id)
    assert f"you registered {returned.id}" in cannot_decide(stage, request, maker)
    stage.portal.requests.cancel_request(requester, request_id=request.id)
    stage.measure(returned)
    stage.released(returned)
    request = stage.open(new, by=requester, rollback_to=returned.id)
    assert maker.person_id not in request.may_not_approve


def test_whoever_measured_it_cannot_decide(stage: Stage) -> None:
    version = stage.measured()
    stage.add(version, PARITY, parity(version).content, by=stage.people.other_approver)
    request = stage.open(version)
    assert "you measured EV-" in cannot_decide(stage, request, stage.people.other_approver)


def test_whoever_asked_for_the_load_test_behind_the_evidence_cannot_decide(stage: Stage) -> None:
    version = stage.measured()
    evidence = stage.load_test(version)
    with calling(stage.portal, SYSTEM) as call:
        owner = stage.people.other_approver.person_id
        test = call.create(Kind.LOAD_TEST, project=PROJECT, title="A load test", state="done", owner=owner)
        call.link(test, evidence.id, "measured")
    request = stage.open(version)
    assert f"you load-tested with {test}" in cannot_decide(stage, request, stage.people.other_approver)


def test_whoever_edited_the_card_cannot_decide(stage: Stage) -> None:
    version = stage.measured()
    stage.portal.identity.grant_role(
        SYSTEM, person_id=stage.people.other_approver.person_id, role=Role.ENGINEER, project=PROJECT
    )
    stage.portal.registry.edit_card(stage.people.other_approver, version_id=version.id, card="Trust me.")
    request = stage.open(version)
    assert f"you edited the card of {version.id}" in cannot_decide(stage, request, stage.people.other_approver)


def test_whoever_edited_the_card_of_another_version_may_decide(stage: Stage) -> None:
    version, later = stage.measured(), stage.version()
    editor = stage.people.other_approver
    stage.portal.identity.grant_role(SYSTEM, person_id=editor.person_id, role=Role.ENGINEER, project=PROJECT)
    stage.portal.registry.edit_card(editor, version_id=later.id, card="Another one.")
    assert editor.person_id not in stage.open(version).may_not_approve


def test_whoever_revised_the_request_cannot_decide(stage: Stage) -> None:
    request = stage.open(stage.measured())
    reviser = as_approver(stage, stage.people.sre)
    stage.portal.requests.revise_request(reviser, request_id=request.id, plan=request.plan, note="Slower")
    assert "you revised the request" in cannot_decide(stage, stage.read(request.id), reviser)


def test_the_request_says_beforehand_who_may_not(stage: Stage) -> None:
    version = stage.measured(run_id=run_of(stage, stage.people.engineer))
    barred = stage.open(version).may_not_approve
    assert set(barred) == {stage.people.engineer.person_id, stage.people.other_engineer.person_id}
    assert barred[stage.people.engineer.person_id] == "requested it, registered MV-1, trained RUN-1"


def test_an_administrator_has_no_right_of_their_own(stage: Stage) -> None:
    request = stage.open(stage.measured())
    assert "permission promote.decide" in cannot_decide(stage, request, stage.people.admin)


def test_an_administrator_cannot_approve_their_own_request(stage: Stage) -> None:
    admin = stage.people.admin
    for role, project in ((Role.APPROVER, ""), (Role.ENGINEER, PROJECT)):
        stage.portal.identity.grant_role(SYSTEM, person_id=admin.person_id, role=role, project=project)
    request = stage.open(stage.measured(), by=admin)
    assert "you requested it" in cannot_decide(stage, request, admin)


def test_other_roles_cannot_decide(stage: Stage) -> None:
    request = stage.open(stage.measured())
    for who in ("viewer", "engineer", "other_engineer", "sre"):
        assert "permission" in cannot_decide(stage, request, getattr(stage.people, who))


def token_of_a_person(stage: Stage) -> Actor:
    token = stage.portal.identity.mint_token(stage.people.approver, name="script", scopes=(Permission.READ,))
    return stage.portal.sessions.actor_of_token(token.secret)


def service_account(stage: Stage) -> Actor:
    identity = stage.portal.identity
    account = identity.create_service_account(SYSTEM, handle="robot", name="Robot", project=PROJECT)
    token = identity.mint_service_token(
        SYSTEM, account_id=account.id, name="ci", scopes=(Permission.READ, Permission.PROMOTE_REQUEST)
    )
    return stage.portal.sessions.actor_of_token(token.secret)


def service_account_without_a_token(stage: Stage) -> Actor:
    return Actor(person_id=service_account(stage).person_id, kind="service", via="session")


@pytest.mark.parametrize("kind", [token_of_a_person, service_account, service_account_without_a_token])
def test_machines_never_decide(stage: Stage, kind: object) -> None:
    request = stage.open(stage.measured())
    assert callable(kind)
    cannot_decide(stage, request, kind(stage))


def test_the_portal_itself_never_decides(stage: Stage) -> None:
    request = stage.open(stage.measured())
    cannot_decide(stage, request, Actor.system("worker"))


def test_a_token_cannot_be_minted_to_decide(stage: Stage) -> None:
    with pytest.raises(PortalError):
        stage.portal.identity.mint_token(stage.people.approver, name="script", scopes=(Permission.PROMOTE_DECIDE,))


def test_a_disabled_approver_cannot_decide(stage: Stage) -> None:
    request = stage.open(stage.measured())
    who = stage.people.approver
    stage.portal.identity.set_state(stage.people.admin, person_id=who.person_id, state="disabled")
    with pytest.raises(NotSignedIn):
        stage.approve(request.id)


def test_two_approvals_are_two_people(stage: Stage) -> None:
    stage.demand(2)
    request = stage.open(stage.measured())
    once = stage.approve(request.id)
    assert (once.state, once.approvals_given, once.approvals_needed) == (RequestState.IN_REVIEW, 1, 2)
    with pytest.raises(Conflict, match="approved this already"):
        stage.approve(request.id)
    assert stage.read(request.id).approvals_given == 1
    with pytest.raises(Conflict):
        stage.apply(request.id)
    twice = stage.approve(request.id, by=stage.people.other_approver)
    assert (twice.state, twice.approvals_given) == (RequestState.APPROVED, 2)
