"""Requirements: the goals that work answers to, each with the conditions that prove it reached."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import cells, frame, links
from app.ui.cells import Column, Row
from app.ui.components.rows import rows, window
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.wording import counted, criterion_line
from core.foundation.text import _
from core.identity.permissions import Permission
from core.requirements.values import Requirement


def show() -> None:
    part = window("requirements")
    listing = portal().requirements.list_requirements(actor(), offset=part.offset, limit=part.limit)
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
    columns = (
        Column(_("Requirement")),
        Column(_("Owner"), width=160, priority=2),
        Column(_("State"), "state", 110),
        health_column(),
        Column(_("Asked for"), "time", 110, priority=2),
    )
    healths = healths_of(item.id for item in listing.items)
    lines = [_row(item, healths) for item in listing.items]
    rows(columns, lines, key="requirements", label=_("Requirements"), total=listing.total)


def _row(item: Requirement, healths: Healths) -> Row:
    conditions = [criterion_line(criterion) for criterion in item.criteria]
    return Row(
        item.id,
        (
            cells.text(item.title, target=item.id, detail=" · ".join([item.id, *conditions])),
            cells.text(frame.name_of(item.owner)),
            cells.state(item.state),
            health_cell(healths.get(item.id)),
            cells.time(item.created_at, now=frame.now()),
        ),
        target=item.id,
    )


show()
