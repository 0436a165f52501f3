"""What people say about a view and its versions: words, owner and tags. None of it changes a value."""

from functools import partial

import streamlit as st

from app.features.catalog import words
from app.session import actor, may, portal
from app.ui import forms, frame
from app.ui.fields import keeping
from app.ui.fields.keeping import Dialogs
from app.ui.fields.naming import RENAME, rename_dialog
from core.features.values import FeatureVersion, FeatureView
from core.foundation.text import N_, _
from core.identity.permissions import Permission

EDIT_VIEW, EDIT_VERSION = N_("Edit the view"), N_("Edit this version's description")
MOST_PEOPLE = 200
TAGS_HELP = N_("Separate with commas: small letters, figures, - and _.")


def describe(view: FeatureView, shown: FeatureVersion | None) -> None:
    """The menu of what may be said anew of a view, and of what may become of it."""
    dialogs: Dialogs = {}
    if may(Permission.DATA_WRITE, project=view.project):
        dialogs[_(RENAME)] = lambda: rename_dialog(view.title, view.name, partial(_rename, view))
        dialogs[_(EDIT_VIEW)] = lambda: _edit_view(view)
        if shown:
            dialogs[_(EDIT_VERSION)] = lambda: _edit_version(shown)
    keeping.menu(dialogs, view.id, title=view.title, project=view.project)


def _rename(view: FeatureView, title: str) -> None:
    portal().feature_views.rename_view(actor(), view_id=view.id, title=title)


@forms.dialog(EDIT_VIEW)
def _edit_view(view: FeatureView) -> None:
    """Description, owner and tags of a view."""
    listed = portal().identity.list_people(actor(), limit=MOST_PEOPLE).items
    people = {view.owner: frame.name_of(view.owner)} | {person.id: person.name for person in listed}
    description = st.text_area(_("Description"), value=view.description, key=f"view_text_{view.id}", max_chars=4000)
    owner = st.selectbox(_("Owner"), list(people), format_func=people.__getitem__, key=f"view_owner_{view.id}")
    tags = st.text_input(_("Tags"), value=", ".join(view.tags), key=f"view_tags_{view.id}", help=_(TAGS_HELP))
    if st.button(_("Save"), type="primary", key="view_save"):
        with forms.attempt() as done:
            portal().feature_views.describe_view(
                actor(), view_id=view.id, description=description, owner=owner, tags=words(tags)
            )
        if done.succeeded:
            st.rerun()


@forms.dialog(EDIT_VERSION)
def _edit_version(shown: FeatureVersion) -> None:
    """Description and tags of a version."""
    st.caption(_("Its logic stays: another logic is another version."))
    description = st.text_area(
        _("Description"), value=shown.description, key=f"version_text_{shown.id}", max_chars=4000
    )
    tags = st.text_input(_("Tags"), value=", ".join(shown.tags), key=f"version_tags_{shown.id}", help=_(TAGS_HELP))
    if st.button(_("Save"), type="primary", key="version_save"):
        with forms.attempt() as done:
            portal().feature_versions.describe_version(
                actor(), version_id=shown.id, description=description, tags=words(tags)
            )
        if done.succeeded:
            st.rerun()
