"""A star of one's own, and the note and tags that everybody sees."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import Run


def star(run: Run) -> None:
    marks = portal().run_workspace.run_marks(actor(), run_id=run.id)
    label, icon = (_("Starred"), ":material/star:") if marks.starred else (_("Star"), ":material/star_border:")
    if st.button(label, icon=icon, type="tertiary", key="star"):
        portal().run_workspace.star_run(actor(), run_id=run.id, starred=not marks.starred)
        st.rerun()


def notes(run: Run) -> None:
    marks = portal().run_workspace.run_marks(actor(), run_id=run.id)
    is_mine = may(Permission.JOBS_WRITE, project=run.project)
    if not (is_mine or marks.note or marks.tags):
        return
    with frame.section(_("Note and tags")):
        if is_mine:
            _edit(run, marks.note, marks.tags)
    if marks.tags:
        st.markdown(" ".join(f":gray-badge[#{links.escape(tag)}]" for tag in marks.tags))
    if marks.note:
        st.markdown(links.escape_lines(marks.note))
    elif not marks.tags:
        st.caption(_("Nothing is noted yet."))


def _edit(run: Run, note: str, tags: tuple[str, ...]) -> None:
    with st.popover(_("Edit"), type="tertiary", icon=":material/edit:"):
        text = st.text_area(_("Note"), value=note, key="note_text", height=90)
        entered = st.text_input(_("Tags"), value=", ".join(tags), key="note_tags", help=_("With commas between them."))
        if st.button(_("Save"), type="primary", key="save_note"):
            names = tuple(tag.strip() for tag in (entered or "").split(",") if tag.strip())
            with forms.attempt() as done:
                portal().run_workspace.describe_run(actor(), run_id=run.id, note=text or "", tags=names)
            if done.succeeded:
                st.rerun()
