"""Who decides on a request: those whose approval it needs, what each has said, and who may not, with the reason."""

import streamlit as st

from app.identity import second_person
from app.session import actor, person, portal, role_title
from app.ui import frame, links, status, times
from core.foundation.text import N_, _
from core.identity.values import Person
from core.promotion.values import Decision, Request, RequestState

MOST = 200
VERDICTS = {"approve": ("approved", N_("Approved")), "reject": ("rejected", N_("Rejected"))}
CHANGES = ("changes requested", N_("Changes"))
OPEN = (RequestState.IN_REVIEW, RequestState.STALE, RequestState.EXPIRED)


def rule_line(request: Request) -> str:
    """ "1 approval needed · 0 given · authors cannot approve"."""
    needed = _("1 approval needed") if request.approvals_needed == 1 else _("{n} approvals needed")
    parts = [needed.format(n=request.approvals_needed), _("{n} given").format(n=request.approvals_given)]
    return " · ".join([*parts, _("authors cannot approve")])


def reviewers(request: Request) -> None:
    """A card with those who have decided and those who can."""
    last = {decision.person_id: decision for decision in request.decisions}
    waiting = [person for person in _able(request) if person.id not in last] if request.state in OPEN else []
    with frame.card("reviewers", tight=True):
        for decision in last.values():
            _decided(decision)
        for person in waiting:
            _line(f"reviewer_{person.id}", person.id, person.name, _roles(request), "waiting", _("Waiting"))
        if not last and not waiting:
            st.caption(_("Nobody has decided."))
        second_person.barred(request.may_not_approve, label=_("{n} may not approve"))


def _able(request: Request) -> list[Person]:
    """Those who have a role that the policy asks for and had no hand in it."""
    roles = {demand.role for demand in request.policy.approvals}
    everyone = portal().identity.list_people(actor(), limit=MOST).items
    return [
        person
        for person in everyone
        if person.kind == "person"
        and person.state == "active"
        and person.id not in request.may_not_approve
        and any(grant.role in roles and grant.project in ("", request.project) for grant in person.grants)
    ]


def _roles(request: Request) -> str:
    return ", ".join(role_title(demand.role) for demand in request.policy.approvals)


def _decided(decision: Decision) -> None:
    state, word = VERDICTS.get(decision.decision, CHANGES)
    word = _(word)
    shown = f"{word} {times.clock(frame.local(decision.decided_at), now=frame.local(frame.now()))}"
    state = state if decision.counts else "none"
    _line(f"reviewer_{decision.person_id}", decision.person_id, decision.person, "", state, shown)
    st.caption(links.escape_lines(decision.reason))
    if decision.why_not:
        st.caption(_(":orange[Does not count: {why}]").format(why=links.escape(decision.why_not)))


def _line(key: str, person_id: str, name: str, role: str, state: str, label: str) -> None:
    shown = _("{name} (you)").format(name=name) if person_id == person().id else name
    with st.container(
        key=f"event_{key}", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False
    ):
        st.markdown(f"**{links.escape(shown)}** :gray[{role}]")
        status.badge(state, label)
