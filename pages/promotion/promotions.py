"""Promotions: what needs the visitor first, then every request, and the policy that they answer to."""

from collections.abc import Sequence

import streamlit as st

from app.promotion.decision import needs_reader
from app.promotion.form import ask_promotion
from app.promotion.gates import count_line
from app.promotion.policies import policies
from app.session import actor, may, portal
from app.ui import frame, links, times
from app.ui.tables import offset_of, pager, shown_of
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import Request, RequestState

SIZE = 20
FILTERS = {
    "": N_("All"),
    RequestState.IN_REVIEW: N_("In review"),
    RequestState.CHANGES_REQUESTED: N_("Changes requested"),
    RequestState.APPROVED: N_("Approved"),
    RequestState.APPLYING: N_("Applying"),
    RequestState.APPLIED: N_("Applied"),
    RequestState.ROLLED_BACK: N_("Rolled back"),
}


def show() -> None:
    version, endpoint = st.query_params.pop("version", ""), st.query_params.pop("endpoint", "")
    mine = portal().promotion.what_needs_me(actor())
    total = portal().promotion.list_requests(actor(), limit=1).total
    need = _("1 needs you") if len(mine) == 1 else _("{n} need you").format(n=len(mine))
    with frame.header(_("Promotions"), facts=[need, _("{n} requests").format(n=total)] if total else []):
        allowed = may(Permission.PROMOTE_REQUEST)
        pressed = allowed and st.button(_("Request a promotion"), type="primary", icon=":material/add:", key="ask")
    if allowed and (pressed or version or endpoint):
        ask_promotion(version, endpoint)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        if mine:
            frame.section(_("Needs you"), hint=str(len(mine)))
            _rows("mine", mine)
        _all(total)
    with right:
        policies()


def _all(total: int) -> None:
    if not total:
        frame.empty(
            _("No requests yet"),
            advice=_("A request asks to release a version. It carries the evidence, and people decide on it."),
            icon="approval",
        )
        return
    frame.section(_("Requests"))
    state = st.pills(
        _("State"),
        list(FILTERS),
        default="",
        format_func=lambda one: _(FILTERS[one]),
        key="state",
        label_visibility="collapsed",
    )
    offset = offset_of("page", size=SIZE)
    listing = portal().promotion.list_requests(actor(), state=state or "", offset=offset, limit=SIZE)
    if not listing.total:
        st.caption(_("No request is in this state."))
        return
    _rows("all", listing.items)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _rows(key: str, found: Sequence[Request]) -> None:
    with frame.rows(f"requests_{key}"):
        for number, request in enumerate(found):
            _row(f"{key}_{request.id}", request, action=key == "mine", primary=number == 0)


def _row(key: str, request: Request, *, action: bool, primary: bool) -> None:
    approvals = _("{given} of {needed} approvals").format(
        given=request.approvals_given, needed=request.approvals_needed
    )
    parts = [request.id, links.escape(request.requester), count_line(request.gates), approvals]
    label = _("Needs your review") if action and needs_reader(request) else ""
    age = times.ago(request.created_at, now=frame.now())
    with frame.row(
        key,
        title=request.title,
        target=request.id,
        detail=" · ".join(part for part in parts if part),
        state=request.state,
        label=label,
        age=age,
    ):
        if action and st.button(_word(request), key=f"open_{key}", type="primary" if primary else "secondary"):
            links.open_object(request.id)


def _word(request: Request) -> str:
    if request.state is RequestState.APPROVED:
        return _("Apply")
    return _("Review") if needs_reader(request) else _("Open")


show()
