"""Requests for promotion, gates and policies as pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from core.foundation.values import Value
from core.identity.permissions import Role
from core.requirements.values import Criterion
from core.tasks.values import Verdict


class RequestState(StrEnum):
    """STALE and EXPIRED are computed when read, never stored by hand."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    CHANGES_REQUESTED = "changes requested"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    ROLLED_BACK = "rolled back"


class Step(Value):
    """A step of a rollout: the new version's share in percent, and how long it is held."""

    weight: Annotated[int, Field(ge=1, le=100)]
    hold_seconds: Annotated[int, Field(ge=1, le=7 * 86_400)]


class Plan(Value):
    """How traffic moves. The weights rise and end at 100."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]


class GateRule(Value):
    """A gate that a policy asks for, with its parameters; `on_inconclusive` says what an undecided verdict leads to."""

    gate: str
    params: dict[str, Any] = Field(default_factory=dict)
    on_inconclusive: Literal["fail", "judgement"] = "fail"


class Approvals(Value):
    """How many distinct people of which role."""

    role: Role
    count: Annotated[int, Field(ge=1, le=10)]


class Lapse(Value):
    """A revision of a policy that was looser than others before and after it: in what, in words, and the requests that
    were approved under it."""

    revision: int
    looser: tuple[str, ...]
    requests: tuple[str, ...]


class Policy(Value):
    """What a promotion to an environment needs. A change makes a new revision, which a second administrator confirms,
    and concerns new requests only. `may_not_confirm` says who may not confirm a proposed one, and why;
    `lapses` of the one in force are earlier revisions that were looser for a while."""

    id: str
    name: str
    environment: str
    revision: int
    gates: tuple[GateRule, ...]
    approvals: tuple[Approvals, ...]
    valid_days: int
    digest: str
    state: Literal["proposed", "in force", "replaced"] = "in force"
    proposed_by: str = ""
    confirmed_by: str = ""
    may_not_confirm: dict[str, str] = Field(default_factory=dict)
    lapses: tuple[Lapse, ...] = ()


class Attempt(Value):
    """What one piece of evidence says to a gate; `counts` for the one that the gate's verdict rests on, else `why_not`
    says why."""

    evidence_id: str
    measured_at: datetime
    verdict: Verdict
    value: str
    counts: bool
    why_not: str


class GateResult(Value):
    """A gate's verdict on evidence. `value` is the figure with its limit, `basis` what it rests on; `attempts` is all
    the evidence there is, the newest first."""

    gate: str
    title: str
    verdict: Verdict
    value: str
    basis: str
    evidence_id: str
    evidence_digest: str
    attempts: tuple[Attempt, ...] = ()


class Digests(Value):
    """The five things an approval is bound to (P01): artifact, evidence, policy, target, and the request's revision."""

    artifact: str
    evidence: str
    policy: str
    target: str
    request: str


class Decision(Value):
    """What a person decided on which digests. `counts` is false when it no longer does; `why_not` says why."""

    person_id: str
    person: str
    decision: Literal["approve", "reject", "request changes"]
    reason: str
    digests: Digests
    revision: int
    decided_at: datetime
    expires_at: datetime
    counts: bool
    why_not: str


class Progress(Value):
    """How far a rollout has come: `step` counts from 1, `since` is when its traffic had settled (None before)."""

    step: int
    steps: int
    weight: int
    since: datetime | None
    state: Literal["moving", "holding", "done", "aborted"]
    cause: str


class GateCard(Value):
    """A gate that a policy may ask for; `parameters` is the JSON schema that draws its form."""

    name: str
    title: str
    help: str
    parameters: dict[str, Any]


class Change(Value):
    """A row of "what changes in production"."""

    part: str
    now: str
    after: str


class Request(Value):
    """A request for promotion with all that an approver needs, computed in one read. `version`, `replaces_version` and
    `rollback_version` are labels for the ids beside them. `blocking` says in words what keeps it from being approved or
    applied, whoever decides. Once it is being applied or has ended, all of it is as it was at that moment, but for
    `policy_lapse`: in what its revision of the policy was looser than those before and after, in words."""

    id: str
    project: str
    title: str
    note: str
    version_id: str
    version: str
    endpoint_id: str
    endpoint: str
    requirement_id: str
    replaces: str
    rollback_to: str
    plan: Plan
    policy: Policy
    state: RequestState
    why: str
    revision: int
    gates: tuple[GateResult, ...]
    digests: Digests
    decisions: tuple[Decision, ...]
    approvals_needed: int
    approvals_given: int
    may_not_approve: dict[str, str]
    changes: tuple[Change, ...]
    requested_by: str
    created_at: datetime
    applied_at: datetime | None
    requester: str = ""
    replaces_version: str = ""
    rollback_version: str = ""
    criteria: tuple[Criterion, ...] = ()
    blocking: tuple[str, ...] = ()
    policy_lapse: tuple[str, ...] = ()
    rollout: Progress | None = None
