"""The five digests that an approval is bound to (RELIABILITY P01). They are computed from what is stored at the moment
of asking and never kept as a flag, so that nothing can change behind an approval."""

from collections.abc import Sequence
from typing import Any

from core.foundation.digests import digest_of
from core.foundation.text import N_, _
from core.foundation.values import Value
from core.promotion.values import Digests, Plan, Policy
from core.registry.values import Evidence, ModelVersion
from core.requirements.values import Criterion
from core.serving.values import Endpoint

PARTS = {
    "artifact": N_("the artifact"),
    "evidence": N_("the evidence"),
    "policy": N_("the policy"),
    "target": N_("the target or the plan"),
    "request": N_("the request"),
}


class Terms(Value):
    """What a request asks for, beyond its artifact, evidence and policy. `production` is what serves now, `rollback`
    what a rollback would return to; either may be absent."""

    request_id: str
    revision: int
    note: str
    endpoint: Endpoint
    plan: Plan
    criteria: tuple[Criterion, ...]
    production: ModelVersion | None
    rollback: ModelVersion | None


def digests_of(version: ModelVersion, *, evidence: Sequence[Evidence], policy: Policy, terms: Terms) -> Digests:
    """All five. `evidence` is every piece there is on the version (and on a rollback target that was never approved):
    one more, one less or another one makes another digest, and so does another card."""
    four = {
        "artifact": version.digest,
        "evidence": digest_of(_evidence(version, evidence)),
        "policy": policy_digest(policy),
        "target": digest_of(_target(terms)),
    }
    request = {"id": terms.request_id, "revision": terms.revision, "note": terms.note, "version": version.id}
    criteria = [criterion.model_dump(mode="json") for criterion in terms.criteria]
    return Digests(**four, request=digest_of({**four, **request, "criteria": criteria}))


def policy_digest(policy: Policy) -> str:
    """The digest of all that a policy demands."""
    return digest_of(policy.model_dump(mode="json", include={"name", "environment", "revision", *RULES}))


RULES = ("gates", "approvals", "valid_days")


def changed_parts(before: Digests, *, now: Digests) -> list[str]:
    """Which of the five differ, in words. The request's own digest covers the others, so it is named only alone."""
    parts = [part for part in PARTS if getattr(before, part) != getattr(now, part)]
    return [_(PARTS[part]) for part in parts if part != "request" or parts == ["request"]]


def _evidence(version: ModelVersion, evidence: Sequence[Evidence]) -> dict[str, Any]:
    return {
        "evidence": sorted([item.id, item.kind, item.digest] for item in evidence),
        "evaluations": [evaluation.model_dump(mode="json") for evaluation in version.evaluations],
        "card": version.card,
    }


def _target(terms: Terms) -> dict[str, Any]:
    endpoint, plan = terms.endpoint, terms.plan
    return {
        "endpoint": endpoint.id,
        "environment": endpoint.environment,
        "slo": endpoint.slo.model_dump(mode="json"),
        "plan": plan.model_dump(mode="json"),
        "replaces": terms.production.digest if terms.production else "",
        "rollback": terms.rollback.digest if terms.rollback else "",
    }
