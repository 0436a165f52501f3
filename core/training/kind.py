"""What a training job's words and outputs mean to the portal. They come from a process, so they are checked first."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from sqlmodel import Session

from core.compute.kinds import PlainKind
from core.compute.tables import JobRow
from core.compute.values import Job, JobSpec, JobState
from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract
from core.foundation.actions.call import Call, Foundation
from core.foundation.clock import end_of
from core.foundation.digests import canonical, digest_bytes
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.validation import WITH_UNDERSCORES, shaped
from core.foundation.values import Value
from core.registry.service import RegistryService
from core.registry.values import Evaluation, MetricPoint, RunRecord
from core.tasks.task import quality_metrics, task_of
from core.tasks.values import Target
from core.training.catalog import add_points, history, last_step, run_of
from core.training.diagnosis.baseline import INPUT
from core.training.diagnosis.jumps import jump_in
from core.training.diagnosis.sentences import alarms_of, losses_of
from core.training.diagnosis.values import Judgement, Jump
from core.training.recipe import BASELINE, DRAWN_BY, check_params, inputs_of, recipe_called
from core.training.result import MODEL_FILE, SOURCE, IngestedResult, SplitResult, ingest_result
from core.training.splits import TRAIN, VALIDATION, trainable
from core.training.tables import RunMetricRow, RunRow
from core.training.values import NewRun, Origin
from core.training.workspace.fields import write_metrics, write_values
from core.training.workspace.values import PARAMS

METRIC_EVENT = "metric"
ATTEMPTS = 2
PRIORITY, QUIET_PRIORITY = 5, 7
MOST_POINTS = 10_000
MetricName = Annotated[str, shaped(r"^[a-z][a-z0-9_]{0,59}$", allowed=WITH_UNDERSCORES, example="train_loss")]
MlflowState = Literal["running", "finished", "failed", "killed"]


class MetricEvent(Value):
    """What the trainer reports of a step."""

    step: Annotated[int, Field(ge=0, le=2**53)]
    metrics: Annotated[dict[MetricName, float], Field(max_length=50)]


class TrainingKind(PlainKind):
    """`training.run`."""

    name = "training.run"
    module = "core.training.job"

    def __init__(self, foundation: Foundation, *, training_sets: TrainingSetService, registry: RegistryService) -> None:
        self._foundation, self._training_sets, self._registry = foundation, training_sets, registry

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        recipe = recipe_called(payload["recipe"])
        params = check_params(recipe, params=payload["params"])
        supplies = recipe.supply(params, store=self._foundation.store, settings=self._foundation.settings)
        return {"supplies": dict(supplies)} if supplies else {}

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        reports = [metric for event in events if (metric := metric_of(event)) is not None]
        row = call.session.get_one(RunRow, job.subject)
        points = [
            RunMetricRow(run_id=row.id, name=name, step=metric.step, value=value)
            for metric in reports
            for name, value in metric.metrics.items()
        ]
        row.metrics = {**row.metrics, **{point.name: point.value for point in points}}
        call.session.add(row)
        write_metrics(call.session, row.id, project=row.project, metrics=row.metrics)
        call.update(row.id, state=JobState.RUNNING)
        self._export_to_mlflow(call, row, job=job, state="running", points=add_points(call.session, row.id, points))

    def read_outputs(self, job: Job, outputs: Path) -> IngestedResult:
        return ingest_result(outputs, store=self._foundation.store)

    def ingest_outputs(self, call: Call, job: Job, read: IngestedResult) -> None:
        row = call.session.get_one(RunRow, job.subject)
        training_set = self._training_sets.training_set(call, row.training_set_id)
        refuse_other_features(read, contract=trainable(training_set, now=call.now))
        figures = read.result.metrics
        row.evaluations = [evaluation.model_dump(mode="json") for evaluation in evaluations_of(read, training_set)]
        row.metrics = {**row.metrics, **figures}
        logged = {f"logged.{name}": text for name, text in read.result.logged.items()}
        row.params = {**row.params, **logged}
        write_values(call.session, row.id, project=row.project, prefix=PARAMS, values=logged)
        row.validation_loss = validation_loss(read, target=training_set.target)
        row.manifest, row.model_digest = read.manifest, read.model_digest
        row.environment, row.code_commit = read.result.environment, read.result.code_commit
        row.seconds = read.result.seconds
        row.judgement = self._judgement(call, row, read=read).model_dump(mode="json")
        row.alarms = self._alarms(call, row, state=JobState.SUCCEEDED)
        call.session.add(row)
        write_metrics(call.session, row.id, project=row.project, metrics={**row.metrics, **judged_figures(read)})
        call.update(row.id, state=JobState.SUCCEEDED)
        call.record("training.run_succeeded", subject=row.id)
        points = judged_points(row.id, read=read)
        artifacts = {MODEL_FILE: read.model_digest} if read.model_digest else {}
        self._export_to_mlflow(call, row, job=job, state="finished", points=points, artifacts=artifacts)

    def ended(self, call: Call, job: Job) -> None:
        row = call.session.get_one(RunRow, job.subject)
        jump, step = jump_of(call.session, row), last_step(call.session, row.id)
        row.judgement = Judgement(jump=jump, last_step=step).model_dump(mode="json")
        row.alarms = self._alarms(call, row, state=job.state)
        call.session.add(row)
        call.update(row.id, state=job.state)
        call.record(f"training.run_{job.state.value}", subject=row.id, details={"cause": job.cause[:200]})
        state: MlflowState = "killed" if job.state is JobState.CANCELLED else "failed"
        self._export_to_mlflow(call, row, job=job, state=state, points=[])

    def _alarms(self, call: Call, row: RunRow, *, state: JobState) -> list[str]:
        run = run_of(row, call.session.get_one(JobRow, row.job_id), mlflow_run=None)
        return alarms_of(run.model_copy(update={"state": state}))

    def _judgement(self, call: Call, row: RunRow, *, read: IngestedResult) -> Judgement:
        inputs = call.session.get_one(JobRow, row.job_id).inputs
        earlier = {name.removeprefix(INPUT): digest for name, digest in inputs.items() if name.startswith(INPUT)}
        defaults = check_params(recipe_called(BASELINE), params={}).model_dump(mode="json")
        is_baseline = row.recipe == BASELINE and row.params == defaults
        own = {name: digest for name, digest in read.predictions.items() if name != TRAIN} if is_baseline else {}
        return Judgement(
            comparisons=read.result.comparisons,
            baseline_files=read.baseline or own or earlier,
            leaderboard=read.result.leaderboard,
            jump=jump_of(call.session, row),
        )

    def _export_to_mlflow(
        self,
        call: Call,
        row: RunRow,
        *,
        job: Job,
        state: MlflowState,
        points: Sequence[RunMetricRow],
        artifacts: dict[str, str] | None = None,
    ) -> None:
        record = RunRecord(
            run_id=row.id,
            project=row.project,
            name=row.title,
            state=state,
            params={**row.params, "recipe": row.recipe, "seed": row.seed},
            metrics=tuple(
                MetricPoint(name=point.name, step=point.step, value=point.value, at=call.now) for point in points
            ),
            tags={"training_set": row.training_set_id, "sweep": row.sweep_id},
            artifacts=artifacts or {},
            parent=row.sweep_id,
            started_at=job.started_at or call.now,
            ended_at=None if state == "running" else end_of(job.started_at, job.total_ran_seconds, else_at=call.now),
        )
        self._registry.record_run(call, record)


def metric_of(event: dict[str, Any]) -> MetricEvent | None:
    """The event with its types; None for one that is no metric. A value that is no number is left out."""
    metrics = event.get("metrics")
    if event.get("kind") != METRIC_EVENT or not isinstance(metrics, dict):
        return None
    finite = {name: value for name, value in metrics.items() if isinstance(value, int | float) and isfinite(value)}
    try:
        return MetricEvent(step=event["step"], metrics=finite)
    except (KeyError, ValidationError):
        return None


def validation_loss(read: IngestedResult, *, target: Target) -> float | None:
    """The leading metric of the finished model on the validation rows, turned so that less is better; None where its
    task has no metric."""
    task = task_of(read.result.signature.target if read.result.signature else target)
    judged = next((split.metrics for split in read.result.splits if split.split == VALIDATION), {})
    interval = judged.get(task.leading[0]) if task.leading else None
    if interval is None:
        return None
    return -interval.value if quality_metrics()[task.leading[0]].better == "up" else interval.value


def jump_of(session: Session, row: RunRow) -> Jump | None:
    """Whether the loss that it reported jumped."""
    return jump_in(history(session, row.id, names=losses_of(row.task), most=MOST_POINTS))


def judged_points(run_id: str, *, read: IngestedResult) -> list[RunMetricRow]:
    """The figures of the finished model, by metric and split."""
    step = int(read.result.metrics.get("steps", 0))
    return [
        RunMetricRow(run_id=run_id, name=f"{name}_on_{split.split}", step=step, value=interval.value)
        for split in read.result.splits
        for name, interval in split.metrics.items()
    ]


def judged_figures(read: IngestedResult) -> dict[str, float]:
    """The same as lists have them: beside a metric that a run reported stands what its finished model reached."""
    return {
        f"{split.split}_{name}": interval.value
        for split in read.result.splits
        for name, interval in split.metrics.items()
    }


def refuse_other_features(read: IngestedResult, *, contract: FeatureContract) -> None:
    """The model must take exactly what the training set gives, and say so in the very words of its contract. A run that
    gave predictions only has none."""
    if read.result.signature is None:
        return
    same_inputs = read.result.signature.inputs == inputs_of(contract).inputs
    if not same_inputs or read.features_digest != digest_bytes(canonical(contract)):
        raise Invalid(
            _("The trained model does not take the features of its training set"),
            hint=_("The recipe must write the contract it was given."),
        )


def evaluations_of(read: IngestedResult, training_set: TrainingSet) -> list[Evaluation]:
    """One a split of the training set, with the digest of the very rows it was judged on; without a model those it
    learned from are not judged. Invalid when one is missing."""
    by_name = {split.split: split for split in read.result.splits}
    learned_from = set() if read.result.signature else {TRAIN}
    splits = [split for split in training_set.splits if split.name not in learned_from]
    if set(by_name) != {split.name for split in splits}:
        raise Invalid(_("The training judged other splits than its training set has"))
    return [
        _evaluation(by_name[split.name], holdout=split.digest, predictions=read.predictions[split.name])
        for split in splits
    ]


def _evaluation(split: SplitResult, *, holdout: str, predictions: str) -> Evaluation:
    return Evaluation(
        holdout=holdout,
        holdout_name=split.split,
        rows=split.rows,
        positive_share=split.positive_share,
        spread=split.spread,
        metrics=split.metrics,
        predictions=predictions,
    )


def job_spec(new: NewRun, *, run_id: str, owner: str, training_set: TrainingSet, contract: FeatureContract) -> JobSpec:
    """The job that a run is asked for as."""
    return JobSpec(
        kind=TrainingKind.name,
        project=new.project,
        title=new.title,
        subject=run_id,
        payload={
            "recipe": new.recipe,
            "params": new.params,
            "seed": new.seed,
            "title": new.title,
            "contract": contract.model_dump(mode="json"),
            "target": training_set.target.model_dump(mode="json"),
            "origin": _origin(new, run_id=run_id, training_set=training_set).model_dump(),
            **({DRAWN_BY: training_set.shares.by} if training_set.shares else {}),
        },
        inputs={
            **{split.name: split.digest for split in training_set.splits},
            **({SOURCE: new.source} if new.source else {}),
        },
        owner=owner,
        priority=QUIET_PRIORITY if new.quiet else PRIORITY,
        max_attempts=ATTEMPTS,
    )


def _origin(new: NewRun, *, run_id: str, training_set: TrainingSet) -> Origin:
    return Origin(
        run=run_id,
        title=new.title,
        recipe=new.recipe,
        training_set=training_set.id,
        training_set_title=training_set.title,
        training_set_digest=training_set.digest,
        label=training_set.entity.label,
    )
