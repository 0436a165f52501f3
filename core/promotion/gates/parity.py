"""Does the running endpoint compute what was computed offline?"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from core.foundation.text import N_, _, thousands
from core.promotion.gate import Finding, Gate, GateContext, GateParams
from core.registry.values import Evidence
from core.serving.values import PARITY, ParityReport
from core.tasks.values import Verdict


class ParityGate(Gate):
    """Held-out rows were sent through a running endpoint and every feature and prediction compared with the offline
    one, cell by cell. One mismatch fails, unless the policy allows some; too few rows prove nothing."""

    name = PARITY
    title = N_("Parity")

    class Params(GateParams):
        mismatches: int = Field(default=0, ge=0, le=1000, description="Cells that may differ.")
        rows: int = Field(default=100, ge=1, le=1_000_000, description="Rows that must have been compared.")

        def looseness(self) -> Mapping[str, float]:
            return {**super().looseness(), "mismatches": self.mismatches, "rows": -self.rows}

    params: Params

    def wanted(self, context: GateContext) -> str:
        return _("Deploy the version to staging and check its parity there.")

    def misfit(self, evidence: Evidence, context: GateContext) -> str:
        if unfit := super().misfit(evidence, context):
            return unfit
        if evidence.content.get("version_digest") != context.version.digest:
            return _("{id} compared another version").format(id=evidence.id)
        return ""

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        report = ParityReport.model_validate(evidence[0].content)
        criterion = context.criterion("parity_mismatches")
        allowed = min(self.params.mismatches, int(criterion.limit)) if criterion else self.params.mismatches
        value = _("{found} mismatches, limit {limit}").format(found=report.mismatches, limit=allowed)
        basis = _("{rows} rows, {cells} cells").format(rows=thousands(report.rows), cells=thousands(report.cells))
        if report.causes:
            basis += " · " + ", ".join(f"{cause.cause} {thousands(cause.rows)}" for cause in report.causes[:3])
        if report.rows < self.params.rows:
            basis += " · " + _("at least {rows} rows are wanted").format(rows=thousands(self.params.rows))
        return Finding(self._verdict(report, allowed), value, basis)

    def _verdict(self, report: ParityReport, allowed: int) -> Verdict:
        if report.mismatches > allowed:
            return Verdict.FAIL
        enough = report.rows >= self.params.rows and report.cells >= report.rows and report.mismatches >= 0
        return Verdict.PASS if enough else Verdict.INCONCLUSIVE
