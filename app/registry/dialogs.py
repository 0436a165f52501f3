"""The dialogs that make a model, and a version from a file that was trained elsewhere, and that archive a version."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.registry.naming import title_of
from app.session import actor, may, portal
from app.ui import forms, frame, links
from app.ui.fields import keeping
from app.ui.fields.keeping import ARCHIVE, Dialogs
from app.ui.fields.naming import RENAME, name_fields, rename_dialog
from app.ui.health import put_away_state
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.values import Model, ModelVersion


@forms.dialog(N_("New model"))
def new_model() -> None:
    """A name under which versions are kept."""
    st.caption(_("A model is a name for versions, which come from runs. Registering a run creates it."))
    project = forms.choose_project(key="model_project")
    places: dict[str, DeltaGenerator] = {}
    names = name_fields(Kind.MODEL, project=project, key="model", example=_("Churn risk"), places=places)
    description = st.text_area(_("Description"), key="model_description", height=90)
    if st.button(_("Create"), type="primary", key="model_create"):
        created: list[Model] = []
        with forms.attempt(places) as done:
            created.append(
                portal().registry.create_model(actor(), project=project, description=description or "", **names)
            )
        if done.succeeded:
            links.open_object(created[0].id)


def model_menu(model: Model) -> None:
    """The menu of a model's header."""
    dialogs: Dialogs = {}
    if may(Permission.MODELS_WRITE, project=model.project):
        dialogs[_(RENAME)] = lambda: rename_dialog(model.title, model.name, partial(_rename, model))
    keeping.menu(dialogs, model.id, title=model.title, project=model.project)


def _rename(model: Model, title: str) -> None:
    portal().registry.rename_model(actor(), model_id=model.id, title=title)


def put_away(version: ModelVersion) -> None:
    """The menu of the header, for those who may archive a version."""
    active = version.state == "active" and not put_away_state(version.model_id)
    if active and may(Permission.MODELS_ARCHIVE, project=version.project) and frame.more([_(ARCHIVE)]) == _(ARCHIVE):
        _archive(version)


@forms.dialog(N_("Archive this version"))
def _archive(version: ModelVersion) -> None:
    """Repeats what happens before it does."""
    st.markdown(
        _("**{name}** can no longer be requested for promotion. Its bytes, evidence and history stay.").format(
            name=links.escape(title_of(version))
        )
    )
    if st.button(_("Archive {id}").format(id=version.id), type="primary", key="archive_now"):
        with forms.attempt() as done:
            portal().registry.archive_version(actor(), version_id=version.id)
        if done.succeeded:
            frame.say(_("{id} is archived").format(id=version.id))
            st.rerun()
