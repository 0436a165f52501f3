"""What the inputs of a version tell alone."""

from core.foundation.text import N_, _
from core.promotion.evidence_kinds.content import Cell, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.gates.inputs import InputsGate
from core.registry.values import INPUTS, Evidence, InputReport
from core.tasks.task import task_called


class InputsEvidence(EvidenceKind):
    """Inputs that predict the label alone, as found in its training set, and why a person accepted them."""

    name = INPUTS
    title = InputsGate.title
    order = 50
    missing = N_("Whether an input alone predicts the label so well that it seems to contain the outcome")
    gate = InputsGate
    comes_with_a_run = True

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = InputReport.model_validate(evidence.content)
        figure = _(task_called(report.task).separation)
        examined = Sentence(
            text=_("{training_set}, examined for an {figure} above {limit}").replace("{figure}", figure),
            cells={
                "training_set": Cell(value=report.training_set, target=report.training_set),
                "limit": Cell(value=report.limit, form="number"),
            },
        )
        if not report.inputs:
            clean = Cell(value=_("No input predicts the label alone."), tone="good")
            return (Section(title=_("Inputs"), hint=examined, statement=clean),)
        rows = tuple((Cell(value=name), Cell(value=auc, form="number")) for name, auc in report.inputs.items())
        table = Table(
            columns=(_("Input"), _("{figure} alone").format(figure=figure)),
            rows=rows,
            alt=_("Inputs that predict the label alone"),
        )
        accepted = Section(
            title=_("Accepted"),
            hint=Sentence(text=_("by {person}"), cells={"person": Cell(value=report.accepted_by)}),
            statement=Cell(value=report.reason, tone="unsure"),
        )
        return Section(title=_("Inputs"), hint=examined, tables=(table,)), accepted
