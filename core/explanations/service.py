"""Why versions predict what they predict: what inputs matter, measured as a job and kept as evidence."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from sqlmodel import col, select

from core.compute.tables import JobRow
from core.compute.values import Job, JobSpec, Resources
from core.explanations.contributions.process import explanation_of
from core.explanations.evidence import evidence_from
from core.explanations.lookup import newest_with_feature
from core.explanations.values import (
    IMPORTANCE,
    Explanation,
    FeatureImportances,
    ImportanceReport,
    MeasuredImportance,
    RowValues,
    VersionImportance,
)
from core.features.training_sets.values import SplitFile, TrainingSet
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import N_, _
from core.foundation.validation import WITH_UNDERSCORES, shaped
from core.identity.permissions import Permission
from core.registry.inspection import limits_in
from core.registry.values import UNSEEN, ModelVersion
from core.tasks.task import task_of
from core.training.service import TrainingService
from core.training.splits import VALIDATION

KIND = "explanations.importance"
QUIET_PRIORITY, PRIORITY = 8, 4
RESOURCES = Resources(cpus=1, memory_mb=1024)
SplitName = Annotated[str, shaped(r"^([a-z][a-z0-9_]{0,30})?$", allowed=WITH_UNDERSCORES, example="test")]
OutputName = Annotated[str, Field(max_length=200)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ExplanationService(Service):
    domain = "explanations"

    def __init__(self, foundation: Foundation, *, training: TrainingService) -> None:
        """A version that training registers is measured from now on."""
        super().__init__(foundation)
        self._compute, self._training_sets, self._registry = training.compute, training.training_sets, training.registry
        training.after_registration.append(self.start_quietly)

    def _prepare_explanation(
        self, call: Call, *, version_id: str, row: RowValues, output: str = "", training_set_id: str = ""
    ) -> Explanation:
        call.may_reach(version_id)
        version = self._registry.version(call, version_id)
        training_set = self._rows_for(call, version, training_set_id=training_set_id)
        if unknown := [name for name in row if name not in version.signature.filled]:
            raise Invalid(
                _("{id} takes no {name}").format(id=version_id, name=repr(unknown[0][:60])),
                hint=_("It takes: {names}.").format(names=", ".join(version.signature.filled)[:500]),
                field="row",
            )
        store = self.foundation.store
        explanation = explanation_of(
            row,
            model=store.verified_path(version.model_digest),
            background=store.verified_path(_split(training_set, _beside(training_set)).digest),
            signature=version.signature,
            output=output,
            limits=limits_in(self.foundation.settings),
        )
        return explanation.model_copy(update={"version_id": version_id})

    @action(permission=Permission.EVIDENCE_WRITE, says=N_("asked what inputs matter to"))
    def measure_importance(
        self, call: Call, *, version_id: str, training_set_id: str = "", split: SplitName = "", seed: Seed = 1
    ) -> Job:
        """Measure in a job what inputs matter to a version: how much worse its leading metric is on rows that it has
        not seen where an input is shuffled.

        The rows are those of its training set, or of another one that has all of its inputs and the label; without a
        split `test`, else the last one. The same seed gives the same figures."""
        call.may_reach(version_id)
        call.about(version_id)
        version = self._registry.version(call, version_id)
        if not task_of(version.signature.target).metrics:
            raise Invalid(_("No metric judges what {id} answers").format(id=version.id), field="version_id")
        training_set = self._rows_for(call, version, training_set_id=training_set_id)
        job_spec = _job_spec(version, training_set, _split(training_set, split), seed=seed)
        if self._running(call, version_id) is not None:
            raise Conflict(_("It is being measured already"), hint=_("Wait until that has ended."))
        return self._compute.submit(call, job_spec)

    @action(permission=Permission.READ, reads=True)
    def importance(self, call: Call, *, version_id: str) -> VersionImportance:
        """Show what inputs matter to a version, as it was measured last, and whether it is being measured."""
        call.may_reach(version_id, even_put_away=True)
        measured = self._registry.evidence_of(call, [version_id], [IMPORTANCE])[version_id].evidence
        job = self._running(call, version_id)
        newest = next(iter(measured), None)
        return VersionImportance(
            version_id=version_id,
            evidence_id=newest.id if newest else "",
            report=ImportanceReport.model_validate(newest.content) if newest else None,
            job_id=job.id if job else "",
        )

    @action(permission=Permission.READ, reads=True)
    def feature_importance(self, call: Call, *, feature_version_id: str) -> FeatureImportances:
        """Show how important the features of a version of a feature view are to the newest model version that was
        trained with it and measured."""
        call.may_reach(feature_version_id, even_put_away=True)
        return newest_with_feature(call, feature_version_id)

    @action(permission=Permission.READ, reads=True, prepare=_prepare_explanation)
    def explain(
        self, call: Call, *, version_id: str, row: RowValues, output: OutputName = "", training_set_id: str = ""
    ) -> Explanation:
        """Show what pushed a prediction up or down against the mean over other rows: how far each input of the row did.

        `row` has the model's inputs by name, features that would be looked up among them; what it lacks is missing. Of
        several classes `output` names the one, else it is the predicted one. The other rows are those of validation of
        its training set, or of another set that has all of its inputs."""
        call.may_reach(version_id)
        prepared: Explanation = call.prepared
        return prepared

    def start_quietly(self, call: Call, version: ModelVersion) -> None:
        """Queues the measurement of a version that was just registered, behind everything that somebody waits for;
        nothing where it cannot be measured."""
        if not version.training_set_id or not task_of(version.signature.target).metrics:
            return
        training_set = self._training_sets.training_set(call, version.training_set_id)
        split = next((split for split in training_set.splits if split.name == UNSEEN), None)
        if split is not None and not _missing(version, training_set) and self._running(call, version.id) is None:
            job_spec = _job_spec(version, training_set, split, seed=1)
            self._compute.submit(call, job_spec.model_copy(update={"priority": QUIET_PRIORITY}))

    def ingest_importance(self, call: Call, job: Job, *, measured: MeasuredImportance) -> None:
        """Writes the report of a measurement down as evidence."""
        version = self._registry.version(call, measured.version_id)
        training_set = self._training_sets.training_set(call, measured.report.training_set)
        evidence = evidence_from(
            measured.report, version=version, training_set=training_set.digest, job_id=job.id, by=job.requested_by
        )
        self._registry.add_evidence(call, evidence)

    def _running(self, call: Call, version_id: str) -> JobRow | None:
        """The job that measures it now, if any."""
        wanted = select(JobRow).where(JobRow.subject == version_id, JobRow.kind == KIND)
        newest = call.session.exec(wanted.order_by(col(JobRow.created_at).desc(), col(JobRow.id).desc()).limit(1))
        row = newest.first()
        return row if row is not None and not self._compute.job(call, row.id).state.is_over else None

    def _rows_for(self, call: Call, version: ModelVersion, *, training_set_id: str) -> TrainingSet:
        """The training set whose rows it is shown. Invalid where none is known, or one has not what it takes."""
        chosen = training_set_id or version.training_set_id
        if not chosen:
            raise Invalid(
                _("{id} has no training set").format(id=version.id),
                hint=_("Name one that has its inputs and the label."),
                field="training_set_id",
            )
        call.may_reach(chosen, even_put_away=True)
        training_set = self._training_sets.training_set(call, chosen)
        missing = _missing(version, training_set)
        if missing:
            raise Invalid(
                _("{training_set} has no {name}, which {id} takes").format(
                    training_set=chosen, name=missing[0], id=version.id
                ),
                hint=_("Name one that has all of its inputs."),
                field="training_set_id",
            )
        return training_set


def _missing(version: ModelVersion, training_set: TrainingSet) -> Sequence[str]:
    """The inputs that no column fills; a whole tensor is filled by a vector of as many numbers."""
    contract = training_set.contract
    known = contract.kinds() if contract else {}
    absent = [name for name in version.signature.filled if name not in known]
    whole = [spec for spec in version.signature.inputs if not spec.names and spec.name in known]
    fits = {name: contract.field(name).size for name in contract.vectors()} if contract else {}
    return [*absent, *(spec.name for spec in whole if fits.get(spec.name) != spec.values)]


def _split(training_set: TrainingSet, name: str) -> SplitFile:
    splits = {split.name: split for split in training_set.splits}
    if not splits or (name and name not in splits):
        raise Invalid(
            _("There is no split called {name}").format(name=repr(name or UNSEEN)),
            hint=", ".join(splits),
            field="split",
        )
    return splits[name] if name else splits.get(UNSEEN, training_set.splits[-1])


def _beside(training_set: TrainingSet) -> str:
    """The split whose rows stand for all others: those that no model was fitted to, and that judge none."""
    return VALIDATION if VALIDATION in [split.name for split in training_set.splits] else ""


def _job_spec(version: ModelVersion, training_set: TrainingSet, split: SplitFile, *, seed: int) -> JobSpec:
    views = training_set.contract.views if training_set.contract else ()
    inputs = set(version.signature.columns)
    features = {name: (view.version_id, own) for view in views for own, name, _kind in view.outputs if name in inputs}
    groups = {view.view: [name for _own, name, _kind in view.outputs if name in inputs] for view in views}
    return JobSpec(
        kind=KIND,
        project=version.project,
        title=_("Importance of the inputs of {model} v{version}").format(model=version.model, version=version.version),
        subject=version.id,
        payload={
            "version_id": version.id,
            "signature": version.signature.model_dump(mode="json"),
            "training_set": training_set.id,
            "holdout": split.digest,
            "holdout_name": split.name,
            "views": groups,
            "features": features,
            "seed": seed,
        },
        inputs={"model": version.model_digest, "rows": split.digest},
        resources=RESOURCES,
        priority=PRIORITY,
    )
