"""The dialogs that make a model, and a version from a file that was trained elsewhere, and that archive a version."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.registry.model_choice import choose_model
from app.registry.naming import title_of
from app.session import actor, may, portal
from app.ui import forms, frame, links
from app.ui.fields import keeping
from app.ui.fields.keeping import ARCHIVE, Dialogs
from app.ui.fields.naming import RENAME, name_fields, rename_dialog
from app.ui.health import put_away_state
from core.foundation.actions.content import Content
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


@forms.dialog(N_("Upload a version"), width="medium")
def upload() -> None:
    """A file becomes a version only when its bytes prove to be a safe ONNX model."""
    st.caption(
        _("ONNX only. The bytes decide, not the name: pickles, archives and files that point elsewhere are refused.")
    )
    project = forms.choose_project(key="upload_project")
    places: dict[str, DeltaGenerator] = {}
    chosen = choose_model(project, key="upload", places=places)
    file = st.file_uploader(_("File"), key="upload_file")
    example, expected = _rows_of_its_source()
    note = st.text_area(_("Card"), key="upload_note", height=90, placeholder=_("What it is, and where it comes from"))
    if st.button(_("Check and register"), type="primary", key="upload_now", disabled=file is None) and file is not None:
        uploaded: list[ModelVersion] = []
        with forms.attempt(places) as done:
            uploaded.append(
                portal().uploads.upload_version(
                    actor(),
                    project=project,
                    filename=file.name,
                    content=Content.of(file.getvalue()),
                    note=note or "",
                    example=example,
                    expected=expected,
                    **chosen.arguments(),
                )
            )
        if done.succeeded:
            frame.say(_("{id} is registered").format(id=uploaded[0].id))
            links.open_object(uploaded[0].id)


def _rows_of_its_source() -> tuple[Content | None, Content | None]:
    """What shows whether a conversion was right, where somebody has it: rows, and the answers for them."""
    st.caption(
        _(
            "A file that was converted from another library is compared with it: send some rows as the model takes "
            "them and what that library answered, as Parquet, Arrow or JSON. Without them the version is not compared "
            "with its source."
        )
    )
    left, right = st.columns(2)
    example = left.file_uploader(_("Example"), key="upload_example")
    expected = right.file_uploader(_("Expected answers"), key="upload_expected")
    files = [Content.of(file.getvalue()) if file is not None else None for file in (example, expected)]
    return files[0], files[1]


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
