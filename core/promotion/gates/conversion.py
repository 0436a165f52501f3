"""Does a version from elsewhere answer as the library that trained it?"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from core.foundation.text import N_, _, percent, thousands
from core.promotion.gate import Finding, Gate, GateContext, GateParams
from core.promotion.values import GateResult
from core.registry.foreign.values import NOT_COMPARED, ConversionReport
from core.registry.values import CONVERSION, Evidence
from core.tasks.values import Verdict


class ConversionGate(Gate):
    """A version from elsewhere was compared with the library that trained it, row by row on an example: a file cannot
    show that its conversion was wrong. The policy says whether one that was not compared may pass. Versions that were
    trained here were converted by nobody else."""

    name = CONVERSION
    title = N_("Conversion")

    class Params(GateParams):
        required: bool = Field(
            default=False,
            title=N_("Comparison required"),
            description="Refuses versions from elsewhere that were not compared with their source.",
        )
        rows: int = Field(default=1, ge=1, le=1_000_000, description="Rows that must have been compared.")

        def looseness(self) -> Mapping[str, float]:
            return {**super().looseness(), "required": float(not self.required), "rows": -self.rows}

    params: Params

    def judge(self, evidence: Sequence[Evidence], context: GateContext) -> GateResult:
        if context.version.run_id:
            return self._result(Finding(Verdict.PASS, _("Trained here"), _("There is nothing to compare")), None)
        if not evidence and not self.params.required:
            return self._result(Finding(Verdict.PASS, _(NOT_COMPARED), self.wanted(context)), None)
        return super().judge(evidence, context)

    def wanted(self, context: GateContext) -> str:
        return _("Register the file with an example and the answers of the original library.")

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        report = ConversionReport.model_validate(evidence[0].content)
        value = _("{gap} apart at most").format(gap=f"{report.largest_difference:.2g}")
        basis = _("{rows} rows, {share} of them beyond the tolerance").format(
            rows=thousands(report.rows), share=percent(report.above)
        )
        if report.above:
            return Finding(Verdict.FAIL, value, basis)
        return Finding(Verdict.PASS if report.rows >= self.params.rows else Verdict.INCONCLUSIVE, value, basis)
