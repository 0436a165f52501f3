"""What becomes of a thing that nobody uses any more, in the same words and dialogs on the page of every kind: it is
archived, brought back, and deleted."""

from collections.abc import Callable

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links
from app.ui.health import put_away_state
from core.foundation.ids import Kind, kind_of
from core.foundation.text import N_, _
from core.identity.permissions import Permission

ARCHIVE, BRING_BACK, DELETE = N_("Archive"), N_("Bring back"), N_("Delete")
Dialogs = dict[str, Callable[[], None]]


def menu(dialogs: Dialogs, object_id: str, *, title: str, project: str, archived: Dialogs | None = None) -> None:
    """The menu of a thing: what may be done with it while it is in use, or still is while `archived`, and what may
    become of it."""
    by_state = {"": dialogs | (archived or {}), "archived": archived or {}, "deleted": {}}
    offered = by_state[put_away_state(object_id)] | _keeping_dialogs(object_id, title=title, project=project)
    if offered and (chosen := frame.more(list(offered))):
        offered[chosen]()


def _keeping_dialogs(object_id: str, *, title: str, project: str) -> Dialogs:
    """What is offered to those who may put it away."""
    state = put_away_state(object_id)
    if state == "deleted" or not may(Permission.ARCHIVE, project=project):
        return {}
    label, dialog = (BRING_BACK, bring_back_dialog) if state else (ARCHIVE, archive_dialog)
    return {_(label): lambda: dialog(object_id, title), _(DELETE): lambda: delete_dialog(object_id, title)}


@forms.dialog(ARCHIVE)
def archive_dialog(object_id: str, title: str) -> None:
    """Out of lists and choices."""
    st.markdown(
        _("**{title}** ({id}) is out of lists and choices until it is brought back. Its history stays.").format(
            title=links.escape(title), id=object_id
        )
    )
    if st.button(_(ARCHIVE), type="primary", icon=":material/inventory_2:", key="archive_thing"):
        with forms.attempt() as done:
            portal().keeping.archive(actor(), object_id=object_id)
        _close(done, _("Archived"))


@forms.dialog(BRING_BACK)
def bring_back_dialog(object_id: str, title: str) -> None:
    """In lists and choices again."""
    st.markdown(
        _("**{title}** ({id}) is in lists and choices again, as it was.").format(
            title=links.escape(title), id=object_id
        )
    )
    if st.button(_(BRING_BACK), type="primary", icon=":material/undo:", key="bring_back_thing"):
        with forms.attempt() as done:
            portal().keeping.bring_back(actor(), object_id=object_id)
        _close(done, _("Brought back"))


@forms.dialog(DELETE)
def delete_dialog(object_id: str, title: str) -> None:
    """For good."""
    words = _("**{title}** ({id}) is deleted for good.")
    if kind_of(object_id) is Kind.DATASET:
        words = _("**{title}** ({id}) is deleted for good, with its rows.")
    st.markdown(words.format(title=links.escape(title), id=object_id))
    st.caption(_("What was recorded of it stays. Its name can be given again only where nothing was ever made of it."))
    reason = st.text_area(_("Reason (kept in the audit log)"), key="delete_thing_reason")
    if st.button(_(DELETE), type="primary", icon=":material/delete:", key="delete_thing"):
        with forms.attempt() as done:
            portal().keeping.delete(actor(), object_id=object_id, reason=reason or "")
        _close(done, _("Deleted"))


def _close(done: forms.Attempt, words: str) -> None:
    if done.succeeded:
        frame.say(words)
        st.rerun()
