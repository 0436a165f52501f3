"""Does an input predict the label alone, and does somebody answer for it?"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from core.features.training_sets.values import SUSPICIOUS_AUC
from core.foundation.text import N_, _
from core.promotion.figures import figure
from core.promotion.gate import Finding, Gate, GateContext, GateParams
from core.registry.values import INPUTS, Evidence, InputReport
from core.tasks.task import task_called
from core.tasks.values import Verdict


class InputsGate(Gate):
    """No input predicts the label better alone than the policy allows: such an input seems to contain the outcome.
    Where a person has accepted it with a reason, that reason is shown to the approvers, and the policy says whether
    they may judge it. Training sets are held against the same limit when they are made."""

    name = INPUTS
    title = N_("Inputs alone")

    class Params(GateParams):
        auc: float = Field(
            default=SUSPICIOUS_AUC,
            ge=0.5,
            le=1,
            title=N_("AUC of an input alone"),
            description="The AUC above which an input alone seems to contain the outcome. Where one of several classes "
            "or a number is predicted, honest inputs come further: the limit is at least that of the task.",
        )

        def looseness(self) -> Mapping[str, float]:
            return {**super().looseness(), "auc": self.auc}

    params: Params

    def wanted(self, context: GateContext) -> str:
        return _("Register a version of a run: its training set says what its inputs tell alone.")

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        report = InputReport.model_validate(evidence[0].content)
        task = task_called(report.task)
        most = task.suspicious_above(self.params.auc)
        limit = figure(most)
        if most < report.limit:
            words = _("{training_set} was only examined above {examined}; the policy asks for {limit}")
            basis = words.format(training_set=report.training_set, examined=figure(report.limit), limit=limit)
            return Finding(Verdict.INCONCLUSIVE, _("Not examined"), basis)
        strong = {name: auc for name, auc in report.inputs.items() if auc > most}
        if not strong:
            words = _("No input above an {figure} of {limit} alone")
            return Finding(Verdict.PASS, words.format(figure=_(task.separation), limit=limit), "")
        value = " · ".join(f"{name} {figure(auc)}" for name, auc in strong.items())
        if not report.reason:
            return Finding(Verdict.FAIL, value, _("Nobody has accepted this"))
        basis = _("accepted by {person}: {reason}").format(person=report.accepted_by, reason=report.reason)
        return Finding(Verdict.INCONCLUSIVE, value, basis)
