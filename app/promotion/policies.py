"""What a promotion needs: the policies in force, and changes that wait for a second administrator."""

import streamlit as st

from app.identity import second_person
from app.session import actor, may, person, portal, role_title
from app.ui import forms, frame, links
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import Approvals, GateCard, GateRule, Policy

JUDGED = {"fail": N_("counts as a failure"), "judgement": N_("left to the approvers' judgement")}


def policies() -> None:
    """A card for each policy, with the proposals under it."""
    policies = portal().policies.list_policies(actor())
    cards = {card.name: card for card in portal().policies.list_gates(actor())}
    in_force = [policy for policy in policies if policy.state == "in force"]
    if not in_force:
        st.caption(_("There is no policy yet: nothing can be promoted."))
    for policy in in_force:
        _card(policy, cards)
        for proposal in (
            revision for revision in policies if revision.id == policy.id and revision.state == "proposed"
        ):
            _proposal(policy, proposal, cards)


def _card(policy: Policy, cards: dict[str, GateCard]) -> None:
    with frame.section(_("Policy"), hint=_("revision {n}").format(n=policy.revision), key=f"policy_{policy.id}"):
        if may(Permission.POLICY_WRITE) and st.button(_("Propose a change"), type="tertiary", key=policy.id):
            _propose(policy, cards)
    with frame.card(f"policy_{policy.id}", tight=True):
        st.markdown(_("**{name}** needs {needs}.").format(name=links.escape(policy.name), needs=needs(policy)))
        for rule in policy.gates:
            st.caption(f":material/check_small: {_rule_line(rule, cards)}", help=_help(rule, cards))
        for lapse in policy.lapses:
            line = _("Revision {n} was looser for a while: {what}. Approved under it: {requests}.").format(
                n=lapse.revision, what=links.escape(", ".join(lapse.looser)), requests=", ".join(lapse.requests)
            )
            st.caption(f":orange[:material/flag: {line}]")


def needs(policy: Policy) -> str:
    """ "1 approver; an approval is valid for 7 days"."""
    people = ", ".join(_people(demand) for demand in policy.approvals)
    return _("{people}; an approval is valid for {days} days").format(people=people, days=policy.valid_days)


def _people(demand: Approvals) -> str:
    title = role_title(demand.role)
    word = title if title.isupper() else title.lower()
    return f"{demand.count} {word}" if demand.count == 1 else f"{demand.count} {word}s"


def _rule_line(rule: GateRule, cards: dict[str, GateCard]) -> str:
    title = cards[rule.gate].title if rule.gate in cards else rule.gate
    properties = cards[rule.gate].parameters.get("properties", {}) if rule.gate in cards else {}
    labels = {name: _(properties.get(name, {}).get("title", name)) for name in rule.params}
    params = ", ".join(f"{labels[name]}: {value}" for name, value in rule.params.items())
    parts = [title, _(JUDGED[rule.on_inconclusive]), params]
    return links.escape(" · ".join(part for part in parts if part))


def _help(rule: GateRule, cards: dict[str, GateCard]) -> str | None:
    return links.escape(cards[rule.gate].help) if rule.gate in cards else None


def _proposal(policy: Policy, proposal: Policy, cards: dict[str, GateCard]) -> None:
    with frame.card(f"proposal_{proposal.id}_{proposal.revision}", tight=True):
        st.markdown(
            _(":orange[:material/edit_note:] **Revision {n} is proposed** by {name}.").format(
                n=proposal.revision, name=links.escape(frame.name_of(proposal.proposed_by))
            )
        )
        for line in differences(policy, proposal=proposal, cards=cards):
            st.caption(line)
        barred = proposal.may_not_confirm
        if not may(Permission.POLICY_WRITE) or person().id in barred:
            second_person.locked(barred, otherwise=_("Another administrator confirms it."))
        elif st.button(_("Put in force"), type="primary", key=f"confirm_{proposal.id}_{proposal.revision}"):
            _confirm(proposal)
        second_person.barred(barred, label=_("{n} may not confirm it"))


def differences(policy: Policy, *, proposal: Policy, cards: dict[str, GateCard]) -> list[str]:
    """What a proposal changes, a line each, as Markdown."""
    lines = [] if needs(policy) == needs(proposal) else [f"{needs(policy)} → **{needs(proposal)}**"]
    before = {rule.gate: _rule_line(rule, cards) for rule in policy.gates}
    after = {rule.gate: _rule_line(rule, cards) for rule in proposal.gates}
    lines += [_("Without {gate}").format(gate=before[name]) for name in before if name not in after]
    lines += [_("With **{gate}**").format(gate=line) for name, line in after.items() if before.get(name) != line]
    return lines or [_("It changes nothing.")]


def _confirm(proposal: Policy) -> None:
    with forms.attempt() as done:
        portal().policies.confirm_policy(actor(), policy_id=proposal.id, revision=proposal.revision)
    if done.succeeded:
        frame.say(_("Revision {n} is in force for new requests").format(n=proposal.revision))
        st.rerun()


@forms.dialog(N_("Propose a change of the policy"), width="medium")
def _propose(policy: Policy, cards: dict[str, GateCard]) -> None:
    """Another administrator confirms it; requests that are open keep the revision they were opened under."""
    given = {rule.gate: rule for rule in policy.gates}
    chosen = st.multiselect(
        _("Gates"),
        list(cards),
        default=[name for name in given if name in cards],
        format_func=lambda name: cards[name].title,
    )
    rules = [_rule(name, given.get(name), cards[name]) for name in chosen]
    demands = _demands(policy)
    days = st.number_input(_("Days an approval is valid"), value=policy.valid_days, step=1, key="policy_days")
    reason = st.text_area(_("Reason (kept in the audit log)"), key="policy_reason")
    if st.button(_("Propose"), type="primary", key="policy_now"):
        with forms.attempt() as done:
            portal().policies.propose_policy(
                actor(),
                policy_id=policy.id,
                gates=tuple(rules),
                approvals=tuple(demand for demand in demands if demand is not None),
                valid_days=int(days or 0),
                reason=reason or "",
            )
        if done.succeeded:
            st.rerun()


def _demands(policy: Policy) -> list[Approvals | None]:
    """The number of people of each role that the policy asks for."""
    approvals = []
    for demand in policy.approvals:
        label = _("Approvals by the role {role}").format(role=role_title(demand.role))
        count = st.number_input(label, value=demand.count, min_value=1, max_value=10, key=f"policy_{demand.role}")
        approvals.append(Approvals(role=demand.role, count=int(count)))
    return list(approvals)


def _rule(name: str, given: GateRule | None, card: GateCard) -> GateRule:
    with st.expander(card.title):
        st.caption(links.escape(card.help))
        ways = list(JUDGED)
        now = given.on_inconclusive if given else "fail"
        way = st.segmented_control(
            _("An inconclusive verdict"),
            ways,
            default=now,
            required=True,
            format_func=lambda way: _(JUDGED[way]),
            key=f"policy_way_{name}",
        )
        params = forms.fields(card.parameters, key=f"policy_{name}", values=given.params if given else None)
    return GateRule(gate=name, params=params, on_inconclusive="judgement" if way == "judgement" else "fail")
