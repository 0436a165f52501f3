"""Does the online store answer what the point-in-time join does? The check, its reports, and one of them in words, by
cause, with a few of the keys that differ."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import forms, frame, links, status, times
from app.running import cause_card, job_progress
from app.session import actor, may, portal
from app.tables import reading
from core.features import FeatureParity, FeatureParityReport, FeatureVersion
from core.foundation.text import _
from core.identity import Permission

ROWS = (200, 1000, 5000)
MOST_EXAMPLES, MOST_VALUES = 10, 3
CAUSES = {
    "late row": _("Late row: it came into what had been put already"),
    "ttl": _("Expired: the row has outlived its ttl on one side"),
    "default": _("Default: one side filled a value that the other left null"),
    "type or rounding": _("Type or rounding"),
    "key": _("Key: written in another way"),
    "code version": _("Code version: the answer of another version of the view"),
    "missing materialization": _("Missing: it was not brought online"),
    "unknown": _("Unknown"),
}


def parity(shown: FeatureVersion) -> None:
    """The button, the check that runs, the reports, and the chosen one opened."""
    checks = portal().online.list_parity(actor(), version_id=shown.id).items
    running = next((one for one in checks if one.state == "running"), None)
    with frame.section(_("Parity"), hint=_("the online store against the point-in-time join, key by key")):
        if may(Permission.EVIDENCE_WRITE, project=shown.project):
            _check(shown, running=running is not None)
    if running:
        job_progress(running.job_id)
    over = [one for one in checks if one.state != "running"]
    if not over:
        st.caption(_("It was never checked. Only parity sees a wrong join or rows that were mixed up; drift cannot."))
        return
    left, right = st.columns([1, 1.72], gap="medium")
    with left:
        chosen = _choose(over)
    with right:
        _open(chosen)


def _check(shown: FeatureVersion, *, running: bool) -> None:
    rows = st.selectbox(
        _("Keys"),
        ROWS,
        format_func=lambda count: _("{n} keys").format(n=times.number(count)),
        key="parity_rows",
        label_visibility="collapsed",
        width=130,
    )
    if st.button(_("Check parity"), key="parity_check", disabled=running):
        with forms.attempt() as done:
            portal().online.check_parity(actor(), version_id=shown.id, rows=rows)
        if done.succeeded:
            st.rerun()


def _choose(over: Sequence[FeatureParity]) -> FeatureParity:
    by_id = {one.id: one for one in over}
    chosen = st.radio(
        _("Reports"),
        list(by_id),
        format_func=lambda id_: f"{id_} · {status.look(by_id[id_].verdict or by_id[id_].state).word}",
        captions=[times.ago(one.created_at, now=frame.now()) for one in over],
        key="parity_report",
    )
    return by_id[chosen]


def _open(check: FeatureParity) -> None:
    if check.report is None:
        cause_card(check.cause, job_id=check.job_id, key="parity_cause")
        return
    report = check.report
    st.markdown(f"{status.inline(check.verdict)} **{_verdict(report)}**")
    figures = {
        _("Keys compared"): _("{n} of {all}").format(n=times.number(report.compared), all=times.number(report.keys)),
        _("Values compared"): times.number(report.cells),
        _("At the instant"): times.absolute(report.at),
        _("Answers"): _counts(report.statuses),
        _("Moved on since"): times.number(report.moved_on),
        _("Report"): links.code(check.digest[:16]),
    }
    frame.facts(figures)
    if report.mismatches:
        _mismatches(report)


def _verdict(report: FeatureParityReport) -> str:
    if not report.compared:
        return _("No key could be compared.")
    share = 1 - report.mismatches / report.compared
    return _("{share} of the keys match: {n} of {all} differ.").format(
        share=times.percent(share, 2), n=times.number(report.mismatches), all=times.number(report.compared)
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{times.number(count)} {status.look(name).word.lower()}" for name, count in counts.items()) or "—"


def _mismatches(report: FeatureParityReport) -> None:
    """By cause, the commonest first, and a few keys of each."""
    causes = sorted(report.causes.items(), key=lambda item: -item[1])
    reading(
        {
            _("Cause"): [CAUSES.get(cause, cause) for cause, _count in causes],
            _("Keys"): [times.number(count) for _cause, count in causes],
        }
    )
    worst = report.worst[:MOST_EXAMPLES]
    reading(
        {
            _("Key"): [links.code(_values(one.key)) for one in worst],
            _("Offline"): [links.code(_side(one.offline_status, one.offline, one.online)) for one in worst],
            _("Online"): [links.code(_side(one.online_status, one.online, one.offline)) for one in worst],
            _("Cause"): [str(one.cause).capitalize() for one in worst],
        }
    )


def _side(name: str, values: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """One side's answer, of its values those that differ; a key that has none is its status alone."""
    differ = {feature: value for feature, value in values.items() if value != other.get(feature)}
    if name != "present":
        return status.look(name).word.lower()
    shown = dict(list(differ.items())[:MOST_VALUES])
    more = _(" and {n} more").format(n=len(differ) - MOST_VALUES) if len(differ) > MOST_VALUES else ""
    return _values(shown) + more


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_cell(value)}" for name, value in values.items())


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
