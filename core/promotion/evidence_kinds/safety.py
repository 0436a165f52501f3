"""What the file of a version holds."""

from core.foundation.text import N_, _
from core.promotion.evidence_kinds.content import Cell, Fact, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind, Measurement
from core.promotion.gates.safety import SafetyGate
from core.registry.values import SAFETY, Evidence, SafetyReport


class SafetyEvidence(EvidenceKind):
    """What the exact bytes of a model file hold, read without running them: findings, and the operators it uses."""

    name = SAFETY
    title = SafetyGate.title
    order = 40
    missing = N_("What the exact bytes of the file hold, without running them")
    gate = SafetyGate
    measured_by = Measurement(action="registry.scan_safety", label=N_("Scan"))

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = SafetyReport.model_validate(evidence.content)
        return (_findings(report), _operators(report))


def _findings(report: SafetyReport) -> Section:
    if not report.findings:
        clean = Cell(value=_("No findings. The file was read and not executed."), tone="good")
        return Section(title=_("Findings"), statement=clean)
    rows = tuple(
        (
            Cell(value=finding.message, tone="bad" if finding.refuses else "unsure"),
            Cell(value=finding.code, form="code"),
        )
        for finding in report.findings
    )
    table = Table(columns=(_("Finding"), _("Code")), rows=rows, alt=_("What was found in the file"))
    return Section(title=_("Findings"), hint=Sentence(text=str(len(rows))), tables=(table,))


def _operators(report: SafetyReport) -> Section:
    names = sorted(report.operators, key=lambda name: -report.operators[name])
    return Section(
        title=_("Operators"),
        hint=Sentence(text=_("{size}, all of them standard"), cells={"size": Cell(value=report.bytes, form="bytes")}),
        facts=tuple(Fact(label=name, cell=Cell(value=report.operators[name], form="number")) for name in names),
    )
