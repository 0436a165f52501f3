"""The form of a requirement: a new one, or with `?id=` the one to change."""

import streamlit as st

from app.requirements.criteria import edit_criteria, require
from app.session import actor, portal
from app.ui import forms, frame, links
from core.foundation.ids import Kind
from core.foundation.text import _
from core.requirements.values import Criterion, Requirement


def show() -> None:
    found = None
    if "id" in st.query_params:
        wanted = links.wanted_id(Kind.REQUIREMENT)
        found = portal().requirements.get_requirement(actor(), requirement_id=wanted)
    crumbs = [(_("Requirements"), "requirements"), *([(found.id, found.id)] if found else [])]
    facts = [_("A goal, and the conditions that prove it reached; gates of a promotion read them")]
    frame.header(_("Edit requirement") if found else _("New requirement"), crumbs=crumbs, facts=facts)
    with st.container(key="card_requirement", border=True, width=860):
        _form(found, key=found.id if found else "new")


def _form(found: Requirement | None, *, key: str) -> None:
    project = found.project if found else forms.choose_project(key=f"{key}_project")
    title = st.text_input(
        _("Title"),
        value=found.title if found else "",
        max_chars=160,
        key=f"{key}_title",
        placeholder=_("What should get better, for whom, and when"),
    )
    goal = st.text_area(_("Goal"), value=found.goal if found else "", key=f"{key}_goal", max_chars=20_000)
    business = st.text_input(
        _("Business metric"),
        value=found.business_metric if found else "",
        key=f"{key}_business",
        placeholder=_("The figure that the business tracks"),
    )
    st.markdown(_("It is reached when"))
    criteria = edit_criteria(found.criteria if found else (), key=key)
    with st.container(horizontal=True, gap="xsmall"):
        saved = st.button(_("Save") if found else _("Create"), type="primary", key=f"{key}_save")
        if st.button(_("Cancel"), type="tertiary", key=f"{key}_cancel"):
            _leave(found)
    if saved:
        _save(found, project, title=title, goal=goal, business_metric=business, criteria=criteria)


def _save(
    found: Requirement | None,
    project: str,
    *,
    title: str,
    goal: str,
    business_metric: str,
    criteria: tuple[Criterion, ...],
) -> None:
    values = {"title": title, "goal": goal, "business_metric": business_metric}
    service, kept = portal().requirements, found
    with forms.attempt() as done:
        require(criteria)
        if found:
            kept = service.edit_requirement(actor(), requirement_id=found.id, criteria=criteria, **values)
        else:
            kept = service.create_requirement(actor(), project=project, criteria=criteria, **values)
    if done.succeeded and kept:
        frame.say(_("Saved {id}").format(id=kept.id))
        links.open_object(kept.id)


def _leave(found: Requirement | None) -> None:
    if found:
        links.open_object(found.id)
    links.open_page("requirements")


show()
