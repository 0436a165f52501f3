"""The training process: from the split files to a model folder and its evaluations. Nobody but this process imports
torch for a run."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.compute.process import JobContext, JobFailed, run_job
from core.features.values import FeatureContract
from core.foundation.digests import canonical, digest_file
from core.foundation.errors import PortalError
from core.foundation.text import _, significant
from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.tasks.values import Target
from core.training.diagnosis.baseline import fit_baseline, known_baseline, splits_among
from core.training.diagnosis.comparing import comparisons_of
from core.training.diagnosis.values import Comparison
from core.training.recipe import BASELINE, DRAWN_BY, FitContext, Fitted, Origins, Recipe, check_params, recipe_called
from core.training.result import (
    BASELINE_FOLDER,
    CARD_FILE,
    EVALUATIONS_FOLDER,
    FEATURES_FILE,
    MODEL_FILE,
    MODEL_FOLDER,
    RESULT_FILE,
    SIGNATURE_FILE,
    SOURCE,
    START,
    SplitResult,
    TrainingResult,
)
from core.training.splits import TRAIN
from core.training.tables_of_splits import load_tables
from core.training.values import Origin

if TYPE_CHECKING:
    import pyarrow as pa

    from core.training.evaluation import OnnxModel

REPORT_SECONDS, FIRST_REPORTS = 0.1, 200
TRAINED_SHARE = 0.9
METRIC_EVENT = "metric"
NO_MEMORY = ("can't allocate memory", "out of memory")


class RunSpec:
    """The payload of a training job, with its types."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self.recipe: type[Recipe] = recipe_called(payload["recipe"])
        self.params = check_params(self.recipe, params=payload["params"])
        self.seed = int(payload["seed"])
        self.title = str(payload["title"])
        self.contract = FeatureContract.model_validate(payload["contract"])
        self.origin = Origin.model_validate(payload.get("origin", {}))
        self.target = Target.model_validate(payload.get("target", {}))


class Seconds:
    """How long each stage took."""

    def __init__(self) -> None:
        self.by_stage: dict[str, float] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.by_stage[stage] = round(time.monotonic() - started, 3)


class Reporter:
    """Sends metrics as events: the first ones as they come, so that a quick training has a curve, then at most ten a
    second; what comes in between is sent with the next."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._waiting: tuple[int, dict[str, float]] | None = None
        self._sent_at, self._sent = 0.0, 0

    def __call__(self, step: int, metrics: dict[str, float]) -> None:
        self._waiting = step, {**(self._waiting[1] if self._waiting else {}), **metrics}
        if self._sent < FIRST_REPORTS or time.monotonic() - self._sent_at >= REPORT_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._waiting is not None:
            step, metrics = self._waiting
            self._context.event(METRIC_EVENT, step=step, metrics=metrics)
            say(figures_of(step, metrics))
            self._waiting, self._sent_at, self._sent = None, time.monotonic(), self._sent + 1


def say(text: str) -> None:
    """A line of the log, with the time of day in UTC."""
    print(f"{datetime.now(UTC):%H:%M:%S}  {text}", flush=True)


def figures_of(step: int, metrics: dict[str, float]) -> str:
    """ "step 240, train loss 0.4312, validation log loss 0.4551": what was just measured, as the log has it."""
    parts = [
        f"{name.replace('_', ' ')} {significant(value)}" for name, value in metrics.items() if name != "learning_rate"
    ]
    return ", ".join([_("step {n}").format(n=step), *parts])


def main(context: JobContext) -> None:
    """The whole run. Returns early, with a checkpoint, when a stop is requested."""
    try:
        _run(context)
    except (PortalError, RuntimeError) as error:
        raise cause_of(error) from error


def cause_of(error: Exception) -> Exception:
    """The error by what it means: the data's fault in words, memory that ran out, or the code's as it is."""
    if isinstance(error, PortalError):
        return JobFailed(_("data: {reason}").format(reason=error.in_full))
    # torch says on the CPU in a plain RuntimeError that memory has run out.
    first = str(error).partition("\n")[0]
    return MemoryError(first) if any(words in str(error) for words in NO_MEMORY) else error


def _run(context: JobContext) -> None:
    spec, seconds = RunSpec(context.payload), Seconds()
    context.progress(0.0, stage=_("loading"))
    with seconds.of("load"):
        files = splits_among(context.inputs)
        tables = load_tables(files, contract=spec.contract, target=spec.target, now=datetime.now(UTC))
        prepared = spec.recipe.prepare(tables, contract=spec.contract, target=spec.target, threads=context.cpus)
    say(_("training {recipe}").format(recipe=spec.recipe.name))
    with seconds.of("train"):
        fitted = _fit(context, spec=spec, prepared=prepared)
    if fitted.stopped:
        say(_("stopped at step {n}; the checkpoint is kept").format(n=fitted.steps))
        return
    with seconds.of("export"):
        model, signature = _export(context, spec=spec, fitted=fitted) if fitted.is_servable else (None, None)
    with seconds.of("evaluate"):
        splits, outputs, difference = _evaluate(context, tables=tables, model=model, fitted=fitted)
    with seconds.of("baseline"):
        comparisons = _compare(context, spec=spec, tables=tables, outputs=outputs, target=fitted.target)
    context.progress(0.99, stage=_("writing"), eta_seconds=0)
    if model is not None:
        _write_text(context, spec=spec, fitted=fitted, splits=splits)
    result = _result(context, fitted=fitted, signature=signature, splits=splits, difference=difference)
    written = result.model_copy(update={"seconds": seconds.by_stage, "comparisons": comparisons})
    (context.outputs / RESULT_FILE).write_text(written.model_dump_json(indent=1))


def _fit(context: JobContext, *, spec: RunSpec, prepared: Any) -> Fitted:
    reporter = Reporter(context)
    fitted = spec.recipe.fit(
        FitContext(
            prepared=prepared,
            params=spec.params,
            target=spec.target,
            seed=spec.seed,
            threads=context.cpus,
            report=reporter,
            should_stop=lambda: context.stop_requested,
            checkpoints=context.checkpoints,
            supplies=_supplies(context),
            progress=lambda share, eta: context.progress(
                TRAINED_SHARE * share, stage=_("training"), eta_seconds=None if eta is None else round(eta, 1)
            ),
        )
    )
    reporter.flush()
    for step, metrics in fitted.history:
        context.event(METRIC_EVENT, step=step, metrics=dict(metrics))
    return fitted


def _supplies(context: JobContext) -> Mapping[str, Any]:
    """What the worker has supplied, how the splits were drawn, the model to start from, and the code that came with the
    request."""
    known = {DRAWN_BY: context.payload[DRAWN_BY]} if DRAWN_BY in context.payload else {}
    supplies: dict[str, Any] = {**known, **context.payload.get("supplies", {})}
    if START in context.inputs:
        supplies = {**supplies, "start": {**context.payload["start"], "model": str(context.inputs[START])}}
    tree = context.inputs.get(SOURCE)
    return supplies if tree is None else {**supplies, "tree": str(tree), "digest": digest_file(tree)}


def _export(context: JobContext, *, spec: RunSpec, fitted: Fitted) -> "tuple[OnnxModel, Signature]":
    """Writes model and signature, and opens the very bytes that were written."""
    from core.training.evaluation import OnnxModel

    context.progress(TRAINED_SHARE, stage=_("exporting"))
    folder = context.outputs / MODEL_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    model, signature = fitted.export(Origins(contract=spec.contract, origin=spec.origin))
    (folder / MODEL_FILE).write_bytes(model)
    (folder / SIGNATURE_FILE).write_bytes(canonical(signature))
    (folder / FEATURES_FILE).write_bytes(canonical(spec.contract))
    return OnnxModel((folder / MODEL_FILE).read_bytes(), signature=signature, threads=context.cpus), signature


def _evaluate(
    context: JobContext, *, tables: "Mapping[str, pa.Table]", model: "OnnxModel | None", fitted: Fitted
) -> tuple[list[SplitResult], dict[str, Outputs], float]:
    """Every split, what the model says of those that were held out, and there the largest difference between the file
    and the library that trained. Without a file those alone are judged."""
    from core.training.evaluation import answers_of, judged_split, write_predictions

    splits, held_out, differences, target = [], {}, [], fitted.target
    for place, (name, table) in enumerate(tables.items()):
        context.progress(TRAINED_SHARE + 0.09 * place / len(tables), stage=_("evaluating {split}").format(split=name))
        if model is None and name == TRAIN:
            continue
        outputs, difference = answers_of(table, model=model, fitted=fitted, is_held_out=name != TRAIN)
        differences.append(difference)
        if name != TRAIN:
            held_out[name] = outputs
        path = context.outputs / EVALUATIONS_FOLDER / f"{name}.parquet"
        write_predictions(table, outputs=outputs, target=target, path=path)
        splits.append(judged_split(name, table=table, outputs=outputs, target=target))
        figures = ", ".join(
            f"{metric.replace('_', ' ')} {interval.value:.4f}" for metric, interval in splits[-1].metrics.items()
        )
        say(_("{split}, {n} rows: {figures}").format(split=name, n=table.num_rows, figures=figures))
    return splits, held_out, max(differences, default=0.0)


def _compare(
    context: JobContext,
    *,
    spec: RunSpec,
    tables: "Mapping[str, pa.Table]",
    outputs: Mapping[str, Outputs],
    target: Target,
) -> tuple[Comparison, ...]:
    """The model beside the baseline, from an earlier run or fitted here, and beside the best answer without inputs."""
    from core.training.evaluation import write_predictions

    baseline = known_baseline(context.inputs, tables=tables, target=spec.target)
    if not baseline and spec.recipe.name != BASELINE:
        context.progress(TRAINED_SHARE + 0.09, stage=_("the linear baseline"))
        baseline = fit_baseline(
            tables,
            contract=spec.contract,
            target=spec.target,
            seed=spec.seed,
            threads=context.cpus,
            should_stop=lambda: context.stop_requested,
        )
        for name, answers in baseline.items():
            path = context.outputs / BASELINE_FOLDER / f"{name}.parquet"
            write_predictions(tables[name], outputs=answers, target=spec.target, path=path)
    return comparisons_of(outputs, tables=tables, target=target, baseline=baseline)


def _write_text(context: JobContext, *, spec: RunSpec, fitted: Fitted, splits: list[SplitResult]) -> None:
    from core.training.card import write_card

    card = write_card(
        title=spec.title,
        recipe=spec.recipe,
        params=spec.params.model_dump(),
        contract=spec.contract,
        splits=splits,
        target=fitted.target,
        keeps_missing=fitted.keeps_missing,
    )
    (context.outputs / MODEL_FOLDER / CARD_FILE).write_text(card, encoding="utf-8")


def _result(
    context: JobContext, *, fitted: Fitted, signature: Signature | None, splits: list[SplitResult], difference: float
) -> TrainingResult:
    from core.training.environment import code_commit, environment_of

    return TrainingResult(
        splits=tuple(splits),
        metrics=dict(fitted.metrics),
        signature=signature,
        environment={
            **environment_of(device=fitted.device, threads=context.cpus, precision=fitted.precision),
            **fitted.environment,
        },
        code_commit=fitted.environment.get("commit") or code_commit(),
        logged=dict(fitted.logged),
        difference=difference,
        seconds={},
        leaderboard=fitted.leaderboard,
    )


if __name__ == "__main__":
    run_job(main)
