"""Judging a version, ours or one from elsewhere, on rows with labels that it did not come with."""

from typing import Annotated

from pydantic import StringConstraints

from core.compute.service import ComputeService
from core.compute.values import Job, JobSpec, Resources
from core.features.training_sets.service import TrainingSetService
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.digests import digest_of
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.datasets.service import DatasetService
from core.registry.service import RegistryService
from core.registry.values import ModelVersion
from core.training.judging.kind import JUDGE
from core.training.judging.proposing import chosen, group_of, proposed, refuse_unjudged
from core.training.judging.rows import RowsToJudge
from core.training.judging.values import Columns, JudgedRows, JudgingProposal, JudgingSpec, job_inputs

ShortName = Annotated[str, StringConstraints(max_length=200)]
MEMORY_MB, PRIORITY = 4096, 4
# Each stands in the version itself.
MOST_EVALUATIONS = 50


class JudgingService(Service):
    domain = "training"

    def __init__(
        self,
        foundation: Foundation,
        *,
        compute: ComputeService,
        training_sets: TrainingSetService,
        lake: DatasetService,
        registry: RegistryService,
    ) -> None:
        super().__init__(foundation)
        self._compute, self._registry = compute, registry
        self._rows = RowsToJudge(training_sets, lake)

    @action(permission=Permission.READ, reads=True)
    def propose_judging(
        self, call: Call, *, version_id: str, training_set_id: str = "", split: ShortName = "", snapshot_id: str = ""
    ) -> JudgingProposal:
        """Propose how the columns of a training set's split, or of a snapshot, fill the inputs of a version, and which
        column is the label."""
        version = self._version(call, version_id)
        return proposed(version, self._rows_of(call, version, training_set_id, split, snapshot_id, ""))

    @action(permission=Permission.EVIDENCE_WRITE, says=N_("began to judge"))
    def judge_version(
        self,
        call: Call,
        *,
        version_id: str,
        training_set_id: str = "",
        split: ShortName = "",
        snapshot_id: str = "",
        label: ShortName = "",
        positive: ShortName = "",
        group: ShortName = "",
        columns: Columns | None = None,
    ) -> Job:
        """Judge a version on a split of a training set (`test`, or the last one), or on a snapshot and its `label`.

        Columns fill inputs of the same name; `columns` says of others which column fills an input. Where a yes or no is
        labelled in words, `positive` is the one for yes. Where rows are ordered within groups, all rows of one have the
        same value in the column `group`, which must be said unless the version or the rows know it. The figures stand
        beside those of training, as evidence where training has not seen the rows; the same rows, judged again, take
        the place of what was known."""
        version = self._version(call, version_id)
        call.about(version_id)
        rows = self._rows_of(call, version, training_set_id, split, snapshot_id, label)
        if not rows.label:
            raise Invalid(_("Say which column has the label"), field="label")
        known = {evaluation.holdout for evaluation in version.evaluations}
        spec = _spec(
            version, rows, columns=columns or {}, positive=positive, group=group_of(version, rows, given=group)
        )
        if len(known - {spec.holdout}) >= MOST_EVALUATIONS:
            raise Conflict(_("{id} was judged on {n} sets of rows already").format(id=version.id, n=len(known)))
        job = self._compute.submit(call, _job_spec(version, rows, spec=spec))
        call.note(rows=rows.origin, holdout=rows.name)
        return job

    def _version(self, call: Call, version_id: str) -> ModelVersion:
        call.may_reach(version_id)
        version = self._registry.version(call, version_id)
        refuse_unjudged(version)
        return version

    def _rows_of(
        self, call: Call, version: ModelVersion, training_set_id: str, split: str, snapshot_id: str, label: str
    ) -> JudgedRows:
        return self._rows.of(
            call, version, training_set_id=training_set_id, split=split, snapshot_id=snapshot_id, label=label
        )


def _spec(version: ModelVersion, rows: JudgedRows, *, columns: Columns, positive: str, group: str) -> JudgingSpec:
    target = version.signature.target.model_copy(update={"group": group})
    return JudgingSpec(
        signature=version.signature.model_copy(update={"target": target}),
        columns=chosen(version, rows, columns=columns),
        label=rows.label,
        row_id=rows.row_id,
        positive=positive,
        files=tuple(f"rows-{number}" for number in range(len(rows.files))),
        learned=tuple(f"learned-{number}" for number in range(len(rows.learned))),
        keeps_requests=not version.training_set_id,
        holdout=rows.holdout if group in ("", rows.group) else digest_of({"rows": rows.holdout, "group": group}),
        name=rows.name,
        seen=rows.seen,
        origin=rows.origin,
    )


def _job_spec(version: ModelVersion, rows: JudgedRows, *, spec: JudgingSpec) -> JobSpec:
    return JobSpec(
        kind=JUDGE,
        project=version.project,
        title=_("Judging {version} on {rows}").format(version=version.title, rows=rows.name),
        subject=version.id,
        payload=spec.model_dump(mode="json"),
        inputs=job_inputs(rows, model=version.model_digest),
        resources=Resources(memory_mb=MEMORY_MB),
        priority=PRIORITY,
    )
