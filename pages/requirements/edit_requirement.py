"""The form of a requirement: a new one, or with `?id=` the one to change."""

import streamlit as st

from app.requirements.criteria import edit_criteria, require
from app.session import actor, portal
from app.ui import forms, frame, links
from core.foundation.ids import Kind
from core.foundation.text import _
from core.requirements.values import Criterion, Requirement


def show() -> None:
    requirement = None
    if "id" in st.query_params:
        wanted = links.wanted_id(Kind.REQUIREMENT)
        requirement = portal().requirements.get_requirement(actor(), requirement_id=wanted)
    crumbs = [(_("Requirements"), "requirements"), *([(requirement.id, requirement.id)] if requirement else [])]
    facts = [_("A goal, and the conditions that prove it reached; gates of a promotion read them")]
    frame.header(_("Edit requirement") if requirement else _("New requirement"), crumbs=crumbs, facts=facts)
    with st.container(key="card_requirement", border=True, width=860):
        _form(requirement, key=requirement.id if requirement else "new")


def _form(requirement: Requirement | None, *, key: str) -> None:
    project = requirement.project if requirement else forms.choose_project(key=f"{key}_project")
    title = st.text_input(
        _("Title"),
        value=requirement.title if requirement else "",
        max_chars=160,
        key=f"{key}_title",
        placeholder=_("What should get better, for whom, and when"),
    )
    goal = st.text_area(_("Goal"), value=requirement.goal if requirement else "", key=f"{key}_goal", max_chars=20_000)
    business = st.text_input(
        _("Business metric"),
        value=requirement.business_metric if requirement else "",
        key=f"{key}_business",
        placeholder=_("The figure that the business tracks"),
    )
    st.markdown(_("It is reached when"))
    criteria = edit_criteria(requirement.criteria if requirement else (), key=key)
    with st.container(horizontal=True, gap="xsmall"):
        saved = st.button(_("Save") if requirement else _("Create"), type="primary", key=f"{key}_save")
        if st.button(_("Cancel"), type="tertiary", key=f"{key}_cancel"):
            _leave(requirement)
    if saved:
        _save(requirement, project, title=title, goal=goal, business_metric=business, criteria=criteria)


def _save(
    requirement: Requirement | None,
    project: str,
    *,
    title: str,
    goal: str,
    business_metric: str,
    criteria: tuple[Criterion, ...],
) -> None:
    values = {"title": title, "goal": goal, "business_metric": business_metric}
    service, saved = portal().requirements, requirement
    with forms.attempt() as done:
        require(criteria)
        if requirement:
            saved = service.edit_requirement(actor(), requirement_id=requirement.id, criteria=criteria, **values)
        else:
            saved = service.create_requirement(actor(), project=project, criteria=criteria, **values)
    if done.succeeded and saved:
        frame.say(_("Saved {id}").format(id=saved.id))
        links.open_object(saved.id)


def _leave(requirement: Requirement | None) -> None:
    if requirement:
        links.open_object(requirement.id)
    links.open_page("requirements")


show()
