"""What those who wrote a request can do about it: change its plan or note, or withdraw it."""

import streamlit as st

from app.next_action.promotion import promotion_action
from app.promotion.rollouts import edit_plan, plan_from
from app.session import actor, may, person, portal
from app.ui import forms, frame, links
from app.ui.primary_action import primary_action, rights
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import Request, RequestState

REVISABLE = (
    RequestState.IN_REVIEW,
    RequestState.APPROVED,
    RequestState.STALE,
    RequestState.EXPIRED,
    RequestState.CHANGES_REQUESTED,
    RequestState.REJECTED,
)


def authors_actions(request: Request) -> None:
    """The buttons, for the header of the request's page."""
    if request.state not in REVISABLE or not may(Permission.PROMOTE_REQUEST, project=request.project):
        return
    action = promotion_action(request, rights=rights(request.project))
    is_next = action.name == "revise"
    if st.button(_("Revise"), icon=":material/edit:", key="revise", type="primary" if is_next else "secondary"):
        _revise(request)
    if action.name == "measure":
        primary_action(action)
    mine = request.requested_by == person().id or may(Permission.DEPLOY, project=request.project)
    if mine and request.state is not RequestState.REJECTED and frame.more([_("Withdraw")]) == _("Withdraw"):
        _withdraw(request)


@forms.dialog(N_("Revise the request"))
def _revise(request: Request) -> None:
    st.caption(_("It becomes revision {n}, without any approval.").format(n=request.revision + 1))
    entered = edit_plan(request.plan, key=f"revise_{request.id}_{request.revision}")
    note = st.text_area(_("Note for the reviewers"), value=request.note, key=f"revise_note_{request.revision}")
    if st.button(_("Submit revision {n}").format(n=request.revision + 1), type="primary", key="revise_now"):
        with forms.attempt() as done:
            service = portal().requests
            service.revise_request(actor(), request_id=request.id, plan=plan_from(entered), note=note or "")
        if done.succeeded:
            frame.say(_("Revised"))
            st.rerun()


@forms.dialog(N_("Withdraw the request"))
def _withdraw(request: Request) -> None:
    st.markdown(_("**{title}** is ended. Nothing in production changes.").format(title=links.escape(request.title)))
    if st.button(_("Withdraw {id}").format(id=request.id), type="primary", key="withdraw_now"):
        with forms.attempt() as done:
            portal().requests.cancel_request(actor(), request_id=request.id)
        if done.succeeded:
            st.rerun()
