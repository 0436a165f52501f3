"""The evidence on a request for promotion: one row for each gate with its verdict, its figure beside the limit, what it
rests on, and the way to the report; and the way to measure what is missing."""

from collections.abc import Sequence

import streamlit as st

from app.explanations.importance import importance_line
from app.session import actor, may, portal
from app.ui import forms, frame, links, status, times
from app.ui.evidence import baseline_of, measure, report_of
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.evidence_kinds.table import evidence_kinds
from core.promotion.values import GateResult, Request, RequestState
from core.tasks.values import Verdict

MEASURABLE = (RequestState.IN_REVIEW, RequestState.STALE, RequestState.EXPIRED, RequestState.CHANGES_REQUESTED)
COUNTS = (
    (Verdict.PASS, N_("{n} passed")),
    (Verdict.INCONCLUSIVE, N_("{n} undecided")),
    (Verdict.FAIL, N_("{n} failed")),
    (Verdict.NO_DATA, N_("{n} not measured")),
)


def count_line(gates: Sequence[GateResult]) -> str:
    """ "3 passed · 1 undecided"."""
    counts = ((words, sum(gate.verdict is verdict for gate in gates)) for verdict, words in COUNTS)
    return " · ".join(_(words).format(n=count) for words, count in counts if count)


def evidence_rows(request: Request) -> None:
    """A row for each gate, and one for the rollback target; above them what the policy did not demand for a while."""
    if request.policy_lapse:
        line = _("Revision {n} of the policy was looser than those before and after it: {what}.").format(
            n=request.policy.revision, what=links.escape(", ".join(request.policy_lapse))
        )
        st.caption(f":orange[:material/flag: {line}]")
    with frame.rows("evidence"):
        for gate in request.gates:
            _gate(request, gate)
        importance_line(request.version_id, before_id=request.replaces, before=short(request.replaces_version))
        _rollback_target(request)


def _gate(request: Request, gate: GateResult) -> None:
    figure, *others = gate.value.split(" · ")
    hint = _("its interval contains the limit, or the sample is too small: measure more")
    undecided = hint if gate.verdict is Verdict.INCONCLUSIVE else ""
    detail = " · ".join(links.escape(part) for part in (*others, _shorter(request, gate.basis), undecided) if part)
    with frame.row(
        f"gate_{gate.gate}",
        title=gate.title,
        value=links.escape(figure),
        detail=detail,
        icon=status.icon(gate.verdict),
    ):
        if len(gate.attempts) > 1:
            _attempts(gate)
        if gate.evidence_id:
            _report(request, gate)
        elif request.state in MEASURABLE and may(Permission.EVIDENCE_WRITE, project=request.project):
            _measure(request, gate)


def _attempts(gate: GateResult) -> None:
    """Everything that was measured, also what the verdict does not rest on."""
    with st.popover(_("{n} attempts").format(n=len(gate.attempts)), type="tertiary"):
        for attempt in gate.attempts:
            value = links.escape(attempt.value.split(" · ")[0])
            day = times.clock(frame.local(attempt.measured_at), now=frame.local(frame.now()))
            st.markdown(f"{status.icon(attempt.verdict)} {value} :gray[{attempt.evidence_id} · {day}]")
            why = _("It counts.") if attempt.counts else _("Does not count: {why}.").format(why=attempt.why_not)
            st.caption(links.escape(why))


def _shorter(request: Request, basis: str) -> str:
    """Without the model's name, which the page's title says already."""
    return basis.replace(f"against {request.replaces_version}", f"against {short(request.replaces_version)}")


def short(version: str) -> str:
    """ "v2" of "churn-risk v2"."""
    return version.rpartition(" ")[2]


def _report(request: Request, gate: GateResult) -> None:
    """The link to what the verdict rests on: a comparison, a load test, else the evidence itself."""
    evidence = portal().evidence.get_evidence(actor(), evidence_id=gate.evidence_id)
    if baseline := baseline_of(evidence):
        links.follow("compare", _("Compare"), ids=f"{baseline},{request.version_id}", baseline=baseline)
    else:
        links.follow(report_of(evidence), _("Report"))


def _measure(request: Request, gate: GateResult) -> None:
    """What an action measures is measured here; what needs a running endpoint, on staging."""
    kind = evidence_kinds().get(gate.gate)
    if kind is None or not kind.measured_by:
        if kind and kind.on_endpoint:
            links.follow("endpoints", _("Measure on staging"))
        return
    if not st.button(_("Measure"), key=f"measure_{gate.gate}"):
        return
    with forms.attempt() as done:
        measure(kind.measured_by, version_id=request.version_id, baseline_id=request.replaces)
    if done.succeeded:
        frame.say(_("{gate} was measured").format(gate=gate.title))
        st.rerun()


def _rollback_target(request: Request) -> None:
    has_target = bool(request.rollback_to)
    value = _("{version} stays approved").format(version=request.rollback_version) if has_target else _("None yet")
    detail = (
        _("An SRE returns to it at once, without a new approval")
        if has_target
        else _("It is the first version here: after a rollback nothing is served")
    )
    icon = status.icon("pass") if has_target else ":gray[:material/info:]"
    with frame.row("gate_rollback", title=_("Rollback target"), value=links.escape(value), detail=detail, icon=icon):
        if has_target:
            links.follow(request.rollback_to, _("Version"))
