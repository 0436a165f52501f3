"""Promotions: what needs the visitor first, then every request, and the policy that they answer to."""

from collections.abc import Sequence

import streamlit as st

from app.next_action.promotion import needs_decision
from app.promotion.form import ask_promotion
from app.promotion.gates import count_line
from app.promotion.policies import policies
from app.session import actor, may, portal
from app.ui import cells, frame, links
from app.ui.cells import Column, Row
from app.ui.components.rows import rows, window
from app.ui.primary_action import rights
from app.ui.tables import choice, no_match
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import Request, RequestState

FILTERS: dict[str, str] = {
    "": N_("All"),
    RequestState.IN_REVIEW.value: N_("In review"),
    RequestState.CHANGES_REQUESTED.value: N_("Changes requested"),
    RequestState.APPROVED.value: N_("Approved"),
    RequestState.APPLYING.value: N_("Applying"),
    RequestState.APPLIED.value: N_("Applied"),
    RequestState.ROLLED_BACK.value: N_("Rolled back"),
}


def show() -> None:
    version = links.id_of(st.query_params.pop("version", ""), Kind.MODEL_VERSION)
    endpoint = links.id_of(st.query_params.pop("endpoint", ""), Kind.ENDPOINT)
    mine = portal().requests.what_needs_me(actor())
    total = portal().requests.list_requests(actor(), limit=1).total
    need = _("1 needs you") if len(mine) == 1 else _("{n} need you").format(n=len(mine))
    with frame.header(_("Promotions"), facts=[need, counted(total, _("request"), _("requests"))] if total else []):
        allowed = may(Permission.PROMOTE_REQUEST)
        pressed = allowed and st.button(_("Request a promotion"), type="primary", icon=":material/add:", key="ask")
    if allowed and (pressed or version or endpoint):
        ask_promotion(version, endpoint)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        if mine:
            frame.section(_("Needs you"), hint=str(len(mine)))
            _table("mine", mine)
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
    state = choice(_("State"), FILTERS, key="state", width=190)
    part = window("requests_all", state)
    listing = portal().requests.list_requests(actor(), state=state or "", offset=part.offset, limit=part.limit)
    if not listing.total:
        no_match(_("No request is in this state"), {"state": ""})
        return
    _table("all", listing.items, total=listing.total)


def _table(part: str, requests: Sequence[Request], *, total: int | None = None) -> None:
    """What needs the reader has an action in each row, in place of the time."""
    is_mine = part == "mine"
    last = Column("", "action", 96) if is_mine else Column(_("Requested"), "time", 100, priority=2)
    columns = (
        Column(_("Request")),
        Column(_("Approvals"), "number", 100, priority=2),
        Column(_("State"), "state", 164),
        last,
    )
    lines = [_row(request, is_mine=is_mine) for request in requests]
    rows(columns, lines, key=f"requests_{part}", label=_("Needs you") if is_mine else _("Requests"), total=total)


def _row(request: Request, *, is_mine: bool) -> Row:
    is_needed = needs_decision(request, rights=rights(request.project))
    age = cells.time(request.created_at, now=frame.now())
    approvals = _("{given} of {needed}").format(given=request.approvals_given, needed=request.approvals_needed)
    ids = f"{request.id}, {request.version_id} → {request.endpoint_id}"
    detail = [ids, request.requester, count_line(request.gates), age.text if is_mine else ""]
    return Row(
        request.id,
        (
            cells.text(request.title, target=request.id, detail=" · ".join(part for part in detail if part)),
            cells.number(request.approvals_given, approvals),
            cells.state(request.state, _("Needs your review") if is_mine and is_needed else ""),
            cells.action(_word(request, is_needed=is_needed), request.id) if is_mine else age,
        ),
        target=request.id,
    )


def _word(request: Request, *, is_needed: bool) -> str:
    if request.state is RequestState.APPROVED:
        return _("Apply")
    return _("Review") if is_needed else _("Open")


show()
