"""What is known of the inputs of a run's version, as evidence that goes with it."""

from core.features.training_sets.values import TrainingSet
from core.foundation.text import _
from core.registry.values import INPUTS, InputReport, ModelVersion, NewEvidence
from core.tasks.task import task_called
from core.tasks.values import Verdict


def inputs_evidence(training_set: TrainingSet, version: ModelVersion) -> NewEvidence | None:
    """INPUTS evidence: which inputs predict the label alone, and who accepted them why. None where the join looked
    for none."""
    examined = training_set.leak_report
    if examined is None:
        return None
    accepted = examined.acceptance
    report = InputReport(
        training_set=training_set.id,
        limit=examined.suspicious_auc,
        inputs={leak.column: leak.auc for leak in training_set.leaks if leak.auc is not None},
        accepted_by=accepted.by if accepted else "",
        reason=accepted.reason if accepted else "",
        task=training_set.target.task,
    )
    figure = _(task_called(report.task).separation)
    none_above = _("No input above an {figure} of {limit} alone").format(figure=figure, limit=report.limit)
    return NewEvidence(
        project=version.project,
        kind=INPUTS,
        subject=version.id,
        verdict=Verdict.INCONCLUSIVE if report.inputs else Verdict.PASS,
        summary=", ".join(f"{name} {auc:.3f}" for name, auc in report.inputs.items()) or none_above,
        measured_on={"version": version.digest, "model": version.model_digest, "training_set": training_set.digest},
        content=report.model_dump(mode="json"),
        created_by=version.created_by,
    )
