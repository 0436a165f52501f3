"""Two people, or two tabs, over one draft: what was saved meanwhile is shown, and nothing that was typed is lost."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

import streamlit as st

from app.features.editor.fields import Subject
from app.features.logic import text_of
from app.session import actor, portal
from app.ui import forms, frame, links, times
from core.features.logic.revisions import SAVES
from core.features.values import FeatureVersion
from core.foundation.text import N_, _

RECENT = 20


def meanwhile(subject: Subject, entered: Mapping[str, Any], *, is_touched: bool, request_key: str) -> None:
    """What has become of the draft since the fields began, and the ways on. Fields that nobody has typed into begin
    anew. `asked` is the place in the session where the page finds what people want."""
    is_other = subject.draft is not None and subject.base != subject.draft.revision
    if not (is_other or subject.is_outrun):
        return
    if not is_touched:
        subject.start_over()
        st.rerun()
    with frame.rows("meanwhile"):
        if subject.draft:
            _saved(subject, subject.draft, entered, request_key)
        elif subject.given:
            _outrun(subject, subject.given)


def _saved(subject: Subject, draft: FeatureVersion, entered: Mapping[str, Any], request_key: str) -> None:
    safe = _("What you typed is still here, and not saved.")
    with frame.row("saved", title=_saved_by(draft.id), detail=safe, icon=":orange[:material/edit_note:]"):
        if st.button(_("See the difference"), key="meanwhile_see"):
            _difference(subject, draft, entered, request_key)


def _outrun(subject: Subject, version: FeatureVersion) -> None:
    title = _("Version {n} is no draft any more").format(n=version.version)
    detail = _("What you typed is still here. It becomes version {n} when you save it.").format(n=subject.number)
    with frame.row("outrun", title=title, state=version.state, detail=detail, icon=":orange[:material/edit_note:]"):
        links.link(version.id, _("Open {id}").format(id=version.id))


def _saved_by(draft_id: str) -> str:
    """Who saved the draft, and when."""
    events = portal().audit.activity(actor(), subject=draft_id, limit=RECENT)
    last = next((event for event in events if event.action in SAVES), None)
    if last is None:
        return _("Somebody saved this draft after you began")
    time = times.since(last.time, now=frame.now())
    return _("{who} saved this draft {time}, after you began").format(who=last.actor_name, time=time)


@forms.dialog(N_("What differs"), width="large")
def _difference(subject: Subject, draft: FeatureVersion, entered: Mapping[str, Any], request_key: str) -> None:
    """Line by line, and the two ways on, each named by what is lost."""
    st.caption(_("A line with \u2212 is in the draft as it was saved, one with + is what you typed."))
    with forms.attempt():
        lines = list(unified_diff(_lines(draft), _lines(_typed(draft, entered)), lineterm="", n=2))[2:]
        st.code("\n".join(lines) or _("No differences."), language="diff", wrap_lines=True)
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(_("Overwrite with mine"), type="primary", key="meanwhile_over"):
            subject.save_over()
            st.session_state[request_key] = "draft"
            st.rerun()
        if st.button(_("Discard mine, open the saved draft"), key="meanwhile_drop"):
            subject.start_over()
            st.rerun()


def _typed(draft: FeatureVersion, entered: Mapping[str, Any]) -> FeatureVersion:
    """The draft as it would be. Raises ValidationError for what cannot be read."""
    return FeatureVersion.model_validate(draft.model_dump() | dict(entered))


def _lines(version: FeatureVersion) -> list[str]:
    tags = ", ".join(version.tags) or "—"
    about = [_("Description: {text}").format(text=version.description), _("Tags: {text}").format(text=tags)]
    return [*text_of(version), *about]
