"""The evidence about a version: one row for each kind with its newest verdict, and the way to measure what is
missing."""

from collections.abc import Sequence

import streamlit as st

from app.registry.measuring import follow
from app.registry.naming import baseline_for, places
from app.session import actor, may, portal
from app.ui import forms, frame, links, status, times
from app.ui.evidence import MOST, measure, report_of
from app.ui.health import put_away_state
from core.compute.values import Job
from core.foundation.text import _
from core.identity.permissions import Permission
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind, Measurement
from core.promotion.evidence_kinds.table import evidence_kinds, kind_title
from core.registry.values import Evidence, ModelVersion


def evidence_rows(version: ModelVersion, *, jobs: Sequence[Job]) -> None:
    """The kinds in the order in which a release asks for them, then what came before; `jobs` are under way."""
    listed = portal().evidence.list_evidence(actor(), subject=version.id, limit=MOST).items
    newest = {
        name: next((evidence for evidence in listed if evidence.kind == name), None)
        for name, kind in evidence_kinds().items()
        if _is_missed(kind, version) or any(evidence.kind == name for evidence in listed)
    }
    passed = sum(evidence is not None and evidence.verdict == "pass" for evidence in newest.values())
    frame.section(_("Evidence"), hint=_("{n} of {total} passed").format(n=passed, total=len(newest)))
    may_measure = may(Permission.EVIDENCE_WRITE, project=version.project) and not put_away_state(version.model_id)
    with frame.rows("evidence"):
        for name, evidence in newest.items():
            _row(version, evidence_kinds()[name], evidence, may_measure=may_measure, jobs=jobs)
    earlier = [evidence for evidence in listed if evidence not in newest.values()]
    if earlier:
        with st.expander(_("{n} earlier").format(n=len(earlier))):
            for evidence in earlier:
                _earlier(evidence)


def _is_missed(kind: EvidenceKind, version: ModelVersion) -> bool:
    """Whether a version of this origin should have such evidence."""
    return not (kind.comes_with_a_file if version.run_id else kind.comes_with_a_run)


def _row(
    version: ModelVersion, kind: EvidenceKind, evidence: Evidence | None, *, may_measure: bool, jobs: Sequence[Job]
) -> None:
    lead, dot, rest = (evidence.summary if evidence else "").partition(". ")
    detail = _basis(evidence) if evidence else _(kind.missing)
    not_measured_yet = _("not measured yet")
    with frame.row(
        f"evidence_{kind.name}",
        title=_(kind.title),
        value=links.escape(lead + dot.strip()) if evidence else f":gray[{not_measured_yet}]",
        detail=f"{links.escape(rest)}  \n{detail}" if rest else detail,
        icon=status.icon(evidence.verdict if evidence else "no_data"),
    ):
        if not (kind.job_kind and follow(jobs, kind.job_kind)) and may_measure:
            _measure(version, kind, again=evidence is not None)
        if evidence is not None:
            links.follow(report_of(evidence), _("Report"))


def _basis(evidence: Evidence) -> str:
    by = links.escape(frame.name_of(evidence.created_by))
    age = times.since(evidence.created_at, now=frame.now())
    return f"{evidence.id} · {by}, {age} · {links.code(evidence.digest[:12])}"


def _earlier(evidence: Evidence) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"title_{evidence.id}"):
        links.link(evidence.id, f"{kind_title(evidence.kind)} {evidence.id}")
        st.caption(f"{status.icon(evidence.verdict)} {links.escape(evidence.summary)}")


def _measure(version: ModelVersion, kind: EvidenceKind, *, again: bool) -> None:
    """What an action measures is measured here; what needs a running endpoint, on staging."""
    if kind.measured_by and (kind.measured_by.repeatable or not again):
        _now(version, kind, kind.measured_by, again=again)
    elif kind.on_endpoint and not again:
        _on_staging(version)


def _now(version: ModelVersion, kind: EvidenceKind, measurement: Measurement, *, again: bool) -> None:
    label = _("Again") if again else _(measurement.label)
    if st.button(label, key=f"measure_{kind.name}", type="tertiary" if again else "secondary"):
        with forms.attempt() as done, st.spinner(_("Measuring")):
            baseline = baseline_for(version, places())
            measure(measurement, version_id=version.id, baseline_id=baseline.id if baseline else "")
        if done.succeeded:
            words = _("{kind} is being measured") if kind.job_kind else _("{kind} was measured")
            frame.say(words.format(kind=_(kind.title)))
            st.rerun()


def _on_staging(version: ModelVersion) -> None:
    serving = [place.endpoint for place in places().get(version.id, ()) if place.endpoint.environment == "staging"]
    if serving:
        links.follow(serving[0].id, _("Measure on {name}").format(name=serving[0].title))
    else:
        links.follow("endpoints", _("Deploy to staging first"))
