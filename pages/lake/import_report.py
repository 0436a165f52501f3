"""One import: how far it is, what it chose and what to look at, and its confirmation or correction."""

import streamlit as st

from app.lake.imports.actions import buttons, confirm, corrections, discard
from app.lake.imports.cards import column_cards
from app.lake.imports.outcome import has_panel, what_will_happen
from app.lake.imports.questions import encoding_question, open_questions, time_question
from app.lake.imports.report import size_of, what_to_look_at
from app.lake.profiles import preview_table
from app.session import actor, may, portal
from app.ui import frame, links, times
from app.ui.jobs import cause_card, job_progress
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.lake.import_values import Import, ImportState
from core.lake.values import ImportReport


def show() -> None:
    import_id = links.wanted_id(Kind.IMPORT)
    frame.live_page(
        lambda: portal().imports.get_import(actor(), import_id=import_id),
        _draw,
        runs=lambda data_import: data_import.state is ImportState.READING,
    )


def _draw(data_import: Import) -> None:
    writes = may(Permission.DATA_WRITE, project=data_import.project)
    crumbs = [(_("Datasets"), "datasets")]
    title = _("Import into {name}").format(name=data_import.dataset_title)
    with frame.header(title, state=data_import.state, facts=_facts(data_import), crumbs=crumbs, here=data_import.id):
        pressed = buttons(data_import, writes=writes)
    if pressed in ("discard", "confirm"):
        discard(data_import) if pressed == "discard" else confirm(data_import)
    open_questions(data_import)
    if data_import.state is ImportState.READING:
        job_progress(data_import.job_id)
        st.caption(_("The report comes when every row was read. You may leave this page."))
    if data_import.cause:
        cause_card(data_import.cause, job_id=data_import.job_id)
    if data_import.report is not None and data_import.state is not ImportState.FAILED:
        _read(data_import, data_import.report, asks=writes and data_import.state is ImportState.READY)
    if writes and data_import.state in (ImportState.READY, ImportState.FAILED):
        corrections(data_import, reads=pressed == "read")


def _read(data_import: Import, report: ImportReport, *, asks: bool) -> None:
    """What was read, and beside it what that would do."""
    columns, outcome = (
        st.columns([2.3, 1], gap="medium") if has_panel(data_import) else (st.container(), st.container())
    )
    with outcome:
        what_will_happen(data_import)
    with columns:
        encoding_question(data_import, asks=asks)
        what_to_look_at(report)
        column_cards(data_import, asks=asks)
        if asks:
            time_question(data_import)
    if data_import.preview is not None:
        frame.section(_("First rows"))
        preview_table(data_import.preview)


def _facts(data_import: Import) -> list[str]:
    by = links.escape(frame.name_of(data_import.created_by))
    appends = _("appends to the existing rows") if data_import.mode == "append" else _("replaces the existing rows")
    age = times.ago(data_import.created_at, now=frame.now())
    who = _("by {name}, {age}").format(name=by, age=age)
    return [links.escape(data_import.source.name), size_of(data_import.report), appends, who]


show()
