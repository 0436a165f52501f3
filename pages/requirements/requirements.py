"""Requirements: the goals that work answers to, each with the conditions that prove it reached."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import frame, links, times
from app.ui.tables import offset_of, pager, shown_of
from app.ui.wording import counted, criterion_line
from core.foundation.text import _
from core.identity.permissions import Permission
from core.requirements.values import Requirement

SIZE = 20


def show() -> None:
    listing = portal().requirements.list_requirements(actor(), offset=offset_of("page", size=SIZE), limit=SIZE)
    open_ones = sum(item.state == "open" for item in listing.items)
    facts = (
        [counted(listing.total, _("requirement"), _("requirements")), _("{n} open").format(n=open_ones)]
        if listing.total
        else []
    )
    with frame.header(_("Requirements"), facts=facts):
        if may(Permission.REQUIREMENT_WRITE) and st.button(_("New requirement"), type="primary", icon=":material/add:"):
            links.open_page("edit-requirement")
    if not listing.total:
        frame.empty(
            _("No requirements yet"),
            advice=_("A requirement says what should get better and how one will know. Work links to it from here on."),
            icon="flag",
        )
        return
    with frame.rows("requirements"):
        for item in listing.items:
            _row(item)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _row(item: Requirement) -> None:
    frame.row(
        item.id,
        title=item.title,
        target=item.id,
        detail=f"{item.id} · " + " · ".join(criterion_line(criterion) for criterion in item.criteria),
        state=item.state,
        age=times.ago(item.created_at, now=frame.now()),
    )


show()
