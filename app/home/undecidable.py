"""Requests in review on which an approver cannot decide now, each with the reason."""

import streamlit as st

from app.next_action.promotion import needs_decision, why_not
from app.promotion.decision import blocking_words
from app.session import actor, portal
from app.ui import frame, links
from app.ui.primary_action import rights
from core.foundation.text import _
from core.promotion.values import Request, RequestState

MOST = 5


def undecidable() -> None:
    """Nothing where there is none."""
    requests = portal().requests.list_requests(actor(), state=RequestState.IN_REVIEW.value, limit=MOST * 4).items
    others = [request for request in requests if not needs_decision(request, rights=rights(request.project))]
    if not others:
        return
    frame.section(_("You cannot decide"), hint=str(len(others)))
    with frame.card("undecidable", tight=True):
        for request in others[:MOST]:
            links.link(request.id, f"{request.id} {request.title}", icon=":material/lock:")
            st.caption(links.escape(_reason(request)))


def _reason(request: Request) -> str:
    if reason := why_not(request, rights=rights(request.project)):
        return reason
    return blocking_words(request) if request.blocking else _("You have approved it.")
