"""What pages do with evidence of any kind: measure it, cite its figures, and lead to its report."""

from itertools import chain

from pydantic import ValidationError

from app.session import actor, portal
from core.foundation.actions.run import run_action
from core.foundation.ids import Kind, kind_of
from core.promotion.evidence_kinds.content import Figure
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind, Measurement
from core.promotion.evidence_kinds.table import evidence_kinds
from core.registry.values import Evidence

MOST = 50


def measure(measurement: Measurement, *, version_id: str, baseline_id: str = "") -> None:
    """Measures a version now, or begins to, against a baseline where the measurement can compare."""
    service, spec = portal().catalog()[measurement.action]
    compared = {"baseline_id": baseline_id} if "baseline_id" in spec.parameters.model_fields else {}
    run_action(service, actor(), spec=spec, arguments={"version_id": version_id, **compared})


def figures_in(evidence: Evidence) -> dict[str, Figure]:
    """What may be cited of it, by the metric's name; nothing of what is not as its kind has it."""
    kind = evidence_kinds().get(evidence.kind)
    try:
        return dict(kind.figures(evidence)) if kind else {}
    except ValidationError:
        return {}


def figures_of(version_id: str) -> dict[str, Figure]:
    """What may be cited of a version, by the metric's name: each figure as it was measured last, whatever was measured
    since without it."""
    citable = [name for name, kind in evidence_kinds().items() if type(kind).figures is not EvidenceKind.figures]
    listings = (portal().evidence.list_evidence(actor(), subject=version_id, kind=name, limit=MOST) for name in citable)
    figures: dict[str, Figure] = {}
    for evidence in chain.from_iterable(reversed(listing.items) for listing in listings):
        figures |= figures_in(evidence)
    return figures


def report_of(evidence: Evidence) -> str:
    """What shows it best: a load test's own page, else the evidence itself."""
    is_test = bool(evidence.source) and kind_of(evidence.source) is Kind.LOAD_TEST
    return evidence.source if is_test else evidence.id


def baseline_of(evidence: Evidence) -> str:
    """The id of the version that it compares with; empty when it compares with none."""
    kind = evidence_kinds().get(evidence.kind)
    return kind.baseline(evidence) if kind else ""
