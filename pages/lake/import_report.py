"""One import: how far it is, what it chose and what to look at, and its confirmation or correction."""

import streamlit as st

from app.lake.import_choices import edited
from app.lake.profiles import preview_table
from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers, times
from app.ui.jobs import cause_card, job_progress
from app.ui.wording import counted
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
        runs=lambda found: found.state is ImportState.READING,
    )


def _draw(found: Import) -> None:
    writes = may(Permission.DATA_WRITE, project=found.project)
    crumbs = [(_("Datasets"), "datasets")]
    title = _("Import into {name}").format(name=found.dataset)
    with frame.header(title, state=found.state, facts=_facts(found), crumbs=crumbs, here=found.id):
        _deeds(found, writes=writes)
    if found.state is ImportState.READING:
        job_progress(found.job_id)
        st.caption(_("The report comes when every row was read. You may leave this page."))
    if found.cause:
        cause_card(found.cause, job_id=found.job_id)
    if found.report is not None and found.state is not ImportState.FAILED:
        _report(found.report)
    if writes and found.unanswered:
        st.checkbox(_("Read the times without a zone as UTC"), key=_answer(found))
    if found.preview is not None and found.state is not ImportState.FAILED:
        frame.section(_("First rows"))
        preview_table(found.preview)
    if writes and found.state in (ImportState.READY, ImportState.FAILED):
        _corrections(found)


def _facts(found: Import) -> list[str]:
    by = links.escape(frame.name_of(found.created_by))
    appends = _("appends to the existing rows") if found.mode == "append" else _("replaces the existing rows")
    age = times.ago(found.created_at, now=frame.now())
    who = _("by {name}, {age}").format(name=by, age=age)
    return [links.escape(found.source.name), _size(found.report), appends, who]


def _size(report: ImportReport | None) -> str:
    if report is None:
        return ""
    rows = counted(report.rows_read, _("row"), _("rows"))
    left_out = _("{count} left out").format(count=numbers.number(report.rows_rejected)) if report.rows_rejected else ""
    columns = counted(len(report.columns), _("column"), _("columns"))
    return ", ".join(part for part in (rows, left_out, columns) if part)


def _deeds(found: Import, *, writes: bool) -> None:
    if found.snapshot_id:
        links.follow(found.snapshot_id, _("Open the snapshot"))
    else:
        links.follow(found.dataset_id, _("Open the dataset"))
    if not writes or found.state not in (ImportState.READY, ImportState.FAILED):
        return
    if st.button(_("Discard"), icon=":material/delete:"):
        with forms.attempt() as done:
            portal().imports.discard_import(actor(), import_id=found.id)
        if done.succeeded:
            st.rerun()
    if found.state is ImportState.READY and st.button(_("Confirm"), type="primary", icon=":material/check:"):
        with forms.attempt() as done:
            accept = bool(st.session_state.get(_answer(found)))
            made = portal().imports.confirm_import(actor(), import_id=found.id, accept=accept)
        if done.succeeded:
            frame.say(_("{name} v{version} is imported").format(name=made.dataset, version=made.version))
            links.open_object(made.id)


def _answer(found: Import) -> str:
    """What is read again asks again."""
    return f"import_utc_{found.job_id}"


def _report(report: ImportReport) -> None:
    lines = [(":orange[:material/warning:]", line) for line in report.warnings]
    lines += [(":red[:material/block:]", line) for line in report.reasons]
    lines += [(":gray[:material/check_small:]", line) for line in report.choices]
    if lines:
        frame.section(_("What to look at"))
        st.markdown("  \n".join(f"{icon} {links.escape(line)}" for icon, line in lines))


def _corrections(found: Import) -> None:
    frame.section(_("Corrections"), hint=_("what the bytes cannot say"))
    choices = edited(found)
    wanted = [*choices.types.items(), *((rule.column, rule.zone) for rule in choices.zones)]
    if wanted and choices != found.choices:
        named = ", ".join(f"{column} {chosen}" for column, chosen in wanted)
        st.caption(links.escape(_("To be read as: {columns}").format(columns=named)))
    if st.button(_("Read again"), icon=":material/refresh:", disabled=choices == found.choices and not found.cause):
        with forms.attempt() as done:
            portal().imports.correct_import(actor(), import_id=found.id, choices=choices)
        if done.succeeded:
            st.rerun()


show()
