"""Promotion review: the evidence, what changes in production, and the decision, on one screen."""

import streamlit as st

from app import forms, frame, links, times
from app.decision import decision_card, needs_reader
from app.gates import count_line, evidence_rows, short
from app.production_changes import changes_table
from app.reviewers import reviewers
from app.rollouts import edit_plan, plan_from, progress_card, short_plan
from app.session import actor, may, person, portal
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity import Permission
from core.promotion import Request, RequestState

REVISABLE = (
    RequestState.IN_REVIEW,
    RequestState.APPROVED,
    RequestState.STALE,
    RequestState.EXPIRED,
    RequestState.CHANGES_REQUESTED,
    RequestState.REJECTED,
)
DIGESTS = {"artifact": _("Artifact"), "evidence": _("Evidence"), "policy": _("Policy"), "target": _("Target")}


def show() -> None:
    found = portal().promotion.get_request(actor(), request_id=links.wanted_id(Kind.PROMOTION))
    label = _("Needs your review") if needs_reader(found) else ""
    crumbs = [(_("Promotions"), "promotions")]
    with frame.header(found.title, state=found.state, label=label, facts=_facts(found), crumbs=crumbs, here=found.id):
        _actions(found)
    left, right = st.columns([1.9, 1], gap="medium")
    with right:
        _decision(found)
    with left:
        _evidence(found)
        _changes(found)
    frame.lineage(found.id)


def _facts(found: Request) -> list[str]:
    by = _("Requested by {name}, {age}").format(
        name=links.escape(found.requester), age=times.since(found.created_at, now=frame.now())
    )
    replaces = (
        _("Replaces {version}").format(version=short(found.replaces_version))
        if found.replaces
        else _("The first there")
    )
    target = _("Target: {endpoint}").format(endpoint=found.endpoint)
    rollout = _("Rollout: {plan}").format(plan=short_plan(found.plan))
    return [by, links.escape(replaces), links.escape(target), rollout]


def _actions(found: Request) -> None:
    """Those who wrote it change or withdraw it."""
    if found.state not in REVISABLE or not may(Permission.PROMOTE_REQUEST, project=found.project):
        return
    if st.button(_("Revise"), icon=":material/edit:", key="revise"):
        _revise(found)
    mine = found.requested_by == person().id or may(Permission.DEPLOY, project=found.project)
    if mine and found.state is not RequestState.REJECTED and frame.more([_("Withdraw")]) == _("Withdraw"):
        _withdraw(found)


def _decision(found: Request) -> None:
    frame.section(_("Your decision") if needs_reader(found) else _("Decision"))
    decision_card(found)
    if found.rollout is not None:
        frame.section(_("Rollout"))
        progress_card(found)
    frame.section(_("Reviewers"))
    reviewers(found)
    frame.section(_("Timeline"))
    frame.activity(found.id)


def _evidence(found: Request) -> None:
    with frame.section(_("Evidence"), hint=count_line(found.gates)):
        if found.requirement_id:
            links.follow(found.requirement_id, _("Asked for by {id}").format(id=found.requirement_id))
    evidence_rows(found)


def _changes(found: Request) -> None:
    over = found.state in (RequestState.APPLIED, RequestState.ROLLED_BACK)
    with frame.section(_("What changed in production") if over else _("What changes in production"), key="changes"):
        links.follow(found.version_id, found.version)
        links.follow(found.endpoint_id, found.endpoint)
    if found.note:
        st.markdown(f":gray[{_('Note')}] {links.escape_lines(found.note)}")
    changes_table(found)
    with st.expander(_("What an approval is bound to")):
        shown = found.digests.model_dump()
        frame.facts({word: f"`{shown[name][:16]}`" for name, word in DIGESTS.items()})
        st.caption(_("When any of them changes, or the request is revised, approvals no longer count."))


@st.dialog(_("Revise the request"))
def _revise(found: Request) -> None:
    st.caption(_("It becomes revision {n}, without any approval.").format(n=found.revision + 1))
    entered = edit_plan(found.plan, key=f"revise_{found.id}_{found.revision}")
    note = st.text_area(_("Note for the reviewers"), value=found.note, key=f"revise_note_{found.revision}")
    if st.button(_("Submit revision {n}").format(n=found.revision + 1), type="primary", key="revise_now"):
        with forms.attempt() as done:
            service = portal().promotion
            service.revise_request(actor(), request_id=found.id, plan=plan_from(entered), note=note or "")
        if done.succeeded:
            frame.say(_("Revised"))
            st.rerun()


@st.dialog(_("Withdraw the request"))
def _withdraw(found: Request) -> None:
    st.markdown(_("**{title}** is ended. Nothing in production changes.").format(title=links.escape(found.title)))
    if st.button(_("Withdraw {id}").format(id=found.id), type="primary", key="withdraw_now"):
        with forms.attempt() as done:
            portal().promotion.cancel_request(actor(), request_id=found.id)
        if done.succeeded:
            st.rerun()


show()
