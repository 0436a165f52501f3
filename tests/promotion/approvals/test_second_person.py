"""Nobody alone reaches production: an account is whoever made it or minted its tokens, and a right to decide counts
where it is older than what is decided and comes from nobody who took part."""

from collections.abc import Callable

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.identity.permissions import Permission, Role
from core.loadtests.rows import view_of
from core.loadtests.tables import LoadTestRow
from core.promotion.values import Request, RequestState
from tests.promotion.stage import PROJECT, SYSTEM, Stage
from tests.registry.onnx_files import calling

CI = (Permission.READ, Permission.PROMOTE_REQUEST)


def newcomer(stage: Stage, handle: str = "noor") -> Actor:
    person = stage.portal.identity.create_person(SYSTEM, handle=handle, name=handle.title())
    return Actor(person_id=person.id, kind="person", via="session")


def grant(stage: Stage, to: Actor, role: Role = Role.APPROVER, *, by: Actor = SYSTEM, project: str = "") -> None:
    stage.portal.identity.grant_role(by, person_id=to.person_id, role=role, project=project)


def refusal(stage: Stage, request: Request, by: Actor) -> str:
    """The same words on the request as to whoever tries."""
    with pytest.raises(NotAllowed) as refused:
        stage.approve(request.id, by=by)
    assert stage.read(request.id).may_not_approve[by.person_id] in refused.value.message
    assert stage.read(request.id).approvals_given == 0
    return stage.read(request.id).may_not_approve[by.person_id]


def account_of(stage: Stage, *, creator: Actor = SYSTEM, minter: Actor = SYSTEM, scopes: tuple[Permission, ...] = CI):
    """A service account in the project, and the actor of its token."""
    identity = stage.portal.identity
    account = identity.create_service_account(creator, handle="robot", name="Robot", project=PROJECT)
    token = identity.mint_service_token(minter, account_id=account.id, name="ci", scopes=scopes)
    return stage.portal.sessions.actor_of_token(token.secret)


def maker(stage: Stage, *roles: Role) -> Actor:
    """An administrator who may decide, and may request."""
    admin = newcomer(stage, "maker")
    for role in (Role.ADMIN, Role.SRE, Role.APPROVER, *roles):
        grant(stage, admin, role)
    return admin


def test_whoever_created_the_account_that_requested_it_cannot_decide(stage: Stage) -> None:
    admin = maker(stage)
    request = stage.open(stage.measured(), by=account_of(stage, creator=admin))
    assert refusal(stage, request, admin) == "created the account SA-1, which requested it"
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_a_friend_who_minted_a_token_of_the_account_cannot_decide_either(stage_on: Stage) -> None:
    stage = stage_on
    friend = maker(stage)
    request = stage.open(stage.measured(), by=account_of(stage, creator=stage.people.admin, minter=friend))
    assert refusal(stage, request, friend) == "minted a token of SA-1, which requested it"


def test_a_token_counts_that_was_never_used_and_one_that_is_minted_afterwards(stage: Stage) -> None:
    admin = maker(stage)
    request = stage.open(stage.measured(), by=account_of(stage))
    assert admin.person_id not in request.may_not_approve
    stage.portal.identity.mint_service_token(admin, account_id="SA-1", name="spare", scopes=(Permission.READ,))
    assert refusal(stage, request, admin) == "minted a token of SA-1, which requested it"


def test_what_an_account_measured_was_measured_by_whoever_is_behind_it(stage: Stage) -> None:
    admin = maker(stage)
    scopes = (Permission.READ, Permission.EVIDENCE_WRITE)
    account = account_of(stage, creator=admin, scopes=scopes)
    version = stage.measured()
    stage.portal.registry.scan_safety(account, version_id=version.id)
    assert refusal(stage, stage.open(version), admin).startswith("created the account SA-1, which measured EV-")


def test_an_approval_falls_when_the_approver_turns_out_to_be_behind_the_account(stage: Stage) -> None:
    admin = maker(stage)
    request = stage.open(stage.measured(), by=account_of(stage))
    assert stage.approve(request.id, by=admin).state is RequestState.APPROVED
    stage.portal.identity.mint_service_token(admin, account_id="SA-1", name="spare", scopes=(Permission.READ,))
    assert stage.read(request.id).state is RequestState.IN_REVIEW
    with pytest.raises(Conflict):
        stage.apply(request.id)


def test_a_token_of_an_account_carries_no_more_than_its_minter_may_do_there(stage: Stage) -> None:
    identity, admin = stage.portal.identity, stage.people.admin
    account = identity.create_service_account(SYSTEM, handle="robot", name="Robot", project=PROJECT)

    def mint(*scopes: Permission) -> None:
        identity.mint_service_token(admin, account_id=account.id, name="ci", scopes=scopes)

    mint(Permission.READ, Permission.AUDIT_READ, Permission.PREDICT_PRODUCTION)
    grant(stage, admin, Role.ENGINEER, project="PROJ-2")
    with pytest.raises(NotAllowed, match=r"may not do yourself: promote\.request, deploy$"):
        mint(Permission.READ, Permission.PROMOTE_REQUEST, Permission.DEPLOY)
    grant(stage, admin, Role.ENGINEER, project=PROJECT)
    mint(Permission.PROMOTE_REQUEST)
    with pytest.raises(NotAllowed, match=r"yourself: deploy$"):
        mint(Permission.DEPLOY)
    with pytest.raises(Invalid, match="cannot carry"):
        mint(Permission.PROMOTE_DECIDE)


def test_an_administrator_of_another_project_mints_nothing_for_an_account(stage: Stage) -> None:
    identity = stage.portal.identity
    account = identity.create_service_account(SYSTEM, handle="robot", name="Robot", project=PROJECT)
    stranger = newcomer(stage)
    grant(stage, stranger, Role.ADMIN, project="PROJ-2")
    for scope in (Permission.READ, Permission.PREDICT_PRODUCTION):
        with pytest.raises(NotAllowed, match="may not do yourself"):
            identity.mint_service_token(stranger, account_id=account.id, name="ci", scopes=(scope,))


def test_a_token_of_ones_own_carries_no_more_than_one_may_do(stage: Stage) -> None:
    mint = stage.portal.identity.mint_token
    mint(stage.people.engineer, name="mine", scopes=(Permission.JOBS_WRITE,))
    for who, scope in ((stage.people.engineer, Permission.DEPLOY), (stage.people.sre, Permission.PREDICT_PRODUCTION)):
        with pytest.raises(NotAllowed, match="may not do yourself"):
            mint(who, name="more", scopes=(Permission.READ, scope))


def test_a_role_that_is_granted_after_the_request_does_not_count_for_it(stage: Stage) -> None:
    request, friend = stage.open(stage.measured()), newcomer(stage)
    grant(stage, friend, by=stage.people.admin)
    assert refusal(stage, request, friend).startswith("got the role approver on ")
    assert refusal(stage, request, friend).endswith(" UTC, after this was asked for")
    assert friend.person_id in stage.portal.requests.list_requests(friend).items[0].may_not_approve
    assert not stage.portal.requests.what_needs_me(friend)
    later = stage.open(stage.measured())
    assert stage.approve(later.id, by=friend).state is RequestState.APPROVED


def test_a_revision_makes_no_late_role_count(stage: Stage) -> None:
    request, friend = stage.open(stage.measured()), newcomer(stage)
    grant(stage, friend)
    stage.portal.requests.revise_request(stage.people.engineer, request_id=request.id, plan=request.plan)
    assert "after this was asked for" in refusal(stage, request, friend)


def test_a_role_that_is_revoked_and_granted_again_is_a_new_one(stage: Stage) -> None:
    request, approver = stage.open(stage.measured()), stage.people.approver
    stage.approve(request.id)
    role = {"person_id": approver.person_id, "role": Role.APPROVER}
    stage.portal.identity.revoke_role(stage.people.admin, **role)
    stage.portal.identity.grant_role(stage.people.admin, **role)
    decision = stage.read(request.id).decisions[0]
    assert (decision.counts, "after this was asked for" in decision.why_not) == (False, True)
    assert "after this was asked for" in refusal(stage, request, approver)


def test_granting_a_role_that_someone_has_changes_nothing(stage: Stage) -> None:
    request = stage.open(stage.measured())
    grant(stage, stage.people.approver, by=stage.people.admin)
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_a_late_role_harms_nobody_who_could_decide_before(stage: Stage) -> None:
    request = stage.open(stage.measured())
    grant(stage, stage.people.approver, project=PROJECT)
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_a_role_in_another_project_makes_no_late_one_count(stage: Stage) -> None:
    friend = newcomer(stage)
    grant(stage, friend, project="PROJ-2")
    request = stage.open(stage.measured())
    grant(stage, friend, project=PROJECT)
    assert "after this was asked for" in refusal(stage, request, friend)


def of_an_approver_and_an_sre(stage: Stage) -> None:
    """What the policy demands."""
    demands = '[{"role": "approver", "count": 1}, {"role": "sre", "count": 1}]'
    stage.edit("UPDATE promotion_policies SET approvals = :it", it=demands)


def test_an_early_role_of_another_kind_does_not_let_one_decide(stage: Stage) -> None:
    of_an_approver_and_an_sre(stage)
    request = stage.open(stage.measured(), by=stage.people.engineer)
    grant(stage, stage.people.sre)
    assert "after this was asked for" in refusal(stage, request, stage.people.sre)


def test_a_late_role_fills_no_place_of_a_policy(stage: Stage) -> None:
    of_an_approver_and_an_sre(stage)
    request = stage.open(stage.measured())
    grant(stage, stage.people.approver, Role.SRE)
    stage.approve(request.id, by=stage.people.other_approver)
    assert stage.approve(request.id).state is RequestState.IN_REVIEW
    later = stage.open(stage.measured())
    stage.approve(later.id, by=stage.people.other_approver)
    assert stage.approve(later.id).state is RequestState.APPROVED


def test_a_role_from_the_requester_does_not_count_however_old_it_is(stage: Stage) -> None:
    admin, friend = maker(stage), newcomer(stage)
    grant(stage, friend, by=admin)
    request = stage.open(stage.measured(), by=admin)
    assert refusal(stage, request, friend) == f"got the role approver from {admin.person_id}, who requested it"
    assert stage.approve(stage.open(stage.measured()).id, by=friend).state is RequestState.APPROVED


def test_a_role_from_an_author_of_what_is_asked_for_does_not_count(stage: Stage) -> None:
    admin, friend = maker(stage), newcomer(stage)
    grant(stage, admin, Role.ENGINEER, project=PROJECT)
    grant(stage, friend, by=admin)
    version = stage.measured()
    stage.portal.registry.edit_card(admin, version_id=version.id, card="Trust me.")
    assert refusal(stage, stage.open(version), friend).endswith(f"who edited the card of {version.id}")


def test_a_role_from_whoever_is_behind_the_account_that_requested_it_does_not_count(stage: Stage) -> None:
    admin, friend = maker(stage), newcomer(stage)
    grant(stage, friend, by=admin)
    request = stage.open(stage.measured(), by=account_of(stage, minter=admin))
    assert "who minted a token of SA-1, which requested it" in refusal(stage, request, friend)


def test_a_role_from_a_third_person_before_the_request_counts(stage: Stage) -> None:
    admin, friend = maker(stage), newcomer(stage)
    grant(stage, friend, by=stage.people.admin)
    request = stage.open(stage.measured(), by=admin)
    assert stage.approve(request.id, by=friend).state is RequestState.APPROVED


def disabled(stage: Stage, who: Actor, state: str, by: Actor) -> None:
    stage.portal.identity.set_state(by, person_id=who.person_id, state=state)


def test_whoever_is_enabled_again_after_the_request_or_by_its_requester_does_not_count(stage_on: Stage) -> None:
    stage = stage_on
    approver, admin = stage.people.approver, maker(stage)
    disabled(stage, approver, "disabled", admin)
    request = stage.open(stage.measured())
    disabled(stage, approver, "active", admin)
    assert refusal(stage, request, approver).startswith("was enabled on ")
    by_admin = stage.open(stage.measured(), by=admin)
    assert refusal(stage, by_admin, approver) == f"was enabled by {admin.person_id}, who requested it"
    later = stage.open(stage.measured())
    assert stage.approve(later.id).state is RequestState.APPROVED


def test_enabling_someone_who_was_never_disabled_harms_nobody(stage: Stage) -> None:
    request = stage.open(stage.measured())
    disabled(stage, stage.people.approver, "active", stage.people.admin)
    assert stage.approve(request.id).state is RequestState.APPROVED


def proposed(stage: Stage, by: Actor) -> int:
    policy = stage.policy
    return stage.portal.policies.propose_policy(
        by, policy_id=policy.id, gates=policy.gates, approvals=policy.approvals, valid_days=3, reason="Fresher"
    ).revision


def late_admin(stage: Stage, propose: Callable[[], int]) -> tuple[Actor, int]:
    revision, friend = propose(), newcomer(stage)
    grant(stage, friend, Role.ADMIN)
    return friend, revision


def early_friend(stage: Stage, propose: Callable[[], int]) -> tuple[Actor, int]:
    friend = newcomer(stage)
    grant(stage, friend, Role.ADMIN, by=stage.people.admin)
    return friend, propose()


@pytest.mark.parametrize(
    ("confirmer", "words"), [(late_admin, "after this was asked for"), (early_friend, "who proposed it")]
)
def test_a_policy_is_confirmed_by_none_whose_role_is_newer_or_the_proposers_gift(
    stage: Stage, confirmer: Callable[..., tuple[Actor, int]], words: str
) -> None:
    policies, admin = stage.portal.policies, stage.people.admin
    friend, revision = confirmer(stage, lambda: proposed(stage, admin))
    with pytest.raises(NotAllowed, match=words):
        policies.confirm_policy(friend, policy_id=stage.policy.id, revision=revision)
    (shown,) = [policy for policy in policies.list_policies(admin) if policy.state == "proposed"]
    assert set(shown.may_not_confirm) == {admin.person_id, friend.person_id}
    assert words in shown.may_not_confirm[friend.person_id]
    theirs = proposed(stage, friend)
    assert policies.confirm_policy(admin, policy_id=stage.policy.id, revision=theirs).may_not_confirm == {}


def test_a_waiting_load_test_of_production_shows_who_may_not_confirm_it(stage: Stage) -> None:
    identity, sre = stage.portal.identity, stage.people.sre
    version = stage.version()
    early, late = newcomer(stage, "early"), newcomer(stage, "late")
    grant(stage, early, Role.SRE)
    grant(stage, late, Role.SRE, project=PROJECT)
    with calling(stage.portal, SYSTEM) as call:
        row = LoadTestRow(
            id="LT-1", project=PROJECT, endpoint_id=stage.endpoint_id, endpoint="late-arrival",
            environment="production", version_id=version.id, digest=version.digest, split="", state="waiting",
            plan={"profile": "smoke", "rate": 50, "seconds": 12, "in_flight": 50, "rate_cap": 50},
            slo={"p99_ms": 50, "error_rate": 0.01}, requested_by=sre.person_id, created_at=call.now,
        )  # fmt: skip
        call.session.add(row)
    identity.revoke_role(SYSTEM, person_id=late.person_id, role=Role.SRE, project=PROJECT)
    grant(stage, late, Role.SRE, project=PROJECT)
    with stage.portal.foundation.database.read() as session:
        barred = view_of(session, session.get_one(LoadTestRow, "LT-1")).may_not_confirm
    assert set(barred) == {sre.person_id, late.person_id}
    assert "after this was asked for" in barred[late.person_id]
