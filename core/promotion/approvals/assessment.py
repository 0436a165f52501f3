"""How a request stands at this moment: everything an approver needs and everything that applying it depends on,
computed in one transaction from what is stored. Pages, the decision and the deployment all read this one answer."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.errors import NotFound, Unavailable
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.service import IdentityService
from core.identity.values import Person
from core.promotion.approvals.digests import Terms, digests_of
from core.promotion.approvals.four_eyes import may_not_approve
from core.promotion.approvals.gate_verdicts import judge, obstacles
from core.promotion.approvals.provenance import unrecorded
from core.promotion.approvals.rules import Ground, Reviewers, approvals_needed, approvers, is_enough, state_of, weigh
from core.promotion.gate import GateContext, label
from core.promotion.requests.production_changes import Move, changes
from core.promotion.rows import policy_of
from core.promotion.tables import DecisionRow, PolicyRow, PromotionRow, RolloutRow
from core.promotion.values import Change, Decision, Digests, GateResult, Plan, Policy, RequestState
from core.registry.service import RegistryService
from core.registry.values import Evidence, EvidenceKind, ModelVersion
from core.requirements.values import Criterion
from core.serving.service import ServingService
from core.serving.values import Endpoint, Route

LOAD_TESTS = (EvidenceKind.LOAD_TEST,)
UNDER_WAY = ("moving", "holding")


class Standing(Value):
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


class Situation(NamedTuple):
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


class Standings:
    """Computes how requests stand."""

    def __init__(self, *, registry: RegistryService, serving: ServingService, identity: IdentityService) -> None:
        self._registry = registry
        self._serving = serving
        self._identity = identity

    def live(self, call: Call, row: PromotionRow, found: Situation | None = None) -> Standing:
        """As it is in the caller's transaction; `found` when the caller has read it there already."""
        found = found or self.situation(call, row)
        digests = digests_of(
            found.version,
            evidence=(*found.evidence, *found.rollback_evidence),
            policy=found.policy,
            terms=_terms(row, found),
        )
        gates, blocking = self._judged(found)
        ground = Ground(now=call.now, revision=row.revision, digests=digests, policy=found.policy)
        reviewers, decisions = self._decided(call, row, found, ground)
        given = approvers(decisions)
        enough = is_enough(found.policy, given=given, reviewers=reviewers)
        state, why = state_of(
            RequestState(row.state), decisions=decisions, enough=enough, ground=ground, blocking=blocking
        )
        return Standing(
            state=state,
            why=row.why or why,
            version=label(found.version),
            endpoint=found.endpoint.name,
            replaces=found.production.id if found.production else "",
            replaces_version=label(found.production) if found.production else "",
            rollback_to=found.rollback.id if found.rollback else "",
            rollback_version=label(found.rollback) if found.rollback else "",
            policy=found.policy,
            gates=gates,
            blocking=blocking,
            digests=digests,
            decisions=decisions,
            approvals_needed=approvals_needed(found.policy),
            approvals_given=len(given),
            may_not_approve=reviewers.barred,
            changes=self._changes(call, found),
        )

    def situation(self, call: Call, row: PromotionRow) -> Situation:
        """Everything that the request is about, as it is stored."""
        version = self._registry.version(call, row.version_id)
        endpoint = self._serving.endpoint(call, row.endpoint_id)
        production = self._production(call, endpoint)
        rollback = self._registry.version(call, row.rollback_to) if row.rollback_to else production
        untried = rollback is not None and rollback != production and not was_admitted(call, endpoint.id, rollback)
        evidence, damage = self._evidence(call, version)
        others, more_damage = self._evidence(call, rollback) if rollback and untried else ((), ())
        return Situation(
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
            criteria=tuple(Criterion.model_validate(one) for one in row.criteria),
            plan=Plan.model_validate(row.plan),
        )

    def _production(self, call: Call, endpoint: Endpoint) -> ModelVersion | None:
        """What serves now; while a rollout is under way, what served before it."""
        rollout = active_rollout(call, endpoint.id)
        routes = [Route.model_validate(one) for one in rollout.before] if rollout else endpoint.routes
        main = max(routes, key=lambda route: route.weight, default=None)
        return self._registry.version(call, main.version_id) if main else None

    def _evidence(
        self, call: Call, version: ModelVersion, kinds: Iterable[EvidenceKind] = EvidenceKind
    ) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        """All evidence on a version, each kind with the newest first, and what is damaged in words. Damaged evidence
        is as good as none; the request can still be read."""
        found: list[Evidence] = []
        damage: list[str] = []
        for kind in kinds:
            try:
                found += self._registry.evidence_of(call, version.id, kind)
            except Unavailable as error:
                damage.append(error.message)
        return tuple(found), tuple(damage)

    def _judged(self, found: Situation) -> tuple[tuple[GateResult, ...], tuple[str, ...]]:
        gates = judge(found.policy, evidence=found.evidence, context=_context(found, found.version))
        blocking = [*_unfit(found), *obstacles(found.policy, gates)]
        if found.rollback and found.untried:
            others = judge(found.policy, evidence=found.rollback_evidence, context=_context(found, found.rollback))
            prefix = _("Rollback target {version}").format(version=label(found.rollback))
            blocking += [f"{prefix}: {obstacle}" for obstacle in obstacles(found.policy, others)]
        return gates, tuple(blocking)

    def _decided(
        self, call: Call, row: PromotionRow, found: Situation, ground: Ground
    ) -> tuple[Reviewers, tuple[Decision, ...]]:
        rows = decisions_of(call, row.id)
        evidence = (*found.evidence, *found.rollback_evidence)
        barred = may_not_approve(call.session, row, versions=found.versions, evidence=evidence)
        people = self.people(call, {one.person_id for one in rows})
        reviewers = Reviewers(project=row.project, people=people, barred=barred)
        return reviewers, weigh(rows, ground=ground, reviewers=reviewers)

    def people(self, call: Call, ids: set[str]) -> dict[str, Person]:
        """Those of them who still exist."""
        found = {}
        for person_id in sorted(ids):
            try:
                found[person_id] = self._identity.person(call, person_id)
            except NotFound:
                continue
        return found

    def _changes(self, call: Call, found: Situation) -> tuple[Change, ...]:
        versions = [version for version in (found.version, found.production) if version]
        named = {name for version in versions for name in (version.training_set_id, *version.feature_versions)}
        titles = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(named)))
        return changes(
            Move(
                endpoint=found.endpoint,
                plan=found.plan,
                now=found.production,
                after=found.version,
                rollback=found.rollback,
                evidence=found.evidence,
                evidence_now=self._evidence(call, found.production, LOAD_TESTS)[0] if found.production else (),
                titles={row.id: row.title for row in titles},
            )
        )


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


def _terms(row: PromotionRow, found: Situation) -> Terms:
    return Terms(
        request_id=row.id,
        revision=row.revision,
        note=row.note,
        endpoint=found.endpoint,
        plan=found.plan,
        criteria=found.criteria,
        production=found.production,
        rollback=found.rollback,
    )


def _context(found: Situation, version: ModelVersion) -> GateContext:
    return GateContext(
        version=version,
        endpoint=found.endpoint,
        production=found.production,
        criteria=found.criteria,
        unrecorded=found.unrecorded,
    )


def _unfit(found: Situation) -> Iterator[str]:
    yield from found.damage
    for version in found.versions:
        if version.state != "active":
            yield _("{version} is archived").format(version=label(version))
    if found.endpoint.environment != found.policy.environment:
        yield _("The policy is for {environment}").format(environment=found.policy.environment)
