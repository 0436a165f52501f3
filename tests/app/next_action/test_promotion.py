"""Who is needed for a request, and for what."""

from typing import Any

import pytest

from app.next_action.promotion import needs_decision, promotion_action
from core.identity.permissions import Role
from core.promotion.values import Decision, RequestState
from tests.app.next_action.objects import NOW, request, rights

BLOCKED = {"blocking": ("Parity: fail",)}
MINE = {"requested_by": "PER-9"}
APPROVED_BY_ME = Decision(
    person_id="PER-9",
    person="Sofia",
    decision="approve",
    reason="Good",
    digests=request().digests,
    revision=1,
    decided_at=NOW,
    expires_at=NOW,
    counts=True,
    why_not="",
)


@pytest.mark.parametrize(
    ("state", "changes", "role", "name"),
    [
        ("in review", {}, Role.APPROVER, "approve"),
        ("stale", {}, Role.APPROVER, "approve"),
        ("expired", {}, Role.APPROVER, "approve"),
        ("in review", {}, Role.ENGINEER, ""),
        ("in review", {"may_not_approve": {"PER-9": "trained it"}}, Role.APPROVER, ""),
        ("in review", {"decisions": (APPROVED_BY_ME,)}, Role.APPROVER, ""),
        ("in review", {**MINE, **BLOCKED}, Role.ENGINEER, "measure"),
        ("approved", {}, Role.SRE, "apply"),
        ("approved", {}, Role.APPROVER, ""),
        ("changes requested", {}, Role.ENGINEER, "revise"),
        ("changes requested", {}, Role.APPROVER, ""),
        ("applying", {}, Role.SRE, ""),
        ("applied", {}, Role.APPROVER, ""),
    ],
)
def test_the_state_and_the_rights_decide(state: str, changes: dict[str, Any], role: Role, name: str) -> None:
    assert promotion_action(request(state, **changes), rights=rights(role)).name == name


def test_what_nobody_can_approve_is_disabled_and_needs_nobodys_decision() -> None:
    action = promotion_action(request(**BLOCKED), rights=rights(Role.APPROVER))
    assert (action.name, action.missing) == ("approve", "It cannot be approved yet: Parity: fail.")
    assert not needs_decision(request(**BLOCKED), rights=rights(Role.APPROVER))
    assert needs_decision(request(), rights=rights(Role.APPROVER))


@pytest.mark.parametrize("state", list(RequestState))
def test_an_outsider_is_never_needed(state: RequestState) -> None:
    assert promotion_action(request(state), rights=rights(None)).name == ""
