"""An approval is bound to five digests: each moves with its own thing and with nothing else (P01)."""

from typing import Any

import pytest

from core.identity.permissions import Role
from core.promotion.approvals.digests import Terms, changed_parts, digests_of, policy_digest
from core.promotion.values import Approvals, Digests, GateRule, Plan, Policy, Step
from core.requirements.values import Comparison, Criterion
from core.serving.values import ServiceLevel
from tests.promotion.values_to_judge import endpoint, evaluation, parity, quality, route_of, version

CANDIDATE, PRODUCTION = version(2), version(1)
POLICY = Policy(
    id="POL-1",
    name="Production",
    environment="production",
    revision=1,
    gates=(GateRule(gate="quality"),),
    approvals=(Approvals(role=Role.APPROVER, count=1),),
    valid_days=7,
    digest="",
)
TERMS = Terms(
    request_id="PR-1",
    revision=1,
    note="",
    endpoint=endpoint(route_of(PRODUCTION)),
    plan=Plan(steps=(Step(weight=100, hold_seconds=60),)),
    criteria=(),
    production=PRODUCTION,
    rollback=PRODUCTION,
)
EVIDENCE = (quality(CANDIDATE, PRODUCTION), parity(CANDIDATE, number=2))


def digests(**changes: Any) -> Digests:
    standard: dict[str, Any] = {"evidence": EVIDENCE, "policy": POLICY, "terms": TERMS}
    subject = changes.pop("version", CANDIDATE)
    return digests_of(subject, **{**standard, **changes})


def terms(**changes: Any) -> Terms:
    return TERMS.model_copy(update=changes)


BEFORE = digests()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"version": version(2, digest="0" * 64)}, ["the artifact"]),
        ({"version": version(2, card="Another card.")}, ["the evidence"]),
        ({"version": version(2, evaluations=(evaluation(rows=49_999),))}, ["the evidence"]),
        ({"evidence": EVIDENCE[:1]}, ["the evidence"]),
        ({"evidence": (*EVIDENCE, quality(CANDIDATE, PRODUCTION, number=3))}, ["the evidence"]),
        ({"evidence": (EVIDENCE[0], parity(CANDIDATE, rows=501, number=2))}, ["the evidence"]),
        ({"policy": POLICY.model_copy(update={"valid_days": 8})}, ["the policy"]),
        ({"policy": POLICY.model_copy(update={"gates": ()})}, ["the policy"]),
        ({"policy": POLICY.model_copy(update={"revision": 2})}, ["the policy"]),
        ({"terms": terms(plan=Plan(steps=(Step(weight=100, hold_seconds=61),)))}, ["the target or the plan"]),
        ({"terms": terms(endpoint=endpoint(id="EP-2"))}, ["the target or the plan"]),
        ({"terms": terms(endpoint=endpoint(environment="staging"))}, ["the target or the plan"]),
        ({"terms": terms(endpoint=endpoint(slo=ServiceLevel(p99_ms=99)))}, ["the target or the plan"]),
        ({"terms": terms(production=version(3))}, ["the target or the plan"]),
        ({"terms": terms(rollback=None)}, ["the target or the plan"]),
        ({"terms": terms(revision=2)}, ["the request"]),
        ({"terms": terms(note="More words")}, ["the request"]),
        ({"terms": terms(request_id="PR-2")}, ["the request"]),
        (
            {"terms": terms(criteria=(Criterion(metric="auc", comparison=Comparison.AT_LEAST, limit=0.6),))},
            ["the request"],
        ),
    ],
)
def test_each_thing_moves_its_own_digest(change: dict[str, Any], parts: list[str]) -> None:
    after = digests(**change)
    assert changed_parts(BEFORE, now=after) == parts
    assert after.request != BEFORE.request, "whoever approves the request approves all of it"


def test_what_does_not_matter_moves_nothing() -> None:
    settled = endpoint(route_of(PRODUCTION), settled=False, generation=9, description="words")
    same = digests(evidence=EVIDENCE[::-1], terms=terms(endpoint=settled))
    assert same == BEFORE
    named = POLICY.model_copy(update={"state": "replaced", "digest": "x", "confirmed_by": "P-9"})
    assert policy_digest(named) == policy_digest(POLICY)
