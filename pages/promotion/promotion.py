"""Promotion review: the evidence, what changes in production, and the decision, on one screen."""

import streamlit as st

from app.next_action.promotion import needs_decision
from app.promotion.changes import changes_table
from app.promotion.decision import decision_card
from app.promotion.gates import count_line, evidence_rows, short
from app.promotion.reviewers import reviewers
from app.promotion.revise import authors_actions
from app.promotion.rollouts import progress_card, short_plan
from app.session import actor, portal
from app.ui import frame, links, times
from app.ui.primary_action import rights
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.promotion.values import Request, RequestState

DIGESTS = {"artifact": N_("Artifact"), "evidence": N_("Evidence"), "policy": N_("Policy"), "target": N_("Target")}


def show() -> None:
    wanted = links.wanted_id(Kind.PROMOTION)
    frame.live_page(
        lambda: portal().requests.get_request(actor(), request_id=wanted),
        _draw,
        runs=lambda request: request.state is RequestState.APPLYING,
    )


def _draw(request: Request) -> None:
    label = _("Needs your review") if needs_decision(request, rights=rights(request.project)) else ""
    crumbs = [(_("Promotions"), "promotions")]
    with frame.header(
        request.title, state=request.state, label=label, facts=_facts(request), crumbs=crumbs, here=request.id
    ):
        authors_actions(request)
    left, right = st.columns([1.9, 1], gap="medium")
    with right:
        _decision(request)
    with left:
        _evidence(request)
        _changes(request)
    frame.lineage(request.id)


def _facts(request: Request) -> list[str]:
    by = _("Requested by {name}, {age}").format(
        name=links.escape(request.requester), age=times.since(request.created_at, now=frame.now())
    )
    replaces = (
        _("Replaces {version}").format(version=short(request.replaces_version))
        if request.replaces
        else _("The first there")
    )
    target = _("Target: {endpoint} ({id})").format(endpoint=request.endpoint, id=request.endpoint_id)
    rollout = _("Rollout: {plan}").format(plan=short_plan(request.plan))
    return [by, links.escape(replaces), links.escape(target), rollout]


def _decision(request: Request) -> None:
    frame.section(_("Your decision") if needs_decision(request, rights=rights(request.project)) else _("Decision"))
    decision_card(request)
    if request.rollout is not None:
        frame.section(_("Rollout"))
        progress_card(request)
    frame.section(_("Reviewers"))
    reviewers(request)
    frame.section(_("Timeline"))
    frame.activity(request.id)


def _evidence(request: Request) -> None:
    with frame.section(_("Evidence"), hint=count_line(request.gates)):
        if request.requirement_id:
            links.follow(request.requirement_id, _("Requested by {id}").format(id=request.requirement_id))
    evidence_rows(request)


def _changes(request: Request) -> None:
    over = request.state in (RequestState.APPLIED, RequestState.ROLLED_BACK)
    with frame.section(_("What changed in production") if over else _("What changes in production"), key="changes"):
        links.follow(request.version_id, f"{request.version} ({request.version_id})")
        links.follow(request.endpoint_id, f"{request.endpoint} ({request.endpoint_id})")
    if request.note:
        note = _("Note")
        st.markdown(f":gray[{note}] {links.escape_lines(request.note)}")
    changes_table(request)
    with st.expander(_("What an approval is bound to")):
        shown = request.digests.model_dump()
        frame.facts({_(word): f"`{shown[name][:16]}`" for name, word in DIGESTS.items()})
        st.caption(_("When any of them changes, or the request is revised, approvals no longer count."))


show()
