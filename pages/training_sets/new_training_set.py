"""The form of a new training set."""

import streamlit as st

from app.session import actor, portal
from app.training_sets.form import added, entity_form, like, problem, requirement_choice, splits_form, uses_form
from app.ui import forms, frame, links
from app.ui.fields.naming import name_fields
from core.features.training_sets.values import EntityQuery, Split
from core.features.values import ViewUse
from core.foundation.ids import Kind
from core.foundation.text import _


def show() -> None:
    facts = [_("Rows to learn from or to score, joined with what was known at each of them, split by time")]
    frame.header(_("New training set"), crumbs=[(_("Training sets"), "training-sets")], facts=facts)
    given, first = like(), added()
    if first:
        st.session_state.setdefault("set_project", first.project)
    left, right = st.columns([1.72, 1], gap="medium")
    with right:
        project = forms.choose_project(key="set_project")
        names = name_fields(
            Kind.TRAINING_SET,
            project=project,
            key="set",
            example=_("Orders of last year"),
            given=given.title if given else "",
        )
        requirement = requirement_choice(project)
        known_at = st.toggle(
            _("Values count from when they were known"),
            value=given.known_at if given else True,
            key="set_known_at",
            help=_("Without it, late rows and corrections count from their event time."),
        )
        splits = splits_form(given.asked if given else ())
    with left:
        entity = entity_form(project, given=given.entity if given else None)
        uses = uses_form(project, given=given, first=first)
    wrong = problem(entity, uses=uses, splits=splits)
    if wrong:
        st.caption(f":orange[:material/warning: {links.escape(wrong)}]")
    with st.container(horizontal=True, gap="xsmall"):
        saved = st.button(_("Join and check"), type="primary", icon=":material/build:", key="join")
        if st.button(_("Cancel"), type="tertiary", key="cancel"):
            links.open_page("training-sets")
    if saved:
        with forms.attempt() as done:
            training_set = portal().training_sets.create_training_set(
                actor(),
                project=project,
                entity=EntityQuery.model_validate(entity),
                uses=tuple(ViewUse.model_validate(use) for use in uses),
                splits=tuple(Split.model_validate(split) for split in splits),
                known_at=known_at,
                requirement_id=requirement,
                **names,
            )
        if done.succeeded:
            frame.say(_("Joining {id}").format(id=training_set.id))
            links.open_object(training_set.id)


show()
