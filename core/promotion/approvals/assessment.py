"""The assessment of a request at this moment: everything an approver needs and everything that applying it depends on,
computed in one transaction from what is stored. Pages, the decision and the deployment all read this one answer."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.service import IdentityService
from core.identity.values import Person
from core.loadtests.values import LOAD_TEST
from core.promotion.approvals.digests import Terms, digests_of
from core.promotion.approvals.four_eyes import may_not_approve
from core.promotion.approvals.gate_verdicts import judge, obstacles
from core.promotion.approvals.provenance import unrecorded
from core.promotion.approvals.rules import (
    ApprovalContext,
    Reviewers,
    approvals_needed,
    approvers,
    is_enough,
    state_of,
    weigh,
)
from core.promotion.evidence_kinds.table import kind_names
from core.promotion.gate import GateContext, label
from core.promotion.requests.production_changes import Move, changes
from core.promotion.rows import policy_of
from core.promotion.tables import DecisionRow, PolicyRow, PromotionRow, RolloutRow
from core.promotion.values import Change, Decision, Digests, GateResult, Plan, Policy, RequestState
from core.registry.service import RegistryService
from core.registry.tables import VersionRow
from core.registry.values import Evidence, ModelVersion
from core.requirements.values import Criterion
from core.serving.service import EndpointService
from core.serving.tables import EndpointRow
from core.serving.values import Endpoint, Route

UNDER_WAY = ("moving", "holding")


class Assessment(Value):
    """What is computed of a request. It is frozen when the request is applied or ends."""

    state: RequestState
    why: str
    version: str
    endpoint: str
    replaces: str
    replaces_version: str
    rollback_to: str
    rollback_version: str
    policy: Policy
    gates: tuple[GateResult, ...]
    blocking: tuple[str, ...]
    digests: Digests
    decisions: tuple[Decision, ...]
    approvals_needed: int
    approvals_given: int
    may_not_approve: dict[str, str]
    changes: tuple[Change, ...]


class RequestFacts(NamedTuple):
    """The stored things that a request is about."""

    version: ModelVersion
    endpoint: Endpoint
    production: ModelVersion | None
    rollback: ModelVersion | None
    untried: bool
    evidence: tuple[Evidence, ...]
    rollback_evidence: tuple[Evidence, ...]
    unrecorded: frozenset[str]
    damage: tuple[str, ...]
    policy: Policy
    criteria: tuple[Criterion, ...]
    plan: Plan

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """What an approval lets in."""
        return (self.version, self.rollback) if self.rollback and self.untried else (self.version,)


class Assessments:
    """Assesses requests."""

    def __init__(self, *, registry: RegistryService, serving: EndpointService, identity: IdentityService) -> None:
        self._registry = registry
        self._serving = serving
        self._identity = identity

    def live(self, call: Call, row: PromotionRow, facts: RequestFacts | None = None) -> Assessment:
        """As it is in the caller's transaction; `facts` when the caller has read them there already."""
        facts = facts or self.facts(call, row)
        digests = digests_of(
            facts.version,
            evidence=(*facts.evidence, *facts.rollback_evidence),
            policy=facts.policy,
            terms=_terms(row, facts),
        )
        gates, blocking = self._judged(facts)
        context = ApprovalContext(now=call.now, revision=row.revision, digests=digests, policy=facts.policy)
        reviewers, decisions = self._decided(call, row, facts, context)
        given = approvers(decisions)
        enough = is_enough(facts.policy, given=given, reviewers=reviewers)
        state, why = state_of(
            RequestState(row.state), decisions=decisions, enough=enough, context=context, blocking=blocking
        )
        return Assessment(
            state=state,
            why=row.why or why,
            version=label(facts.version),
            endpoint=facts.endpoint.title,
            replaces=facts.production.id if facts.production else "",
            replaces_version=label(facts.production) if facts.production else "",
            rollback_to=facts.rollback.id if facts.rollback else "",
            rollback_version=label(facts.rollback) if facts.rollback else "",
            policy=facts.policy,
            gates=gates,
            blocking=blocking,
            digests=digests,
            decisions=decisions,
            approvals_needed=approvals_needed(facts.policy),
            approvals_given=len(given),
            may_not_approve=reviewers.barred,
            changes=self._changes(call, facts),
        )

    def read_ahead(self, call: Call, rows: Sequence[PromotionRow]) -> tuple[object, ...]:
        """What the assessments of these requests read one by one, read at once: they find it in the session for as
        long as the answer is kept."""
        if not rows:
            return ()
        endpoints = _rows_of(call, EndpointRow, {row.endpoint_id for row in rows})
        served = {route["version_id"] for endpoint in endpoints for route in endpoint.routes}
        named = {version_id for row in rows for version_id in (row.version_id, row.rollback_to)}
        return (
            *endpoints,
            *_rows_of(call, VersionRow, served | named),
            *_rows_of(call, PolicyRow, {row.policy_id for row in rows}),
        )

    def facts(self, call: Call, row: PromotionRow) -> RequestFacts:
        """Everything that the request is about, as it is stored."""
        version = self._registry.version(call, row.version_id)
        endpoint = self._serving.endpoint(call, row.endpoint_id)
        production = self._production(call, endpoint)
        rollback = self._registry.version(call, row.rollback_to) if row.rollback_to else production
        untried = rollback is not None and rollback != production and not was_admitted(call, endpoint.id, rollback)
        evidence, damage = self._evidence(call, version, kind_names())
        others, more_damage = self._evidence(call, rollback if untried else None, kind_names())
        return RequestFacts(
            version=version,
            endpoint=endpoint,
            production=production,
            rollback=rollback,
            untried=untried,
            evidence=evidence,
            rollback_evidence=others,
            unrecorded=unrecorded(call.session, (*evidence, *others)),
            damage=(*damage, *more_damage),
            policy=policy_of(call.session.get_one(PolicyRow, (row.policy_id, row.policy_revision))),
            criteria=tuple(Criterion.model_validate(criterion) for criterion in row.criteria),
            plan=Plan.model_validate(row.plan),
        )

    def _production(self, call: Call, endpoint: Endpoint) -> ModelVersion | None:
        """What serves now; while a rollout is under way, what served before it."""
        rollout = active_rollout(call, endpoint.id)
        routes = [Route.model_validate(route) for route in rollout.before] if rollout else endpoint.routes
        main = max(routes, key=lambda route: route.weight, default=None)
        return self._registry.version(call, main.version_id) if main else None

    def _evidence(
        self, call: Call, version: ModelVersion | None, kinds: Iterable[str]
    ) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        return self._registry.evidence_of(call, version.id, kinds) if version else ((), ())

    def _judged(self, facts: RequestFacts) -> tuple[tuple[GateResult, ...], tuple[str, ...]]:
        gates = judge(facts.policy, evidence=facts.evidence, context=_context(facts, facts.version))
        blocking = [*_unfit(facts), *obstacles(facts.policy, gates)]
        if facts.rollback and facts.untried:
            others = judge(facts.policy, evidence=facts.rollback_evidence, context=_context(facts, facts.rollback))
            prefix = _("Rollback target {version}").format(version=label(facts.rollback))
            blocking += [f"{prefix}: {obstacle}" for obstacle in obstacles(facts.policy, others)]
        return gates, tuple(blocking)

    def _decided(
        self, call: Call, row: PromotionRow, facts: RequestFacts, context: ApprovalContext
    ) -> tuple[Reviewers, tuple[Decision, ...]]:
        rows = decisions_of(call, row.id)
        evidence = (*facts.evidence, *facts.rollback_evidence)
        barred = may_not_approve(call.session, row, versions=facts.versions, evidence=evidence)
        people = self.people(call, {row.person_id for row in rows})
        reviewers = Reviewers(project=row.project, people=people, barred=barred)
        return reviewers, weigh(rows, context=context, reviewers=reviewers)

    def people(self, call: Call, ids: set[str]) -> dict[str, Person]:
        """Those of them who still exist."""
        return self._identity.people(call, ids)

    def _changes(self, call: Call, facts: RequestFacts) -> tuple[Change, ...]:
        versions = [version for version in (facts.version, facts.production) if version]
        named = {name for version in versions for name in (version.training_set_id, *version.feature_versions)}
        titles = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(named)))
        evidence_now, _damage = self._evidence(call, facts.production, (LOAD_TEST,))
        return changes(
            Move(
                endpoint=facts.endpoint,
                plan=facts.plan,
                now=facts.production,
                after=facts.version,
                rollback=facts.rollback,
                evidence=facts.evidence,
                evidence_now=evidence_now,
                titles={row.id: row.title for row in titles},
            )
        )


def _rows_of(call: Call, table: Any, ids: set[str]) -> Sequence[Any]:
    rows: Sequence[Any] = call.session.exec(select(table).where(col(table.id).in_(ids))).all()
    return rows


def decisions_of(call: Call, request_id: str) -> Sequence[DecisionRow]:
    """All decisions on a request, the first one first."""
    wanted = select(DecisionRow).where(DecisionRow.promotion_id == request_id)
    return call.session.exec(wanted.order_by(col(DecisionRow.id))).all()


def active_rollout(call: Call, endpoint_id: str) -> RolloutRow | None:
    """The rollout that is under way on an endpoint; there is at most one."""
    wanted = select(RolloutRow).where(RolloutRow.endpoint_id == endpoint_id, col(RolloutRow.state).in_(UNDER_WAY))
    return call.session.exec(wanted).one_or_none()


def was_admitted(call: Call, endpoint_id: str, version: ModelVersion) -> bool:
    """Whether these very bytes were approved for this endpoint and have served there."""
    return admission(call, endpoint_id, version) is not None


def admission(call: Call, endpoint_id: str, version: ModelVersion) -> PromotionRow | None:
    """The newest applied request that let these very bytes in, as its version or as its rollback target."""
    digest = version.digest
    wanted = select(PromotionRow).where(
        PromotionRow.endpoint_id == endpoint_id,
        col(PromotionRow.applied_at).is_not(None),
        (col(PromotionRow.admitted) == digest) | (col(PromotionRow.admitted_rollback) == digest),
    )
    own_first = (col(PromotionRow.admitted) == digest).desc()
    return call.session.exec(wanted.order_by(own_first, col(PromotionRow.applied_at).desc())).first()


def _terms(row: PromotionRow, facts: RequestFacts) -> Terms:
    return Terms(
        request_id=row.id,
        revision=row.revision,
        note=row.note,
        endpoint=facts.endpoint,
        plan=facts.plan,
        criteria=facts.criteria,
        production=facts.production,
        rollback=facts.rollback,
    )


def _context(facts: RequestFacts, version: ModelVersion) -> GateContext:
    return GateContext(
        version=version,
        endpoint=facts.endpoint,
        production=facts.production,
        criteria=facts.criteria,
        unrecorded=facts.unrecorded,
    )


def _unfit(facts: RequestFacts) -> Iterator[str]:
    yield from facts.damage
    for version in facts.versions:
        if version.state != "active":
            yield _("{version} is archived").format(version=label(version))
    if facts.endpoint.environment != facts.policy.environment:
        yield _("The policy is for {environment}").format(environment=facts.policy.environment)
