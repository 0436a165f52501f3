"""Which approvals count, and when they are enough: pure reckoning, whatever the order of events."""

from datetime import timedelta
from typing import Any

import pytest

from core.identity.permissions import Role
from core.identity.values import Grant, Person
from core.promotion.approvals.rules import ApprovalContext, Reviewers, approvers, is_enough, state_of, weigh
from core.promotion.tables import DecisionRow
from core.promotion.values import Approvals, Digests, Policy, RequestState
from tests.promotion.values_to_judge import NOW

SEEN = Digests(artifact="a", evidence="e", policy="p", target="t", request="r")


def policy(*approvals: tuple[Role, int]) -> Policy:
    demands = tuple(Approvals(role=role, count=count) for role, count in approvals)
    return Policy(
        id="POL-1",
        name="Production",
        environment="production",
        revision=1,
        gates=(),
        approvals=demands or (Approvals(role=Role.APPROVER, count=1),),
        valid_days=7,
        digest="",
    )


def person(person_id: str, *roles: Role, state: Any = "active", project: str = "", kind: Any = "person") -> Person:
    grants = tuple(Grant(role=role, project=project) for role in roles)
    return Person(id=person_id, kind=kind, handle=person_id.lower(), name=person_id, state=state, grants=grants)


def reviewers(*people: Person, **barred: str) -> Reviewers:
    return Reviewers(project="PROJ-1", people={reviewer.id: reviewer for reviewer in people}, barred=barred)


def decision(person_id: str, number: int = 1, **changes: Any) -> DecisionRow:
    standard: dict[str, Any] = {
        "id": number,
        "promotion_id": "PR-1",
        "revision": 1,
        "person_id": person_id,
        "decision": "approve",
        "reason": "Read it",
        **SEEN.model_dump(),
        "decided_at": NOW,
        "expires_at": NOW + timedelta(days=7),
    }
    return DecisionRow(**{**standard, **changes})


def context(**changes: Any) -> ApprovalContext:
    standard: dict[str, Any] = {"now": NOW, "revision": 1, "digests": SEEN, "policy": policy()}
    return ApprovalContext(**{**standard, **changes})


def computed(
    *rows: DecisionRow, on: ApprovalContext, by: Reviewers, stored: str = "approved", blocking: tuple[str, ...] = ()
) -> tuple[RequestState, str]:
    decisions = weigh(rows, context=on, reviewers=by)
    enough = is_enough(on.policy, given=approvers(decisions), reviewers=by)
    return state_of(RequestState(stored), decisions=decisions, enough=enough, context=on, blocking=blocking)


SOFIA = person("P-5", Role.APPROVER)
LENA = person("P-6", Role.APPROVER)
JONAS = person("P-4", Role.SRE)


def test_an_approval_counts_while_nothing_has_changed() -> None:
    assert computed(decision("P-5"), on=context(), by=reviewers(SOFIA)) == (RequestState.APPROVED, "")


@pytest.mark.parametrize("part", ["artifact", "evidence", "policy", "target", "request"])
def test_any_change_makes_it_stale(part: str) -> None:
    changed = context(digests=SEEN.model_copy(update={part: "other", "request": "other"}))
    state, why = computed(decision("P-5"), on=changed, by=reviewers(SOFIA))
    assert state is RequestState.STALE
    assert part in why


def test_it_expires_to_the_second() -> None:
    just_before = context(now=NOW + timedelta(days=7) - timedelta(seconds=1))
    assert computed(decision("P-5"), on=just_before, by=reviewers(SOFIA))[0] is RequestState.APPROVED
    state, why = computed(decision("P-5"), on=context(now=NOW + timedelta(days=7)), by=reviewers(SOFIA))
    assert state is RequestState.EXPIRED
    assert "7 days" in why


@pytest.mark.parametrize(
    "fallen",
    [
        person("P-5", Role.VIEWER),
        person("P-5", Role.APPROVER, state="disabled"),
        person("P-5", Role.APPROVER, project="PROJ-2"),
        person("P-5", Role.APPROVER, kind="service"),
        person("P-7", Role.APPROVER),
    ],
    ids=["another role", "disabled", "another project", "no person", "deleted"],
)
def test_an_approver_who_is_one_no_more_does_not_count(fallen: Person) -> None:
    state, why = computed(decision("P-5"), on=context(), by=reviewers(fallen))
    assert state is RequestState.IN_REVIEW
    assert "No longer has the role" in why


def test_someone_with_a_hand_in_it_does_not_count() -> None:
    state, why = computed(decision("P-5"), on=context(), by=reviewers(SOFIA, **{"P-5": "measured EV-1"}))
    assert state is RequestState.IN_REVIEW
    assert "measured EV-1" in why


def test_an_earlier_revisions_approval_does_not_count() -> None:
    state, why = computed(decision("P-5"), on=context(revision=2), by=reviewers(SOFIA), stored="in review")
    assert (state, why) == (RequestState.IN_REVIEW, "0 of 1 approvals")


def test_the_same_person_twice_counts_once() -> None:
    two = context(policy=policy((Role.APPROVER, 2)))
    rows = (decision("P-5", 1), decision("P-5", 2))
    assert computed(*rows, on=two, by=reviewers(SOFIA), stored="in review")[0] is RequestState.IN_REVIEW
    decisions = weigh(rows, context=two, reviewers=reviewers(SOFIA))
    assert [counted.counts for counted in decisions] == [False, True]
    assert computed(decision("P-5", 1), decision("P-6", 2), on=two, by=reviewers(SOFIA, LENA))[0] == "approved"


def test_a_later_word_of_the_same_person_replaces_the_earlier() -> None:
    rows = (decision("P-5", 1), decision("P-5", 2, decision="request changes"))
    assert not approvers(weigh(rows, context=context(), reviewers=reviewers(SOFIA)))


def test_nobody_fills_two_places() -> None:
    both = person("P-8", Role.APPROVER, Role.SRE)
    demands = policy((Role.APPROVER, 1), (Role.SRE, 1))
    assert not is_enough(demands, given=frozenset({"P-8"}), reviewers=reviewers(both))
    assert is_enough(demands, given=frozenset({"P-8", "P-4"}), reviewers=reviewers(both, JONAS))
    assert is_enough(demands, given=frozenset({"P-8", "P-5"}), reviewers=reviewers(both, SOFIA))
    assert not is_enough(demands, given=frozenset({"P-5", "P-6"}), reviewers=reviewers(SOFIA, LENA))


def test_a_policy_without_demands_lets_nothing_through() -> None:
    empty = policy().model_copy(update={"approvals": ()})
    assert not is_enough(empty, given=frozenset({"P-5"}), reviewers=reviewers(SOFIA))


def test_a_gate_that_fails_afterwards_makes_it_stale() -> None:
    state, why = computed(decision("P-5"), on=context(), by=reviewers(SOFIA), blocking=("Parity: fail",))
    assert (state, why) == (RequestState.STALE, "Parity: fail")


def test_an_old_approval_does_not_hide_why_the_new_one_fell() -> None:
    rows = (decision("P-5", 1, evidence="old", request="old"), decision("P-5", 2))
    state, why = computed(*rows, on=context(), by=reviewers(person("P-5", Role.VIEWER)))
    assert (state, why) == (RequestState.IN_REVIEW, "No longer has the role")


@pytest.mark.parametrize("stored", ["changes requested", "applying", "applied", "rejected", "cancelled", "rolled back"])
def test_what_is_no_longer_open_is_never_computed(stored: str) -> None:
    assert computed(decision("P-5"), on=context(), by=reviewers(SOFIA), stored=stored)[0] == stored
