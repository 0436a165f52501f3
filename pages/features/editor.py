"""The editor of a feature version: its logic, tried on a sample while it is written, and how far it is to go."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.features.editor.conflicts import meanwhile
from app.features.editor.fields import Entered, Subject, Until, beside, subject_of, submit
from app.features.editor.logic import logic
from app.features.editor.preview import preview_part
from app.features.editor.start import EDITOR, choose_view, offer_drafts, publish_dialog
from app.features.lifecycle import life_dialog
from app.session import actor, may, portal
from app.ui import forms, frame, links
from app.ui.jobs import cause_card
from core.features.values import FeatureVersion
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission

REQUEST_KEY = "feature_asked"


def show() -> None:
    if "id" not in st.query_params:
        frame.header(
            _("New features"), crumbs=[(_("Features"), "features")], facts=[_("First the view that they belong to")]
        )
        choose_view()
        return
    view = portal().feature_views.get_view(actor(), view_id=links.wanted_id(Kind.FEATURE_VIEW))
    subject = subject_of(view, st.query_params.get("version", ""))
    actions = _header(subject)
    if not may(Permission.FEATURE_SQL, project=view.project):
        frame.empty(_("Features are written by engineers"), advice=_("Ask for the role in this project."), icon="lock")
        return
    refused = st.container()
    if subject.draft and subject.draft.cause:
        cause_card(subject.draft.cause, job_id=subject.draft.job_id)
    offer_drafts(subject)
    left, right = st.columns([1.72, 1], gap="medium")
    with right:
        entered = beside(subject)
    with left:
        entered |= logic(subject, entered["sources"])
        preview_part(subject, entered, is_touched=_is_touched(subject, entered))
    with refused:
        meanwhile(subject, entered, is_touched=_is_touched(subject, entered), request_key=REQUEST_KEY)
    with actions:
        wanted = _buttons(subject, entered)
    if wanted:
        with refused:
            _submitted(subject, entered, wanted)


def _header(subject: Subject) -> DeltaGenerator:
    view, draft, given = subject.view, subject.draft, subject.given
    begins = _("Starts from v{n}").format(n=given.version) if given else _("The first version")
    facts = [
        _("Entity {entity}, keys {keys}").format(
            entity=links.escape(view.entity), keys=links.code(", ".join(view.keys) or "—")
        ),
        draft.id if draft else begins,
    ]
    title = _("Version {n} of {view}").format(n=subject.number, view=view.title)
    crumbs = [(_("Features"), "features"), (view.title, view.id)]
    here = _("Edit") if draft else _("New version")
    return frame.header(title, state=draft.state if draft else "", facts=facts, crumbs=crumbs, here=here)


def _is_touched(subject: Subject, entered: Entered) -> bool:
    """Whether anything was changed since the fields began."""
    return bool(st.session_state.setdefault(subject.key("first"), entered) != entered)


def _buttons(subject: Subject, entered: Entered) -> Until | None:
    """How far people want it to go, if they say so in this run."""
    wanted: Until | None = st.session_state.pop(REQUEST_KEY, None)
    if st.button(_("Save draft"), key="draft", type="tertiary"):
        wanted = "draft"
    help_text = _("A job builds its rows and runs the checks. It can be joined by its number; the alias stays.")
    if st.button(_("Build and check"), key="build", help=help_text):
        wanted = "staged"
    if st.button(_("Publish"), key="publish", type="primary", icon=":material/publish:"):
        publish_dialog(subject, request_key=REQUEST_KEY)
    _more(subject, is_touched=_is_touched(subject, entered))
    return wanted


def _more(subject: Subject, *, is_touched: bool) -> None:
    """Other beginnings: from what was given, or from another version."""
    over = [_("Start over")] if is_touched else []
    versions = portal().feature_versions.list_versions(actor(), view_id=subject.view.id, limit=12).items
    begin = {_("Start from v{n}").format(n=item.version): item for item in versions if item != subject.draft}
    discard = [_("Discard the draft")] if subject.draft else []
    chosen = frame.more([*over, *begin, *discard]) if over or begin or discard else None
    if chosen in over:
        subject.start_over()
        st.rerun()
    if chosen in begin:
        links.open_page(EDITOR, id=subject.view.id, version=begin[chosen].id)
    if chosen in discard and subject.draft:
        life_dialog(subject.view, subject.draft, "discard")


def _submitted(subject: Subject, entered: Entered, until: Until) -> None:
    submitted: FeatureVersion | None = None
    with forms.attempt(subject.places):
        submitted = submit(subject, entered, until=until)
    if submitted is None:
        return
    subject.start_over()
    frame.say((_("Draft {id} is saved") if until == "draft" else _("Building {id}")).format(id=submitted.id))
    if until == "draft":
        links.open_page(EDITOR, id=submitted.view_id, version=submitted.id)
    links.open_object(submitted.id)


show()
