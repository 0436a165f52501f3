"""Whether a policy was looser for a while: one revision demanded less than another before it and than another after it.
What was approved under it is pointed out, for nobody sees it in the policy that is in force now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf

from pydantic import ValidationError
from sqlmodel import Session, col, select

from core.foundation.text import _
from core.promotion.approvals.gate_verdicts import gates
from core.promotion.gate import GateParams
from core.promotion.rows import policy_of
from core.promotion.tables import PolicyRow, PromotionRow, StateRow
from core.promotion.values import GateRule, Lapse, Policy, RequestState

# A demand of a policy: of a gate and its setting (empty: the gate itself), or of no gate and what people do.
Demand = tuple[str, str]
VALID_DAYS = "valid days"


def revisions_of(session: Session, policy_ids: Collection[str]) -> Sequence[PolicyRow]:
    """All revisions of these policies. Found in the session one by one, for as long as they are held."""
    wanted = select(PolicyRow).where(col(PolicyRow.id).in_(policy_ids))
    return session.exec(wanted.order_by(PolicyRow.id, col(PolicyRow.revision))).all() if policy_ids else ()


def lapses_by_revision(revisions: Sequence[PolicyRow]) -> dict[tuple[str, int], tuple[str, ...]]:
    """What a revision demanded less, in words, by policy and revision: only those that were looser for a while."""
    chains: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in revisions:
        # A proposal that nobody confirmed was never in force; the first revision needed nobody.
        if row.confirmed_by or not chains[row.id]:
            chains[row.id].append(row)
    return {key: words for rows in chains.values() for key, words in lapses_in([policy_of(row) for row in rows])}


def lapses_of(session: Session, policy_id: str) -> tuple[Lapse, ...]:
    """Those of one policy under which requests were approved, with these requests."""
    looser = lapses_by_revision(revisions_of(session, [policy_id]))
    approved: dict[int, list[str]] = defaultdict(list)
    wanted = (
        select(PromotionRow.policy_revision, PromotionRow.id)
        .join(StateRow, col(StateRow.promotion_id) == PromotionRow.id)
        .where(
            PromotionRow.policy_id == policy_id,
            col(PromotionRow.policy_revision).in_([revision for _id, revision in looser]),
            StateRow.state == RequestState.APPROVED.value,
        )
    )
    for revision, request_id in session.exec(wanted.distinct().order_by(PromotionRow.id)) if looser else ():
        approved[revision].append(request_id)
    return tuple(
        Lapse(revision=revision, looser=words, requests=tuple(approved[revision]))
        for (_policy_id, revision), words in looser.items()
        if approved[revision]
    )


def lapses_in(policies: Sequence[Policy]) -> Iterable[tuple[tuple[str, int], tuple[str, ...]]]:
    """Of the revisions of a policy that were in force one after another, those that were looser for a while."""
    demands = [_demands(policy) for policy in policies]
    for number, policy in enumerate(policies):
        before = {demand for other in demands[:number] for demand in _looser(demands[number], other)}
        after = {demand for other in demands[number + 1 :] for demand in _looser(demands[number], other)}
        if both := before & after:
            yield (policy.id, policy.revision), tuple(_in_words(both))


def _demands(policy: Policy) -> dict[Demand, float]:
    """Each demand as a number that is the larger the less it asks for."""
    demands: dict[Demand, float] = {("", VALID_DAYS): policy.valid_days}
    demands |= {("", demand.role.value): -demand.count for demand in policy.approvals}
    for rule in policy.gates:
        settings = {"": 0.0, "on_inconclusive": float(rule.on_inconclusive == "judgement"), **_settings(rule)}
        demands |= {(rule.gate, name): figure for name, figure in settings.items()}
    return demands


def _settings(rule: GateRule) -> Mapping[str, float]:
    """Those of a gate that cannot be asked are unknown."""
    gate = gates().get(rule.gate)
    try:
        params = gate(rule.params).params if gate else None
    except ValidationError:
        return {}
    return params.looseness() if isinstance(params, GateParams) else {}


def _looser(demands: Mapping[Demand, float], other: Mapping[Demand, float]) -> list[Demand]:
    """Where the first asks for less than the other; what is not there asks for nothing."""
    return [demand for demand, figure in other.items() if demands.get(demand, inf) > figure]


def _in_words(demands: Iterable[Demand]) -> Iterable[str]:
    missing = {gate for gate, setting in demands if gate and not setting}
    for gate, setting in sorted(demands):
        title = _(gates()[gate].title) if gate in gates() else gate
        if not gate:
            by_role = _("approvals by the role {role}").format(role=setting)
            yield _("how long approvals are valid") if setting == VALID_DAYS else by_role
        elif not setting:
            yield _("{gate} was not asked for").format(gate=title)
        elif gate not in missing:
            yield _("{gate}: {setting}").format(gate=title, setting=_setting(gate, setting))


def _setting(gate: str, name: str) -> str:
    """What a setting of a gate is called."""
    field = gates()[gate].Params.model_fields.get(name) if gate in gates() else None
    return _(field.title) if field is not None and field.title else name.replace("_", " ")
