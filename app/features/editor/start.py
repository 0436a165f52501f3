"""Around the fields of the editor: which view it is about, the drafts there are, and what publishing touches."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.features.catalog import words
from app.features.editor.fields import Subject
from app.features.editor.logic import QUERY_SQL
from app.session import actor, portal
from app.ui import forms, frame, links, times
from app.ui.fields.naming import name_fields
from app.ui.fields.sticky import sticky
from app.ui.wording import counted
from core.features.values import Consumer, FeatureVersion, FeatureView, VersionState
from core.foundation.ids import Kind
from core.foundation.text import N_, _

EDITOR = "new-feature-version"
MOST, NAMED = 200, 12
DRAFTS = (VersionState.DRAFT, VersionState.FAILED)


def choose_view() -> None:
    """The view that the version is for: one that there is, or a new one."""
    left, right = st.columns([1, 1.4], gap="medium")
    with left, frame.card("view"):
        project = forms.choose_project(key="editor_project")
        views = {
            view.id: view.title
            for view in portal().feature_views.list_views(actor(), project=project, limit=MOST).items
        }
        view_id = st.selectbox(
            _("Feature view"),
            ["", *views],
            format_func=lambda choice: views.get(choice, _("A new view")),
            **sticky("editor_view", ""),
        )
        if not view_id:
            view_id = _new_view(project)
        elif not st.button(_("Go on"), type="primary", key="editor_go_on"):
            view_id = ""
    with right:
        if query_sql := st.session_state.get(QUERY_SQL, ""):
            st.caption(_("The SQL of the query"))
            st.code(query_sql, language="sql")
    if view_id:
        links.open_page(EDITOR, id=view_id)


def _new_view(project: str) -> str:
    """The id of the view once it is made."""
    places: dict[str, DeltaGenerator] = {}
    names = name_fields(
        Kind.FEATURE_VIEW, project=project, key="editor", example=_("Customer activity"), is_sticky=True, places=places
    )
    fields = {
        "entity": (_("Entity"), "customer", _("What its rows are about.")),
        "keys": (_("Keys"), "country, store_id", _("The columns that name one such thing.")),
    }
    typed = {}
    for name, (label, example, help) in fields.items():
        typed[name] = st.text_input(label, placeholder=example, help=help or None, **sticky(f"editor_{name}", ""))
        places[name] = st.container()
    description = st.text_area(_("Description"), max_chars=4000, **sticky("editor_description", ""))
    view: FeatureView | None = None
    if st.button(_("Create and go on"), type="primary", key="editor_create"):
        with forms.attempt(places):
            view = portal().feature_views.create_view(
                actor(),
                project=project,
                entity=typed["entity"] or "",
                keys=words(typed["keys"] or ""),
                description=description or "",
                **names,
            )
    return view.id if view else ""


def offer_drafts(subject: Subject) -> None:
    """The drafts of the view, and the versions that failed: each can be taken up again."""
    versions = portal().feature_versions.list_versions(actor(), view_id=subject.view.id).items
    drafts = [version for version in versions if version.state in DRAFTS and version != subject.draft]
    if not drafts:
        return
    with frame.rows("drafts"):
        for version in drafts[:3]:
            _draft(subject, version)


def _draft(subject: Subject, version: FeatureVersion) -> None:
    with frame.row(
        version.id,
        title=_("Version {n} is a draft").format(n=version.version),
        state=version.state,
        detail=links.escape(version.cause or version.description or frame.name_of(version.created_by)),
        age=times.ago(version.created_at, now=frame.now()),
    ):
        links.page_link(EDITOR, _("Open the draft"), id=subject.view.id, version=version.id)


@forms.dialog(N_("Impact of publishing"))
def publish_dialog(subject: Subject, *, request_key: str) -> None:
    """Who uses which version of the view, before it is published. `asked` is the place in the session where the
    decision is handed to the page."""
    view = subject.view
    impact = portal().feature_views.impact(actor(), view_id=view.id)
    live = view.live.version if view.live else None
    st.markdown(_effect(view.title, number=subject.number, live=live))
    st.caption(_uses(impact.consumers))
    versions = {
        item.id: item.version for item in portal().feature_versions.list_versions(actor(), view_id=view.id).items
    }
    using = sorted(impact.consumers, key=lambda consumer: not consumer.is_live)
    for consumer in using[:NAMED]:
        _consumer(consumer, version=versions.get(consumer.version_id, 0))
    if len(using) > NAMED:
        st.caption(_("and {n} more").format(n=len(using) - NAMED))
    if st.button(_("Build, check and publish"), type="primary", key="publish_do"):
        st.session_state[request_key] = "published"
        st.rerun()


def _effect(title: str, *, number: int, live: int | None) -> str:
    first = _("**{title} v{n}** is built, checked, and published when every check passes.")
    rest = _("The alias then moves from v{live} to it; what pins a version keeps that version.")
    sentence = first.format(title=links.escape(title), n=number)
    return f"{sentence} {rest.format(live=live)}" if live else sentence


def _uses(consumers: tuple[Consumer, ...]) -> str:
    if not consumers:
        return _("Nothing uses the view yet.")
    live = [consumer.title for consumer in consumers if consumer.is_live and consumer.kind == "endpoint"]
    sentence = counted(len(consumers), _("object uses it"), _("objects use it"))
    return sentence + (_("; live: {names}").format(names=links.escape(", ".join(live))) if live else "")


def _consumer(consumer: Consumer, *, version: int) -> None:
    mark = " · " + _("live") if consumer.is_live else ""
    pins = _("v{n}").format(n=version)
    links.link(consumer.object_id, f"{consumer.title} · {pins}{mark}", icon=links.icon_of(consumer.object_id))
