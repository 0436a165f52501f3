"""Policies: seeded once, changed by two people, and never for requests that are open (P15, A42)."""

from typing import Any

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.identity.permissions import Role
from core.promotion.values import Approvals, GateRule, Policy, RequestState
from tests.promotion.stage import SYSTEM, Stage

NAN = float("nan")
SAFETY_ONLY = (GateRule(gate="safety"),)


def second_admin(stage: Stage) -> Actor:
    """Before there is a change to confirm: a role that is granted later does not count for it."""
    who = stage.people.viewer
    stage.portal.identity.grant_role(SYSTEM, person_id=who.person_id, role=Role.ADMIN)
    return who


def propose(stage: Stage, by: Actor | None = None, **changes: Any) -> Policy:
    proposal: dict[str, Any] = {
        "policy_id": stage.policy.id,
        "gates": SAFETY_ONLY,
        "approvals": (Approvals(role=Role.APPROVER, count=2),),
        "valid_days": 3,
        "reason": "Two pairs of eyes",
    }
    return stage.portal.policies.propose_policy(by or stage.people.admin, **{**proposal, **changes})


def in_force(stage: Stage) -> Policy:
    return stage.portal.policies.get_policy(stage.people.viewer, policy_id=stage.policy.id)


def test_an_installation_begins_with_a_policy_for_production(stage: Stage) -> None:
    policy = in_force(stage)
    assert [rule.gate for rule in policy.gates] == ["quality", "parity", "load_test", "safety"]
    assert policy.approvals == (Approvals(role=Role.APPROVER, count=1),)
    assert (policy.environment, policy.valid_days, policy.revision) == ("production", 7, 1)
    assert stage.portal.policies.ensure_policies(SYSTEM) == (policy,)
    assert stage.portal.policies.list_policies(stage.people.viewer) == (policy,)


def test_a_change_is_in_force_when_a_second_administrator_confirms_it(stage: Stage) -> None:
    other = second_admin(stage)
    proposed = propose(stage)
    assert (proposed.state, proposed.revision) == ("proposed", 2)
    assert in_force(stage).revision == 1
    with pytest.raises(NotAllowed, match="their own"):
        stage.portal.policies.confirm_policy(stage.people.admin, policy_id=proposed.id, revision=2)
    confirmed = stage.portal.policies.confirm_policy(other, policy_id=proposed.id, revision=2)
    assert in_force(stage) == confirmed
    assert (confirmed.proposed_by, confirmed.confirmed_by) == (stage.people.admin.person_id, other.person_id)
    with pytest.raises(Conflict, match="in force"):
        stage.portal.policies.confirm_policy(other, policy_id=proposed.id, revision=2)


def test_an_open_request_keeps_the_policy_it_was_opened_with(stage: Stage) -> None:
    version, other = stage.version(), second_admin(stage)
    request = stage.open(version)
    proposed = propose(stage, approvals=(Approvals(role=Role.APPROVER, count=1),))
    stage.portal.policies.confirm_policy(other, policy_id=proposed.id, revision=2)
    with pytest.raises(Conflict, match="Parity: no data"):
        stage.approve(request.id)
    assert stage.read(request.id).policy.revision == 1
    revised = stage.portal.requests.revise_request(stage.people.engineer, request_id=request.id, plan=request.plan)
    assert revised.policy.revision == 1
    assert stage.open(stage.version()).policy.revision == 2


def test_a_change_in_mid_flight_keeps_an_approval(stage: Stage) -> None:
    request, other = stage.approved(), second_admin(stage)
    proposed = propose(stage)
    stage.portal.policies.confirm_policy(other, policy_id=proposed.id, revision=2)
    assert stage.read(request.id).state is RequestState.APPROVED
    assert stage.apply(request.id).state is RequestState.APPLYING


def test_a_newer_proposal_takes_the_place_of_the_older(stage: Stage) -> None:
    other = second_admin(stage)
    propose(stage)
    propose(stage, valid_days=5)
    with pytest.raises(Conflict, match="replaced"):
        stage.portal.policies.confirm_policy(other, policy_id=stage.policy.id, revision=2)
    assert stage.portal.policies.confirm_policy(other, policy_id=stage.policy.id, revision=3).valid_days == 5


def test_only_administrators_change_policies(stage: Stage) -> None:
    for who in ("viewer", "engineer", "sre", "approver"):
        with pytest.raises(NotAllowed):
            propose(stage, by=getattr(stage.people, who))


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"gates": (GateRule(gate="os.system"),)}, "gates.0.gate"),
    ({"gates": (*SAFETY_ONLY, *SAFETY_ONLY)}, "gates.0.gate"),
    ({"gates": (GateRule(gate="parity", params={"rows": 0}),)}, "gates.0.params.rows"),
    ({"gates": (GateRule(gate="parity", params={"row": 5}),)}, "gates.0.params.row"),
    ({"gates": (GateRule(gate="quality", params={"margins": {"auc": NAN}}),)}, "gates.0.params.margins.auc"),
    ({"gates": ()}, "gates"),
    ({"approvals": ()}, "approvals"),
    ({"approvals": [{"role": "approver", "count": 0}]}, "approvals.0.count"),
    ({"valid_days": 0}, "valid_days"),
    ({"reason": "\u202eok then"}, "reason"),
]


def test_a_policy_that_makes_no_sense_is_refused_by_its_place(stage: Stage) -> None:
    for changes, field in SENSELESS:
        with pytest.raises(Invalid) as refusal:
            propose(stage, **changes)
        assert refusal.value.field == field


def test_what_does_not_exist_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.portal.policies.get_policy(stage.people.viewer, policy_id=stage.policy.id, revision=9)
    with pytest.raises(NotFound):
        stage.portal.policies.get_policy(stage.people.viewer, policy_id=stage.endpoint_id)
    with pytest.raises(NotFound):
        stage.portal.requests.get_request(stage.people.viewer, request_id=stage.endpoint_id)


def test_gates_can_be_listed_with_their_forms(stage: Stage) -> None:
    cards = {card.name: card for card in stage.portal.policies.list_gates(stage.people.viewer)}
    assert set(cards) == {"quality", "parity", "load_test", "safety", "conversion", "inputs"}
    assert "interval" in cards["quality"].help
    assert cards["load_test"].parameters["properties"]["capacity_rps"]["minimum"] == 0
