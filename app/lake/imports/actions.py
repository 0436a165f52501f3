"""What is done with an import on its page: it is confirmed, discarded, or read again as a person corrected it. Refusals
are shown below the buttons of the header, which have no room for them."""

import streamlit as st

from app.lake.imports.answers import answers, unread
from app.lake.imports.choices import edited
from app.session import actor, portal
from app.ui import forms, frame, links
from core.foundation.text import _
from core.lake.import_values import Import, ImportChoices, ImportState


def buttons(data_import: Import, *, writes: bool) -> str:
    """Which button was pressed. What was chosen otherwise than it was read is read again, not confirmed."""
    if data_import.snapshot_id:
        links.follow(data_import.snapshot_id, _("Open the snapshot"))
    else:
        links.follow(data_import.dataset_id, _("Open the dataset"))
    if not writes or data_import.state not in (ImportState.READY, ImportState.FAILED):
        return ""
    pressed = "discard" if st.button(_("Discard"), icon=":material/delete:") else ""
    if data_import.state is not ImportState.READY:
        return pressed
    if unread(data_import):
        reads = st.button(_("Read again"), type="primary", icon=":material/refresh:", key="import_read_now")
        return "read" if reads else pressed
    return "confirm" if st.button(_("Confirm"), type="primary", icon=":material/check:") else pressed


def discard(data_import: Import) -> None:
    with forms.attempt() as done:
        portal().imports.discard_import(actor(), import_id=data_import.id)
    if done.succeeded:
        st.rerun()


def confirm(data_import: Import) -> None:
    accept, proposed = answers(data_import)
    with forms.attempt() as done:
        snapshot = portal().imports.confirm_import(
            actor(), import_id=data_import.id, accept=accept, as_proposed=proposed
        )
    if done.succeeded:
        frame.say(_("{name} is imported").format(name=snapshot.title))
        links.open_object(snapshot.id)


def corrections(data_import: Import, *, reads: bool) -> None:
    """The editor, and its button; `reads` says that the one above was pressed."""
    frame.section(_("Corrections"), hint=_("what the bytes cannot say"))
    choices = edited(data_import)
    wanted = [*choices.types.items(), *choices.notations.items(), *((rule.column, rule.zone) for rule in choices.zones)]
    if wanted and choices != data_import.choices:
        named = ", ".join(f"{column} {chosen}" for column, chosen in wanted)
        st.caption(links.escape(_("To be read as: {columns}").format(columns=named)))
    is_same = choices == data_import.choices and not data_import.cause
    if st.button(_("Read again"), icon=":material/refresh:", disabled=is_same) or reads:
        with forms.attempt() as done:
            choices = ImportChoices.model_validate(choices.model_dump())
            portal().imports.correct_import(actor(), import_id=data_import.id, choices=choices)
        if done.succeeded:
            st.rerun()
