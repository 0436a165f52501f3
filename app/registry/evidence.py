"""The evidence about a version: one row for each kind with its newest verdict, and the way to measure what is
missing."""

import streamlit as st

from app.registry.naming import baseline_for, places
from app.session import actor, may, portal
from app.ui import forms, frame, links, status, times
from core.foundation.ids import Kind, kind_of
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.values import Evidence, EvidenceKind, ModelVersion

MOST = 50
TITLES: dict[str, str] = {
    EvidenceKind.QUALITY: N_("Offline quality"),
    EvidenceKind.PARITY: N_("Parity"),
    EvidenceKind.LOAD_TEST: N_("Load test"),
    EvidenceKind.SAFETY: N_("Artifact safety"),
}
MISSING: dict[str, str] = {
    EvidenceKind.QUALITY: N_("How good it is on rows that training never saw, against a baseline on the same rows"),
    EvidenceKind.PARITY: N_("Whether an endpoint computes what was computed offline"),
    EvidenceKind.LOAD_TEST: N_("How fast it answers, and how many requests it carries"),
    EvidenceKind.SAFETY: N_("What the exact bytes of the file hold, without running them"),
}


def evidence_rows(version: ModelVersion) -> None:
    """The four kinds in the order in which a release asks for them, then what came before."""
    listed = portal().registry.list_evidence(actor(), subject=version.id, limit=MOST).items
    newest = {kind: next((evidence for evidence in listed if evidence.kind is kind), None) for kind in EvidenceKind}
    passed = sum(evidence is not None and evidence.verdict == "pass" for evidence in newest.values())
    frame.section(_("Evidence"), hint=_("{n} of {total} passed").format(n=passed, total=len(newest)))
    with frame.rows("evidence"):
        for kind, evidence in newest.items():
            _row(version, kind, evidence)
    earlier = [evidence for evidence in listed if evidence not in newest.values()]
    if earlier:
        with st.expander(_("{n} earlier").format(n=len(earlier))):
            for evidence in earlier:
                _earlier(evidence)


def _row(version: ModelVersion, kind: EvidenceKind, evidence: Evidence | None) -> None:
    lead, dot, rest = (evidence.summary if evidence else "").partition(". ")
    detail = _basis(evidence) if evidence else _(MISSING[kind])
    not_measured_yet = _("not measured yet")
    with frame.row(
        f"evidence_{kind}",
        title=_(TITLES[kind]),
        value=links.escape(lead + dot.strip()) if evidence else f":gray[{not_measured_yet}]",
        detail=f"{links.escape(rest)}  \n{detail}" if rest else detail,
        icon=status.icon(evidence.verdict if evidence else "no_data"),
    ):
        if may(Permission.EVIDENCE_WRITE, project=version.project):
            _measure(version, kind, again=evidence is not None)
        if evidence is not None:
            links.follow(report_of(evidence), _("Report"))


def _basis(evidence: Evidence) -> str:
    by = links.escape(frame.name_of(evidence.created_by))
    age = times.since(evidence.created_at, now=frame.now())
    return f"{evidence.id} · {by}, {age} · {links.code(evidence.digest[:12])}"


def _earlier(evidence: Evidence) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"title_{evidence.id}"):
        title = _(TITLES[evidence.kind])
        links.link(evidence.id, f"{title} {evidence.id}")
        st.caption(f"{status.icon(evidence.verdict)} {links.escape(evidence.summary)}")


def report_of(evidence: Evidence) -> str:
    """What shows it best: a load test's own page, else the evidence itself."""
    is_test = bool(evidence.source) and kind_of(evidence.source) is Kind.LOAD_TEST
    return evidence.source if is_test else evidence.id


def _measure(version: ModelVersion, kind: EvidenceKind, *, again: bool) -> None:
    """What takes a moment is measured here; what needs a running endpoint, on staging."""
    if kind in (EvidenceKind.PARITY, EvidenceKind.LOAD_TEST):
        _on_staging(version, again=again)
        return
    label = {EvidenceKind.QUALITY: _("Measure quality"), EvidenceKind.SAFETY: _("Scan")}[kind]
    if again and kind is EvidenceKind.SAFETY:
        return
    if st.button(_("Again") if again else label, key=f"measure_{kind}", type="tertiary" if again else "secondary"):
        with forms.attempt() as done, st.spinner(_("Measuring")):
            _now(version, kind)
        if done.succeeded:
            frame.say(_("{kind} was measured").format(kind=_(TITLES[kind])))
            st.rerun()


def _now(version: ModelVersion, kind: EvidenceKind) -> None:
    if kind is EvidenceKind.SAFETY:
        portal().registry.scan_safety(actor(), version_id=version.id)
        return
    baseline = baseline_for(version, places())
    portal().registry.measure_quality(actor(), version_id=version.id, baseline_id=baseline.id if baseline else "")


def _on_staging(version: ModelVersion, *, again: bool) -> None:
    if again:
        return
    serving = [place.endpoint for place in places().get(version.id, ()) if place.endpoint.environment == "staging"]
    if serving:
        links.follow(serving[0].id, _("Measure on {name}").format(name=serving[0].name))
    else:
        links.follow("endpoints", _("Deploy to staging first"))
