"""A policy that was looser for a while is pointed out, with what was approved under it."""

from typing import Any

import pytest

from core.foundation.actors import Actor
from core.identity.permissions import Role
from core.promotion.policies.lapses import lapses_in
from core.promotion.policies.service import PRODUCTION
from core.promotion.values import Approvals, GateRule, Lapse, Policy
from tests.promotion.stage import SYSTEM, Stage

TWO = (Approvals(role=Role.APPROVER, count=2),)


def second_admin(stage: Stage) -> Actor:
    who = stage.people.viewer
    stage.portal.identity.grant_role(SYSTEM, person_id=who.person_id, role=Role.ADMIN)
    return who


def changed(stage: Stage, by: Actor, *, confirmed: bool = True, **changes: Any) -> Policy:
    """Another revision with all else as it began."""
    policy = stage.policy
    rules = {"gates": policy.gates, "approvals": policy.approvals, "valid_days": policy.valid_days, **changes}
    proposed = stage.portal.policies.propose_policy(
        stage.people.admin, policy_id=policy.id, reason="For a while", **rules
    )
    if not confirmed:
        return proposed
    return stage.portal.policies.confirm_policy(by, policy_id=policy.id, revision=proposed.revision)


def gates_of(policy: Policy, **params: Any) -> tuple[GateRule, ...]:
    """The policy's own, with other parameters of one gate, by its name; None leaves it out."""
    remaining = [rule for rule in policy.gates if params.get(rule.gate, rule) is not None]
    return tuple(
        rule.model_copy(update={"params": {**rule.params, **params[rule.gate]}}) if rule.gate in params else rule
        for rule in remaining
    )


def in_force(stage: Stage) -> Policy:
    return stage.portal.policies.get_policy(stage.people.viewer, policy_id=stage.policy.id)


LOOSER: list[tuple[dict[str, Any], str]] = [
    ({"parity": None}, "Parity was not asked for"),
    ({"load_test": {"rate_rps": 25}}, "Load test: Rate of the test (rps)"),
    ({"load_test": {"capacity_rps": 0}}, "Load test: Capacity (rps)"),
    ({"load_test": {"requests": 5}}, "Load test: requests"),
    ({"load_test": {"max_age_days": 0}}, "Load test: Oldest evidence (days)"),
    ({"load_test": {"attempts": "newest"}}, "Load test: Deciding attempt"),
    ({"parity": {"mismatches": 10}}, "Parity: mismatches"),
    ({"parity": {"rows": 10}}, "Parity: rows"),
    ({"quality": {"margins": {"auc": 0.1, "log_loss": 0.005}}}, "Offline quality: margin auc"),
    ({"quality": {"margins": {"log_loss": 0.005}}}, "Offline quality: margin auc"),
    ({"quality": {"demand": "non-inferior"}}, "Offline quality: demand"),
    ({"quality": {"split": ""}}, "Offline quality: split"),
]
STRICT = {
    "load_test": {"attempts": "worst", "capacity_rps": 50},
    "quality": {"demand": "better", "split": "test"},
}


def with_params(policy: Policy, revision: int, **params: Any) -> Policy:
    return policy.model_copy(update={"revision": revision, "gates": gates_of(policy, **params)})


@pytest.mark.parametrize(("params", "words"), LOOSER)
def test_each_setting_of_a_gate_can_be_looser(params: dict[str, Any], words: str) -> None:
    strict = with_params(PRODUCTION, 1, **STRICT)
    revisions = [strict, with_params(strict, 2, **params), strict.model_copy(update={"revision": 3})]
    assert list(lapses_in(revisions)) == [(("", 2), (words,))]
    assert list(lapses_in(revisions[:2])) == list(lapses_in(revisions[1:])) == []


def test_an_undecided_verdict_that_is_left_to_people_is_looser() -> None:
    people = tuple(rule.model_copy(update={"on_inconclusive": "judgement"}) for rule in PRODUCTION.gates)
    revisions = [PRODUCTION, PRODUCTION.model_copy(update={"revision": 2, "gates": people}), PRODUCTION]
    words = ("Load test: on inconclusive", "Parity: on inconclusive", "Artifact safety: on inconclusive")
    assert list(lapses_in(revisions)) == [(("", 2), words)]


def test_what_was_approved_while_a_policy_was_looser_is_pointed_out(stage: Stage) -> None:
    other = second_admin(stage)
    before = stage.approved()
    changed(stage, other, gates=gates_of(stage.policy, parity=None))
    during, unapproved = stage.approved(), stage.open(stage.version())
    assert in_force(stage).lapses == ()
    assert stage.read(during.id).policy_lapse == ()
    changed(stage, other)
    words = ("Parity was not asked for",)
    assert in_force(stage).lapses == (Lapse(revision=2, looser=words, requests=(during.id,)),)
    assert stage.read(during.id).policy_lapse == stage.read(unapproved.id).policy_lapse == words
    assert stage.read(before.id).policy_lapse == stage.read(stage.approved().id).policy_lapse == ()


def test_it_shows_on_what_was_applied_before_the_policy_was_tightened_again(stage: Stage) -> None:
    other = second_admin(stage)
    changed(stage, other, gates=gates_of(stage.policy, parity=None))
    released = stage.released()
    changed(stage, other)
    listed = stage.portal.requests.list_requests(stage.people.viewer).items
    assert [request.policy_lapse for request in listed] == [("Parity was not asked for",)]
    assert stage.read(released.id) == listed[0]


def flagged(stage: Stage) -> list[int]:
    return [lapse.revision for lapse in in_force(stage).lapses]


def test_fewer_approvals_and_longer_ones_are_looser() -> None:
    strict = PRODUCTION.model_copy(update={"approvals": TWO})
    fewer = strict.model_copy(update={"revision": 2, "approvals": PRODUCTION.approvals})
    longer = strict.model_copy(update={"revision": 3, "valid_days": 30})
    assert list(lapses_in([strict, fewer, longer, strict])) == [
        (("", 2), ("approvals by the role approver",)),
        (("", 3), ("how long approvals are valid",)),
    ]


def test_a_policy_that_only_grows_stricter_or_looser_has_no_lapse() -> None:
    days = [PRODUCTION.model_copy(update={"revision": n, "valid_days": n}) for n in range(1, 5)]
    assert list(lapses_in(days)) == list(lapses_in(days[::-1])) == []


def test_a_proposal_that_nobody_confirmed_was_never_in_force(stage: Stage) -> None:
    other = second_admin(stage)
    changed(stage, other, gates=gates_of(stage.policy, parity=None))
    stage.approved()
    changed(stage, other, confirmed=False)
    assert flagged(stage) == []
    changed(stage, other)
    assert flagged(stage) == [2]


def test_a_lapse_under_which_nothing_was_approved_is_none(stage: Stage) -> None:
    other = second_admin(stage)
    changed(stage, other, gates=gates_of(stage.policy, parity=None))
    stage.open(stage.measured())
    changed(stage, other)
    assert flagged(stage) == []


def test_tightening_it_to_something_else_hides_nothing(stage: Stage) -> None:
    other = second_admin(stage)
    changed(stage, other, gates=gates_of(stage.policy, load_test={"rate_rps": 0}))
    stage.approved()
    changed(stage, other, gates=gates_of(stage.policy, load_test={"rate_rps": 50}), valid_days=9)
    assert flagged(stage) == [2]
