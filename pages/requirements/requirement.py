"""One requirement: what should get better, how one will know, and the work that answers to it."""

from typing import Literal

import streamlit as st

from app.requirements.progress import measured_for
from app.session import actor, may, portal
from app.ui import frame, links, times
from app.ui.tables import reading
from app.ui.wording import counted, criterion_line
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.requirements.values import Requirement

State = Literal["open", "met", "dropped"]
MOVES: dict[str, State] = {N_("Mark as met"): "met", N_("Drop it"): "dropped", N_("Open it again"): "open"}


def show() -> None:
    requirement = portal().requirements.get_requirement(actor(), requirement_id=links.wanted_id(Kind.REQUIREMENT))
    crumbs = [(_("Requirements"), "requirements")]
    with frame.header(
        requirement.title, state=requirement.state, facts=_facts(requirement), crumbs=crumbs, here=requirement.id
    ):
        if may(Permission.REQUIREMENT_WRITE, project=requirement.project):
            _actions(requirement)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        frame.section(_("Conditions"), hint=_("all of them must hold"))
        _conditions(requirement)
        _text(_("Goal"), requirement.goal)
        _text(_("Business metric"), requirement.business_metric)
    with right:
        frame.section(_("Timeline"))
        frame.activity(requirement.id)
    frame.lineage(requirement.id)


def _facts(requirement: Requirement) -> list[str]:
    written = times.ago(requirement.created_at, now=frame.now())
    count = len(requirement.criteria)
    return [counted(count, _("condition"), _("conditions")), _("written {when} ago").format(when=written)]


def _actions(requirement: Requirement) -> None:
    if st.button(_("Edit"), icon=":material/edit:"):
        links.open_page("edit-requirement", id=requirement.id)
    moves = {_(label): state for label, state in MOVES.items() if state != requirement.state}
    chosen = frame.more(list(moves))
    if chosen:
        portal().requirements.set_state(actor(), requirement_id=requirement.id, state=moves[chosen])
        st.rerun()


def _conditions(requirement: Requirement) -> None:
    rows = measured_for(requirement)
    columns = {
        _("Condition"): [criterion_line(row.criterion) for row in rows],
        _("Best so far"): [row.shown for row in rows],
        _("Basis"): [row.basis for row in rows],
    }
    reading(columns, alt=_("Conditions with what was measured"))


def _text(title: str, text: str) -> None:
    if text:
        frame.section(title)
        st.markdown(links.escape_lines(text))


show()
