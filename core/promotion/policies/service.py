"""What a promotion needs: gates, and approvals of distinct people. A change is a new revision that a second
administrator confirms, and it concerns requests that are opened afterwards."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError
from sqlmodel import col, select

from core.audit.second_person import Matter, eligibilities
from core.features.training_sets.values import SUSPICIOUS_AUC
from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import Kind
from core.foundation.naming.texts import Reason
from core.foundation.text import N_, _
from core.identity.permissions import ROLES, Permission, Role
from core.promotion.approvals.digests import RULES
from core.promotion.approvals.gate_verdicts import gate_cards, gates
from core.promotion.gates.inputs import InputsGate
from core.promotion.policies.lapses import lapses_of
from core.promotion.presence import refuse_machines
from core.promotion.rows import policy_of
from core.promotion.tables import PolicyRow
from core.promotion.values import Approvals, GateCard, GateRule, Policy

GateRules = Annotated[tuple[GateRule, ...], Field(min_length=1, max_length=20)]
Demands = Annotated[tuple[Approvals, ...], Field(min_length=1, max_length=5)]
ValidDays = Annotated[int, Field(ge=1, le=90)]
Revision = Annotated[int, Field(ge=0, le=10**9)]
IN_FORCE, PROPOSED, REPLACED = "in force", "proposed", "replaced"
# Of the first policy: more than a smoke test puts on a version, and a month in which data moves on.
RATE_RPS, FRESH_DAYS = 100, 30
# What has no policy is denied: staging endpoints take versions without a request, and have none.
PRODUCTION = Policy(
    id="",
    name="Production",
    environment="production",
    revision=1,
    gates=(
        GateRule(gate="quality", params={"max_age_days": FRESH_DAYS}, on_inconclusive="judgement"),
        GateRule(gate="parity", params={"max_age_days": FRESH_DAYS}),
        GateRule(gate="load_test", params={"max_age_days": FRESH_DAYS, "rate_rps": RATE_RPS}),
        GateRule(gate="safety", params={"max_age_days": FRESH_DAYS}),
    ),
    approvals=(Approvals(role=Role.APPROVER, count=1),),
    valid_days=7,
    digest="",
)


def suspicious_auc(call: Call) -> float:
    """The AUC above which an input alone has to be reviewed: the strictest that a policy in force names."""
    in_force = call.session.exec(select(PolicyRow).where(PolicyRow.state == IN_FORCE)).all()
    rules = [rule for row in in_force for rule in policy_of(row).gates if rule.gate == InputsGate.name]
    return min((InputsGate(rule.params).params.auc for rule in rules), default=SUSPICIOUS_AUC)


class PolicyService(Service):
    domain = "promotion"

    @action(permission=Permission.READ, reads=True)
    def list_policies(self, call: Call) -> tuple[Policy, ...]:
        """List the policies in force and those proposed."""
        call.unscoped()
        wanted = select(PolicyRow).where(col(PolicyRow.state) != REPLACED)
        return _shown(call, call.session.exec(wanted.order_by(PolicyRow.environment, col(PolicyRow.revision))).all())

    @action(permission=Permission.READ, reads=True)
    def get_policy(self, call: Call, *, policy_id: str, revision: Revision = 0) -> Policy:
        """Show a policy: the revision in force, or the one named."""
        call.may_reach(policy_id)
        return _shown(call, [_revision(call, policy_id, revision) if revision else _in_force(call, policy_id)])[0]

    @action(permission=Permission.READ, reads=True)
    def list_gates(self, call: Call) -> tuple[GateCard, ...]:
        """List the gates that a policy can ask for."""
        call.unscoped()
        return gate_cards()

    @action(permission=Permission.POLICY_WRITE, says=N_("proposed the policy"))
    def propose_policy(
        self, call: Call, *, policy_id: str, gates: GateRules, approvals: Demands, valid_days: ValidDays, reason: Reason
    ) -> Policy:
        """Propose a change of a policy. It is in force once another administrator confirms it."""
        call.concerns_everybody()
        call.may_reach(policy_id)
        call.about(policy_id)
        refuse_machines(call)
        _check_rules(gates)
        current = _in_force(call, policy_id)
        for row in call.session.exec(select(PolicyRow).where(PolicyRow.id == policy_id, PolicyRow.state == PROPOSED)):
            row.state = REPLACED
            call.session.add(row)
        proposed = policy_of(current).model_copy(
            update={
                "gates": gates,
                "approvals": approvals,
                "valid_days": valid_days,
                "revision": _next(call, policy_id),
            }
        )
        row = _row_of(proposed, call, state=PROPOSED, reason=reason)
        call.session.add(row)
        call.note(revision=row.revision, reason=reason)
        return _shown(call, [row])[0]

    @action(permission=Permission.POLICY_WRITE, says=N_("confirmed the policy"))
    def confirm_policy(self, call: Call, *, policy_id: str, revision: Revision) -> Policy:
        """Put a proposed change in force. Someone else must have proposed it."""
        call.concerns_everybody()
        call.may_reach(policy_id)
        call.about(policy_id)
        refuse_machines(call)
        row = _revision(call, policy_id, revision)
        if row.state != PROPOSED:
            raise Conflict(_("Revision {revision} is {state}").format(revision=revision, state=row.state))
        if row.proposed_by == call.actor.person_id:
            raise NotAllowed(_("Nobody confirms their own change of a policy"), hint=_("Ask another administrator."))
        if why := _shown(call, [row])[0].may_not_confirm.get(call.actor.person_id):
            raise NotAllowed(
                _("You may not confirm this change: you {why}").format(why=why), hint=_("Ask another administrator.")
            )
        current = _in_force(call, policy_id)
        current.state, row.state, row.confirmed_by = REPLACED, IN_FORCE, call.actor.person_id
        call.session.add_all([current, row])
        call.note(revision=revision)
        return policy_of(row)

    @action(permission=Permission.SYSTEM)
    def ensure_policies(self, call: Call) -> tuple[Policy, ...]:
        """Make the policies that a new installation begins with. Doing it again changes nothing."""
        call.unscoped()
        present = call.session.exec(select(PolicyRow).where(PolicyRow.environment == PRODUCTION.environment)).first()
        policy_id = present.id if present else ""
        if present is None:
            policy_id = call.create(Kind.POLICY, project="", title=PRODUCTION.name, state=IN_FORCE)
            policy = PRODUCTION.model_copy(update={"id": policy_id})
            call.session.add(_row_of(policy, call, state=IN_FORCE, reason=_("The policy to begin with")))
            call.session.flush()
        call.about(policy_id)
        rows = call.session.exec(select(PolicyRow).where(PolicyRow.state == IN_FORCE).order_by(PolicyRow.environment))
        return tuple(policy_of(row) for row in rows)

    def policy_for(self, call: Call, environment: str) -> PolicyRow:
        """The policy in force. Invalid where there is none: what has no policy is not promoted."""
        wanted = select(PolicyRow).where(PolicyRow.environment == environment, PolicyRow.state == IN_FORCE)
        row = call.session.exec(wanted).one_or_none()
        if row is None:
            raise Invalid(
                _("There is no policy for promotion to {environment}").format(environment=environment),
                hint=_("A staging endpoint takes a version without a request."),
                field="endpoint_id",
            )
        return row


def _shown(call: Call, rows: Sequence[PolicyRow]) -> tuple[Policy, ...]:
    """The revisions: a proposed one with those who may not confirm it, the one in force with what went before it."""
    proposed = [row for row in rows if row.state == PROPOSED]
    matters = [Matter(row.created_at, "", {row.proposed_by: _("proposed it")}) for row in proposed]
    eligible = eligibilities(call.session, matters, deciding=ROLES[Permission.POLICY_WRITE])
    barred = {(row.id, row.revision): eligibility.barred for row, eligibility in zip(proposed, eligible, strict=True)}
    return tuple(
        policy_of(row).model_copy(
            update={
                "may_not_confirm": barred.get((row.id, row.revision), {}),
                "lapses": lapses_of(call.session, row.id) if row.state == IN_FORCE else (),
            }
        )
        for row in rows
    )


def _row_of(policy: Policy, call: Call, *, state: str, reason: str) -> PolicyRow:
    return PolicyRow(
        **policy.model_dump(mode="json", include={"id", "name", "environment", "revision", *RULES}),
        state=state,
        reason=reason,
        proposed_by=call.actor.person_id,
        created_at=call.now,
    )


def _revision(call: Call, policy_id: str, revision: int) -> PolicyRow:
    row = call.session.get(PolicyRow, (policy_id, revision))
    if row is None:
        raise NotFound(_("{id} has no revision {revision}").format(id=policy_id, revision=revision))
    return row


def _in_force(call: Call, policy_id: str) -> PolicyRow:
    wanted = select(PolicyRow).where(PolicyRow.id == policy_id, PolicyRow.state == IN_FORCE)
    row = call.session.exec(wanted).one_or_none()
    if row is None:
        raise NotFound(_("{id} is no policy").format(id=policy_id))
    return row


def _next(call: Call, policy_id: str) -> int:
    rows = call.session.exec(select(PolicyRow.revision).where(PolicyRow.id == policy_id))
    return max(rows) + 1


def _check_rules(rules: tuple[GateRule, ...]) -> None:
    """Invalid naming the first gate that does not exist, comes twice or has wrong parameters."""
    names = [rule.gate for rule in rules]
    for number, rule in enumerate(rules):
        field = f"gates.{number}"
        if rule.gate not in gates() or names.count(rule.gate) > 1:
            raise Invalid(
                _("There is no gate {name}, or it comes twice").format(name=repr(rule.gate[:60])),
                hint=_("Choose among: {names}.").format(names=", ".join(sorted(gates()))),
                field=f"{field}.gate",
            )
        try:
            gates()[rule.gate](rule.params)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join([field, "params", *(str(part) for part in first["loc"])])
            raise Invalid(f"{place}: {first['msg']}", field=place) from error
