"""One import: how far it is, what it chose and what to look at, and its confirmation or correction."""

import streamlit as st

from app.lake.imports.answers import answers
from app.lake.imports.cards import column_cards
from app.lake.imports.choices import edited
from app.lake.imports.outcome import has_panel, what_will_happen
from app.lake.imports.questions import encoding_question, open_questions, time_question
from app.lake.imports.report import size_of, what_to_look_at
from app.lake.profiles import preview_table
from app.session import actor, may, portal
from app.ui import forms, frame, links, times
from app.ui.jobs import cause_card, job_progress
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.lake.import_values import Import, ImportChoices, ImportState
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
        _actions(data_import, writes=writes)
    open_questions(data_import)
    if data_import.state is ImportState.READING:
        job_progress(data_import.job_id)
        st.caption(_("The report comes when every row was read. You may leave this page."))
    if data_import.cause:
        cause_card(data_import.cause, job_id=data_import.job_id)
    if data_import.report is not None and data_import.state is not ImportState.FAILED:
        _read(data_import, data_import.report, asks=writes and data_import.state is ImportState.READY)
    if writes and data_import.state in (ImportState.READY, ImportState.FAILED):
        _corrections(data_import)


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


def _actions(data_import: Import, *, writes: bool) -> None:
    if data_import.snapshot_id:
        links.follow(data_import.snapshot_id, _("Open the snapshot"))
    else:
        links.follow(data_import.dataset_id, _("Open the dataset"))
    if not writes or data_import.state not in (ImportState.READY, ImportState.FAILED):
        return
    if st.button(_("Discard"), icon=":material/delete:"):
        with forms.attempt() as done:
            portal().imports.discard_import(actor(), import_id=data_import.id)
        if done.succeeded:
            st.rerun()
    if data_import.state is ImportState.READY and st.button(_("Confirm"), type="primary", icon=":material/check:"):
        accept, proposed = answers(data_import)
        with forms.attempt() as done:
            snapshot = portal().imports.confirm_import(
                actor(), import_id=data_import.id, accept=accept, as_proposed=proposed
            )
        if done.succeeded:
            frame.say(_("{name} is imported").format(name=snapshot.title))
            links.open_object(snapshot.id)


def _corrections(data_import: Import) -> None:
    frame.section(_("Corrections"), hint=_("what the bytes cannot say"))
    choices = edited(data_import)
    wanted = [*choices.types.items(), *choices.notations.items(), *((rule.column, rule.zone) for rule in choices.zones)]
    if wanted and choices != data_import.choices:
        named = ", ".join(f"{column} {chosen}" for column, chosen in wanted)
        st.caption(links.escape(_("To be read as: {columns}").format(columns=named)))
    if st.button(
        _("Read again"), icon=":material/refresh:", disabled=choices == data_import.choices and not data_import.cause
    ):
        with forms.attempt() as done:
            choices = ImportChoices.model_validate(choices.model_dump())
            portal().imports.correct_import(actor(), import_id=data_import.id, choices=choices)
        if done.succeeded:
            st.rerun()


show()
