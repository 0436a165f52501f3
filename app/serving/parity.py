"""Parity of an endpoint: does it compute what was computed offline? The check, and the last report in words, by input
and by cause, with the worst rows."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers, status, times
from app.ui.jobs import job_progress
from app.ui.sections import sections
from core.compute.values import Job
from core.foundation.text import _
from core.identity.permissions import Permission
from core.promotion.evidence_kinds.table import evidence_kinds
from core.registry.values import Evidence
from core.serving.values import PARITY, Endpoint
from core.tasks.values import Verdict

MOST = 50


def parity(endpoint: Endpoint) -> None:
    """The button, the check that runs, and the last report on what the endpoint serves."""
    jobs = (
        portal().compute.list_jobs(actor(), kind=evidence_kinds()[PARITY].job_kind, subject=endpoint.id, limit=1).items
    )
    running = bool(jobs) and not jobs[0].state.is_over
    with frame.section(_("Parity"), hint=_("held-out rows, offline and through this endpoint")):
        if may(Permission.EVIDENCE_WRITE, project=endpoint.project) and endpoint.routes:
            _check(endpoint, running=running)
    if running:
        job_progress(jobs[0].id)
    elif jobs and jobs[0].cause:
        _failed(jobs[0])
    checks = checks_of(endpoint)
    last = _last(endpoint, checks)
    if last is None:
        frame.empty(
            _("Parity was not checked for what it serves"),
            advice=_("The check sends held-out rows and compares every feature and prediction with the offline ones."),
            icon="compare",
        )
    else:
        _report(last)
    if checks:
        _earlier(checks)


def checks_of(endpoint: Endpoint) -> list[Evidence]:
    """Every check that ran through this very endpoint, the newest first."""
    listed = portal().evidence.list_evidence(actor(), kind=PARITY, limit=MOST).items
    return [evidence for evidence in listed if evidence.measured_on.get("endpoint") == endpoint.id]


def _last(endpoint: Endpoint, checks: list[Evidence]) -> Evidence | None:
    """The newest check of what it serves now."""
    serving = {route.version_id for route in endpoint.routes}
    return next((check for check in checks if check.subject in serving), None)


def _earlier(checks: list[Evidence]) -> None:
    frame.section(_("Checks through this endpoint"), hint=str(len(checks)))
    with frame.rows("parity_checks"):
        for check in checks:
            by = links.escape(frame.name_of(check.created_by))
            with frame.row(
                check.id,
                title=check.summary,
                target=check.id,
                detail=f"{check.id} · {by}",
                icon=status.icon(check.verdict),
                age=times.ago(check.created_at, now=frame.now()),
            ):
                links.follow(check.subject, check.subject)


def _check(endpoint: Endpoint, *, running: bool) -> None:
    rows = st.selectbox(
        _("Rows"),
        (200, 500, 2_000, 10_000),
        index=1,
        format_func=lambda count: _("{n} rows").format(n=numbers.number(count)),
        key="parity_rows",
        label_visibility="collapsed",
        width=130,
    )
    if st.button(_("Check parity"), key="check_parity", disabled=running or not endpoint.settled):
        with forms.attempt() as done:
            portal().measurement.check_parity(actor(), endpoint_id=endpoint.id, rows=rows)
        if done.succeeded:
            st.rerun()


def _failed(job: Job) -> None:
    with frame.card("parity_failed"), st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f":red[:material/error:] {links.escape(job.cause)}")
        links.follow(job.id, _("Log"))


def _report(evidence: Evidence) -> None:
    age = times.since(evidence.created_at, now=frame.now())
    exact = _("Offline and served agree in every cell.")
    words = exact if evidence.verdict is Verdict.PASS else links.escape(evidence.summary)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        checked = _("checked {age}")
        st.markdown(f"{status.icon(evidence.verdict)} **{words}** :gray[{checked.format(age=age)}]")
        links.follow(evidence.id, evidence.id)
    sections(evidence_kinds()[PARITY].content(evidence))
