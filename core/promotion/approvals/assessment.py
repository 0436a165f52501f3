"""The assessment of a request at this moment: everything an approver needs and everything that applying it depends on,
computed in one transaction from what is stored. Pages, the decision and the deployment all read this one answer."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, select

from core.audit.second_person import Eligibility
from core.foundation.actions.call import Call
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.service import IdentityService
from core.identity.values import Person
from core.loadtests.values import LOAD_TEST
from core.promotion.approvals.digests import Terms, digests_of
from core.promotion.approvals.facts import FactsReader, RequestFacts
from core.promotion.approvals.four_eyes import Case, eligibility_for
from core.promotion.approvals.gate_verdicts import judge, obstacles
from core.promotion.approvals.rules import (
    ApprovalContext,
    Reviewers,
    approvals_needed,
    approvers,
    is_enough,
    state_of,
    weigh,
)
from core.promotion.gate import GateContext, label
from core.promotion.requests.production_changes import Move, changes
from core.promotion.tables import DecisionRow, PromotionRow
from core.promotion.values import Change, Decision, Digests, GateResult, Policy, RequestState
from core.registry.service import RegistryService
from core.registry.values import Evidence, ModelVersion
from core.serving.service import EndpointService


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


class Known(NamedTuple):
    """What an assessment rests on beside the facts of its request."""

    decisions: Sequence[DecisionRow]
    eligibility: Eligibility
    people: dict[str, Person]
    titles: dict[str, str]
    evidence_now: tuple[Evidence, ...]


class Assessments:
    """Assesses requests."""

    def __init__(self, *, registry: RegistryService, serving: EndpointService, identity: IdentityService) -> None:
        self._registry = registry
        self._identity = identity
        self._facts = FactsReader(registry=registry, serving=serving)

    def facts(self, call: Call, row: PromotionRow) -> RequestFacts:
        """Everything that the request is about, as it is stored."""
        return self._facts.read(call, [row])[0]

    def live(self, call: Call, row: PromotionRow, facts: RequestFacts | None = None) -> Assessment:
        """As it is in the caller's transaction; `facts` when the caller has read them there already."""
        return self._assessed(call, {row.id: (row, facts or self.facts(call, row))})[row.id]

    def all_live(self, call: Call, rows: Sequence[PromotionRow]) -> dict[str, Assessment]:
        """By request. The database is asked as often for many as for one."""
        facts = self._facts.read(call, rows) if rows else ()
        return self._assessed(call, {row.id: (row, known) for row, known in zip(rows, facts, strict=True)})

    def _assessed(self, call: Call, requests: Mapping[str, tuple[PromotionRow, RequestFacts]]) -> dict[str, Assessment]:
        known = self._known(call, requests) if requests else {}
        return {id_: _assessment(call, row, facts, known[id_]) for id_, (row, facts) in requests.items()}

    def _known(self, call: Call, requests: Mapping[str, tuple[PromotionRow, RequestFacts]]) -> dict[str, Known]:
        decisions = _decisions_by_request(call, requests)
        cases = [
            Case(row, facts.policy, facts.versions, (*facts.evidence, *facts.rollback_evidence))
            for row, facts in requests.values()
        ]
        eligible = eligibility_for(call.session, cases)
        people = self.people(call, {decision.person_id for rows in decisions.values() for decision in rows})
        production = {facts.production.id for _row, facts in requests.values() if facts.production}
        measured_now = self._registry.evidence_of(call, production, (LOAD_TEST,))
        titles = _titles(call, [facts for _row, facts in requests.values()])
        return {
            id_: Known(
                decisions=decisions.get(id_, ()),
                eligibility=eligibility,
                people=people,
                titles=titles,
                evidence_now=measured_now[facts.production.id].evidence if facts.production else (),
            )
            for (id_, (_row, facts)), eligibility in zip(requests.items(), eligible, strict=True)
        }

    def people(self, call: Call, ids: set[str]) -> dict[str, Person]:
        """Those of them who still exist."""
        return self._identity.people(call, ids)


def _assessment(call: Call, row: PromotionRow, facts: RequestFacts, known: Known) -> Assessment:
    digests = digests_of(
        facts.version,
        evidence=(*facts.evidence, *facts.rollback_evidence),
        policy=facts.policy,
        terms=_terms(row, facts),
    )
    gates, blocking = _judged(facts, call.now)
    context = ApprovalContext(now=call.now, revision=row.revision, digests=digests, policy=facts.policy)
    barred, void = known.eligibility.barred, known.eligibility.void
    reviewers = Reviewers(project=row.project, people=known.people, barred=barred, void=void)
    decisions = weigh(known.decisions, context=context, reviewers=reviewers)
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
        changes=_changes(facts, known),
    )


def _judged(facts: RequestFacts, now: datetime) -> tuple[tuple[GateResult, ...], tuple[str, ...]]:
    gates = judge(facts.policy, evidence=facts.evidence, context=_context(facts, facts.version, now))
    blocking = [*_unfit(facts), *obstacles(facts.policy, gates)]
    if facts.rollback and facts.untried:
        others = judge(facts.policy, evidence=facts.rollback_evidence, context=_context(facts, facts.rollback, now))
        prefix = _("Rollback target {version}").format(version=label(facts.rollback))
        blocking += [f"{prefix}: {obstacle}" for obstacle in obstacles(facts.policy, others)]
    return gates, tuple(blocking)


def _changes(facts: RequestFacts, known: Known) -> tuple[Change, ...]:
    return changes(
        Move(
            endpoint=facts.endpoint,
            plan=facts.plan,
            now=facts.production,
            after=facts.version,
            rollback=facts.rollback,
            evidence=facts.evidence,
            evidence_now=known.evidence_now,
            titles=known.titles,
        )
    )


def _titles(call: Call, facts: Iterable[RequestFacts]) -> dict[str, str]:
    """What the versions that serve and that would serve were made of, by id."""
    versions = [version for known in facts for version in (known.version, known.production) if version]
    named = {name for version in versions for name in (version.training_set_id, *version.feature_versions)}
    return dict(call.session.exec(select(ObjectRow.id, ObjectRow.title).where(col(ObjectRow.id).in_(named))).all())


def _decisions_by_request(call: Call, request_ids: Collection[str]) -> dict[str, list[DecisionRow]]:
    """All decisions on the requests, the first one first."""
    wanted = select(DecisionRow).where(col(DecisionRow.promotion_id).in_(request_ids))
    decisions: dict[str, list[DecisionRow]] = {}
    for row in call.session.exec(wanted.order_by(col(DecisionRow.id))):
        decisions.setdefault(row.promotion_id, []).append(row)
    return decisions


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


def _context(facts: RequestFacts, version: ModelVersion, now: datetime) -> GateContext:
    return GateContext(
        now=now,
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
