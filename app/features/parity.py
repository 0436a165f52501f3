"""Does the online store answer what the point-in-time join does? The check of a version and its reports, beside the
version's materialization."""

from collections.abc import Sequence

import streamlit as st

from app.features.parity_report import causes, examples, figures, verdict_line
from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers, status, times
from app.ui.health import put_away_state
from app.ui.jobs import cause_card, job_progress
from core.features.materialization.values import FeatureParity
from core.features.values import FeatureVersion
from core.foundation.text import _
from core.identity.permissions import Permission

ROWS = (200, 1000, 5000)
MOST_EXAMPLES = 10


def parity(shown: FeatureVersion) -> None:
    """The button, the check that runs, the reports, and the chosen one opened."""
    checks = portal().feature_parity.list_parity(actor(), version_id=shown.id).items
    running = next((check for check in checks if check.state == "running"), None)
    with frame.section(_("Parity"), hint=_("the online store against the point-in-time join, key by key")):
        if ask(shown, is_running=running is not None):
            st.rerun()
    if running:
        job_progress(running.job_id)
    over = [check for check in checks if check.state != "running"]
    if not over:
        st.caption(_("Not checked yet. Only parity detects a wrong join or mixed-up rows; drift cannot."))
        return
    left, right = st.columns([1, 1.72], gap="medium")
    with left:
        chosen = _choose(over)
    with right:
        _open(chosen)


def ask(shown: FeatureVersion, *, is_running: bool) -> FeatureParity | None:
    """How many keys, and the button; returns the check that was asked for."""
    check: FeatureParity | None = None
    if put_away_state(shown.view_id) or not may(Permission.EVIDENCE_WRITE, project=shown.project):
        return check
    rows = st.selectbox(
        _("Keys"),
        ROWS,
        format_func=lambda count: _("{n} keys").format(n=numbers.number(count)),
        key="parity_rows",
        label_visibility="collapsed",
        width=130,
    )
    if st.button(_("Check parity"), key="parity_check", disabled=is_running):
        with forms.attempt():
            check = portal().feature_parity.check_parity(actor(), version_id=shown.id, rows=rows)
    return check


def _choose(over: Sequence[FeatureParity]) -> FeatureParity:
    by_id = {check.id: check for check in over}
    chosen = st.radio(
        _("Reports"),
        list(by_id),
        format_func=lambda id_: f"{id_} · {status.look(by_id[id_].verdict or by_id[id_].state).word}",
        captions=[times.ago(check.created_at, now=frame.now()) for check in over],
        key="parity_report",
    )
    return by_id[chosen]


def _open(check: FeatureParity) -> None:
    if check.report is None:
        cause_card(check.cause, job_id=check.job_id, key="parity_cause")
        return
    st.markdown(verdict_line(check))
    figures(check, check.report)
    links.follow(check.id, _("Open the report"))
    if check.report.mismatches:
        causes(check.report)
        examples(check.report, most=MOST_EXAMPLES)
