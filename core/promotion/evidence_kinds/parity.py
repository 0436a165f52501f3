"""Whether an endpoint computes what was computed offline."""

from collections.abc import Mapping
from typing import Any

from core.foundation.text import N_, _
from core.promotion.evidence_kinds.content import Cell, Fact, Figure, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.gates.parity import ParityGate
from core.registry.values import Evidence
from core.serving.measurement.service import PARITY as JOB
from core.serving.values import PARITY, ParityReport

MOST_INPUTS, MOST_ROWS, LONGEST = 10, 20, 60


class ParityEvidence(EvidenceKind):
    """Held-out rows through a running endpoint, every feature and prediction beside the offline one."""

    name = PARITY
    title = ParityGate.title
    order = 20
    missing = N_("Whether an endpoint computes what was computed offline")
    gate = ParityGate
    on_endpoint = True
    job_kind = JOB

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = ParityReport.model_validate(evidence.content)
        return (_cells(report), _counts(report), _worst(report)) if report.mismatches else (_cells(report),)

    def figures(self, evidence: Evidence) -> Mapping[str, Figure]:
        return {"parity_mismatches": Figure(value=ParityReport.model_validate(evidence.content).mismatches)}


def _cells(report: ParityReport) -> Section:
    figures: tuple[tuple[str, int | float], ...] = (
        (_("Rows"), report.rows),
        (_("Cells"), report.cells),
        (_("Mismatches"), report.mismatches),
        (_("Largest gap"), report.largest_prediction_gap),
    )
    return Section(
        title=_("Cells"),
        hint=Sentence(text=_("features and predictions, offline and served")),
        facts=tuple(Fact(label=label, cell=_count(value)) for label, value in figures),
    )


def _counts(report: ParityReport) -> Section:
    causes = tuple((Cell(value=_cause(cause.cause)), _count(cause.rows)) for cause in report.causes)
    inputs = tuple(
        (Cell(value=name, form="code"), _count(count)) for name, count in list(report.by_input.items())[:MOST_INPUTS]
    )
    return Section(
        title=_("Mismatches"),
        hint=Sentence(text=_("by cause and by input")),
        tables=(
            Table(columns=(_("Cause"), _("Rows")), rows=causes, alt=_("Rows by cause")),
            Table(columns=(_("Input"), _("Cells")), rows=inputs, alt=_("Cells by input")),
        ),
    )


def _worst(report: ParityReport) -> Section:
    rows = tuple(
        (
            Cell(value=row.row_id),
            Cell(value=row.name, form="code"),
            _side(row.offline),
            _side(row.served),
            Cell(value=_cause(row.cause)),
        )
        for row in report.worst[:MOST_ROWS]
    )
    columns = (_("Row"), _("Input"), _("Offline"), _("Served"), _("Cause"))
    return Section(
        title=_("Worst rows"),
        hint=Sentence(text=_("by how far the prediction is off")),
        tables=(Table(columns=columns, rows=rows, alt=_("The rows that differ most")),),
    )


def _count(value: int | float) -> Cell:
    return Cell(value=value, form="number")


def _cause(name: str) -> str:
    return _("Expired (TTL)") if name == "ttl" else name.capitalize()


def _side(value: Any) -> Cell:
    if value is None or value == "":
        return Cell(value=_("missing"))
    return Cell(value=value, form="exact") if isinstance(value, float) else Cell(value=str(value)[:LONGEST])
