"""Is the file safe to load?"""

from collections.abc import Sequence

from core.foundation.text import N_, _, thousands
from core.promotion.gate import Finding, Gate, GateContext
from core.registry.values import SAFETY, Evidence, SafetyReport
from core.tasks.values import Verdict


class SafetyGate(Gate):
    """The file was inspected without being run: plain ONNX, nothing executable, no reference to other files, only
    standard operators. What an upload would be refused for fails; what is only unusual is inconclusive."""

    name = SAFETY
    title = N_("Artifact safety")

    def wanted(self, context: GateContext) -> str:
        return _("Scan the version.")

    def misfit(self, evidence: Evidence, context: GateContext) -> str:
        if unfit := super().misfit(evidence, context):
            return unfit
        if evidence.content.get("model_digest") != context.version.model_digest:
            return _("{id} scanned another file").format(id=evidence.id)
        return ""

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        report = SafetyReport.model_validate(evidence[0].content)
        if not report.findings:
            basis = _("{size} kB, {count} kinds of operators").format(
                size=thousands(report.bytes / 1000), count=len(report.operators)
            )
            return Finding(Verdict.PASS, _("No findings"), basis)
        refused = any(finding.refuses for finding in report.findings)
        words = "; ".join(finding.message for finding in report.findings[:3])
        value = _("{count} findings").format(count=len(report.findings))
        return Finding(Verdict.FAIL if refused else Verdict.INCONCLUSIVE, value, words)
