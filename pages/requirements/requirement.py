"""One requirement: what should get better, how one will know, and the work that answers to it."""

from typing import Literal

import streamlit as st

from app.requirements.progress import Candidate, best, candidates, cell
from app.session import actor, may, portal
from app.ui import frame, links, status, times
from app.ui.health import health_of
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
    health, state = health_of(requirement.id), requirement.state
    stage, state = (state, "") if health else ("", state)
    facts = _facts(requirement)
    with frame.header(
        requirement.title, stage=stage, state=state, health=health, facts=facts, crumbs=crumbs, here=requirement.id
    ):
        if may(Permission.REQUIREMENT_WRITE, project=requirement.project):
            _actions(requirement)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        frame.section(_("Conditions"), hint=_("one version must keep all of them"))
        _conditions(requirement, candidates(requirement))
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


def _conditions(requirement: Requirement, known: tuple[Candidate, ...]) -> None:
    """A column for each version, so that no figure is lent from another."""
    total = len(requirement.criteria)
    columns = {_("Condition"): [criterion_line(criterion) for criterion in requirement.criteria]}
    for candidate in known:
        columns[_head(candidate)] = [cell(assessment) for assessment in candidate.assessments]
    if not known:
        nothing = _("nothing measured yet")
        columns[_("Measured")] = [f":gray[{nothing}]"] * total
    leading = best(known)
    if leading:
        words = _("**{version} keeps {n} of {total} conditions.**")
        title = links.escape(leading.title)
        icon = status.icon("pass" if leading.met == total else "fail")
        st.markdown(f"{icon} {words.format(version=title, n=leading.met, total=total)}")
    reading(columns, alt=_("Conditions by version"))


def _head(candidate: Candidate) -> str:
    place = candidate.endpoints[0] if candidate.endpoints else _("not serving")
    name = f"[{links.escape(candidate.title)}]({links.address_of(candidate.version_id)})"
    return f"{name} :gray[{links.escape(place)}]"


def _text(title: str, text: str) -> None:
    if text:
        frame.section(title)
        st.markdown(links.escape_lines(text))


show()
