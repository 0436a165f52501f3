"""Which decisions count, whether they are enough, and what state that makes: computed from what is stored whenever it
is asked, so that a stale approval cannot be overlooked."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, combinations

from core.foundation.text import _
from core.foundation.values import Value
from core.identity.permissions import Role
from core.identity.values import Person
from core.promotion.approvals.digests import changed_parts
from core.promotion.tables import DecisionRow
from core.promotion.values import Decision, Digests, Policy, RequestState

DECISION_FIELDS = {"person_id", "decision", "reason", "revision", "decided_at", "expires_at"}
OPEN = frozenset({RequestState.IN_REVIEW, RequestState.APPROVED})


class Reviewers(Value):
    """Who has decided, as they are in the database now, and who may not decide on this request and why. `void` are
    roles that do not count for it: person, role and project."""

    project: str
    people: dict[str, Person]
    barred: dict[str, str]
    void: frozenset[tuple[str, str, str]] = frozenset()

    def roles(self, person_id: str) -> frozenset[Role]:
        """The roles that count and reach the request's project; none for someone disabled or deleted."""
        person = self.people.get(person_id)
        if person is None or person.state != "active" or person.kind != "person":
            return frozenset()
        return frozenset(
            grant.role
            for grant in person.grants
            if grant.project in ("", self.project) and (person_id, grant.role, grant.project) not in self.void
        )


class ApprovalContext(Value):
    """What a decision must rest on to count."""

    now: datetime
    revision: int
    digests: Digests
    policy: Policy


def weigh(rows: Sequence[DecisionRow], *, context: ApprovalContext, reviewers: Reviewers) -> tuple[Decision, ...]:
    """Every decision, in order, with whether it counts now and why not."""
    last = {row.person_id: row.id for row in rows}
    decisions = []
    for row in rows:
        why_not = _why_not(row, context, reviewers)
        if not why_not and last[row.person_id] != row.id:
            why_not = _("Decided again later")
        decisions.append(_decision(row, reviewers, why_not))
    return tuple(decisions)


def approvers(decisions: Sequence[Decision]) -> frozenset[str]:
    """The distinct people whose approval counts."""
    return frozenset(decision.person_id for decision in decisions if decision.counts and decision.decision == "approve")


def is_enough(policy: Policy, *, given: frozenset[str], reviewers: Reviewers) -> bool:
    """Whether distinct people can fill every demanded place, nobody two of them. By Hall's theorem (1935) they can when
    each set of demands finds at least as many people as it has places."""
    demands = policy.approvals
    subsets = chain.from_iterable(combinations(demands, size) for size in range(1, len(demands) + 1))
    for subset in subsets:
        roles = {demand.role for demand in subset}
        able = sum(1 for person_id in given if reviewers.roles(person_id) & roles)
        if able < sum(demand.count for demand in subset):
            return False
    return bool(demands)


def state_of(
    stored: RequestState,
    *,
    decisions: Sequence[Decision],
    enough: bool,
    context: ApprovalContext,
    blocking: Sequence[str],
) -> tuple[RequestState, str]:
    """The state and why. What was approved and no longer is has become stale or expired, or is in review again."""
    if stored not in OPEN:
        return stored, ""
    if enough and not blocking:
        return RequestState.APPROVED, ""
    if stored is RequestState.IN_REVIEW:
        return stored, "; ".join(blocking) or _missing(decisions, context.policy)
    fallen = _fallen(decisions, context.revision)
    stale = {part for decision in fallen for part in changed_parts(decision.digests, now=context.digests)}
    if stale or enough:
        words = _("Changed since it was approved: {parts}").format(parts=", ".join(sorted(stale)))
        return RequestState.STALE, words if stale else "; ".join(blocking)
    if any(decision.expires_at <= context.now for decision in fallen):
        return RequestState.EXPIRED, _("An approval is older than {days} days").format(days=context.policy.valid_days)
    return RequestState.IN_REVIEW, "; ".join(decision.why_not for decision in fallen if decision.why_not)


def _fallen(decisions: Sequence[Decision], revision: int) -> list[Decision]:
    """The approvals of this revision that do not count, the last of each person."""
    last = {
        decision.person_id: decision
        for decision in decisions
        if decision.revision == revision and decision.decision == "approve"
    }
    return [decision for decision in last.values() if not decision.counts]


def _why_not(row: DecisionRow, context: ApprovalContext, reviewers: Reviewers) -> str:
    if row.revision != context.revision:
        return _("Given on revision {revision}").format(revision=row.revision)
    if row.decision != "approve":
        return ""
    if changed := changed_parts(digests_seen(row), now=context.digests):
        return _("Changed since: {parts}").format(parts=", ".join(changed))
    if row.expires_at <= context.now:
        return _("Expired")
    if why := reviewers.barred.get(row.person_id):
        return _("May not approve: {why}").format(why=why)
    if not reviewers.roles(row.person_id) & {demand.role for demand in context.policy.approvals}:
        return _("No longer has the role")
    return ""


def _missing(decisions: Sequence[Decision], policy: Policy) -> str:
    needed, given = approvals_needed(policy), len(approvers(decisions))
    return _("{given} of {needed} approvals").format(given=given, needed=needed)


def approvals_needed(policy: Policy) -> int:
    return sum(demand.count for demand in policy.approvals)


def digests_seen(row: DecisionRow) -> Digests:
    return Digests(**row.model_dump(include=set(Digests.model_fields)))


def _decision(row: DecisionRow, reviewers: Reviewers, why_not: str) -> Decision:
    person = reviewers.people.get(row.person_id)
    return Decision.model_validate(
        {
            **row.model_dump(include=DECISION_FIELDS),
            "person": person.name if person else row.person_id,
            "digests": digests_seen(row),
            "counts": not why_not,
            "why_not": why_not,
        }
    )
