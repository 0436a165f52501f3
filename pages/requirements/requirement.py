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
    found = portal().requirements.get_requirement(actor(), requirement_id=links.wanted_id(Kind.REQUIREMENT))
    crumbs = [(_("Requirements"), "requirements")]
    with frame.header(found.title, state=found.state, facts=_facts(found), crumbs=crumbs, here=found.id):
        if may(Permission.REQUIREMENT_WRITE, project=found.project):
            _actions(found)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        frame.section(_("Conditions"), hint=_("all of them must hold"))
        _conditions(found)
        _text(_("Goal"), found.goal)
        _text(_("Business metric"), found.business_metric)
    with right:
        frame.section(_("Timeline"))
        frame.activity(found.id)
    frame.lineage(found.id)


def _facts(found: Requirement) -> list[str]:
    written = times.ago(found.created_at, now=frame.now())
    count = len(found.criteria)
    return [counted(count, _("condition"), _("conditions")), _("written {when} ago").format(when=written)]


def _actions(found: Requirement) -> None:
    if st.button(_("Edit"), icon=":material/edit:"):
        links.open_page("edit-requirement", id=found.id)
    moves = {_(label): state for label, state in MOVES.items() if state != found.state}
    chosen = frame.more(list(moves))
    if chosen:
        portal().requirements.set_state(actor(), requirement_id=found.id, state=moves[chosen])
        st.rerun()


def _conditions(found: Requirement) -> None:
    rows = measured_for(found)
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
