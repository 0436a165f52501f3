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


def _draw(found: Request) -> None:
    label = _("Needs your review") if needs_decision(found, rights=rights(found.project)) else ""
    crumbs = [(_("Promotions"), "promotions")]
    with frame.header(found.title, state=found.state, label=label, facts=_facts(found), crumbs=crumbs, here=found.id):
        authors_actions(found)
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


def _decision(found: Request) -> None:
    frame.section(_("Your decision") if needs_decision(found, rights=rights(found.project)) else _("Decision"))
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
            links.follow(found.requirement_id, _("Requested by {id}").format(id=found.requirement_id))
    evidence_rows(found)


def _changes(found: Request) -> None:
    over = found.state in (RequestState.APPLIED, RequestState.ROLLED_BACK)
    with frame.section(_("What changed in production") if over else _("What changes in production"), key="changes"):
        links.follow(found.version_id, found.version)
        links.follow(found.endpoint_id, found.endpoint)
    if found.note:
        note = _("Note")
        st.markdown(f":gray[{note}] {links.escape_lines(found.note)}")
    changes_table(found)
    with st.expander(_("What an approval is bound to")):
        shown = found.digests.model_dump()
        frame.facts({_(word): f"`{shown[name][:16]}`" for name, word in DIGESTS.items()})
        st.caption(_("When any of them changes, or the request is revised, approvals no longer count."))


show()
