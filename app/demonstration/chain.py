"""The short walk of a demonstration: a file of data, two models of it, and an endpoint that answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from app.demonstration.parts import settled, snapshot_of
from app.demonstration.walk import Step, Walk
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.features.values import FeatureContract
from core.foundation.actions.content import Content
from core.foundation.text import N_, _
from core.registry.values import UNSEEN, ModelVersion
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.values import Run

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
PARITY_ROWS = 200
# Rows that follow one another are alike, so a few of more are sent.
ROWS_TO_READ, ROWS_TO_SEND = 90, 3


@dataclass(frozen=True)
class Attempt:
    """A model to train: a recipe, what differs from its defaults, and what the run is called."""

    recipe: str
    title: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Example:
    """What a demonstration brings: a file and the rows in it. `content` makes its bytes, `entity` says what its
    snapshot has; of the `attempts` the second is compared with the first. `name` is that of dataset and training set,
    `model` that of model and endpoint, which answers the `question`."""

    name: str
    description: str
    filename: str
    content: Callable[[], bytes]
    entity: Callable[[str], EntityQuery]
    split_by: Literal["random", "stratified"]
    model: str
    question: str
    attempts: tuple[Attempt, Attempt]


def steps_of(example: Example) -> tuple[Step, ...]:
    """From the file to an answer, in order."""
    return (
        Step(N_("Import the data"), partial(import_data, example=example)),
        Step(N_("Split the rows into a training set"), partial(join, example=example)),
        Step(N_("Train two models beside the baseline"), partial(train, example=example)),
        Step(N_("Register both and compare them"), partial(register, example=example)),
        Step(N_("Serve the better one and measure it"), partial(serve, example=example)),
        Step(N_("Call the endpoint"), call_endpoint),
    )


def import_data(walk: Walk, *, example: Example) -> None:
    walk.say(_("In the project {name}").format(name=_(walk.demonstration.title)))
    import_id = walk.once("import", partial(_start_import, walk, example))
    snapshot_id = walk.once("snapshot", partial(snapshot_of, walk, import_id))
    snapshot = walk.portal.datasets.get_snapshot(walk.actor("mei"), snapshot_id=snapshot_id)
    walk.say(f"{example.name}: {snapshot.rows:,} rows", snapshot.dataset_id)


def _start_import(walk: Walk, example: Example) -> str:
    mei = walk.actor("mei")
    dataset_id = walk.once(
        "dataset",
        lambda: (
            walk.portal.datasets.create_dataset(
                mei, project=walk.project, name=example.name, description=_(example.description)
            ).id
        ),
    )
    return walk.portal.imports.start_upload(
        mei, dataset_id=dataset_id, filename=example.filename, content=Content.of(example.content())
    ).id


def join(walk: Walk, *, example: Example) -> None:
    """Rows that stand for themselves, by shares."""
    mei, sets = walk.actor("mei"), walk.portal.training_sets
    training_set_id = walk.once(
        "training set",
        lambda: (
            sets.create_training_set(
                mei,
                project=walk.project,
                name=example.name,
                entity=example.entity(walk.created["snapshot"]),
                shares=ShareSplits(shares=SHARES, by=example.split_by),
            ).id
        ),
    )
    walk.wait_for_job(mei, sets.get_training_set(mei, training_set_id=training_set_id).job_id)
    joined = sets.get_training_set(mei, training_set_id=training_set_id)
    walk.say(", ".join(f"{split.name} {split.rows:,}" for split in joined.splits), training_set_id)


def train(walk: Walk, *, example: Example) -> None:
    """Both are started before the first is waited for."""
    run_ids = [
        walk.once(word, partial(_start_run, walk, attempt))
        for word, attempt in zip(("first run", "second run"), example.attempts, strict=True)
    ]
    for run_id in run_ids:
        walk.wait_for_job(walk.actor("mei"), _run(walk, run_id).job_id)
        walk.say(_run_result(_run(walk, run_id)), run_id)


def _start_run(walk: Walk, attempt: Attempt) -> str:
    return walk.portal.training.start_run(
        walk.actor("mei"),
        project=walk.project,
        recipe=attempt.recipe,
        training_set_id=walk.created["training set"],
        params=attempt.params,
        title=_(attempt.title),
    ).id


def _run(walk: Walk, run_id: str) -> Run:
    return walk.portal.training.get_run(walk.actor("mei"), run_id=run_id)


def _run_result(run: Run) -> str:
    unseen = next(evaluation for evaluation in run.evaluations if evaluation.holdout_name == UNSEEN)
    figures = ", ".join(f"{name} {_written(interval.value)}" for name, interval in list(unseen.metrics.items())[:2])
    return f"{run.title}: {figures}, {unseen.rows:,} rows"


def register(walk: Walk, *, example: Example) -> None:
    """Two versions of one model, and what the second has over the first."""
    mei = walk.actor("mei")
    version_ids = tuple(
        walk.once(f"{word} version", partial(_register, walk, walk.created[f"{word} run"], model=example.model))
        for word in ("first", "second")
    )
    compared = walk.portal.registry.compare(mei, version_ids=version_ids, baseline_id=version_ids[0])
    walk.say(compared.sentence or _("Neither is surely better."), version_ids[1])


def _register(walk: Walk, run_id: str, *, model: str) -> str:
    return walk.portal.training.register_version(walk.actor("mei"), run_id=run_id, model=model).id


def serve(walk: Walk, *, example: Example) -> None:
    """On a staging endpoint: whether it answers as offline, is safe to load, and how good it is beside the other."""
    mei, better = walk.actor("mei"), _better(walk)
    endpoint_id = walk.once("staging", partial(_create_endpoint, walk, example))
    walk.once("deployment", partial(_deploy, walk, endpoint_id, version_id=better.id))
    settled(walk, "staging")
    check = partial(walk.portal.measurement.check_parity, mei, endpoint_id=endpoint_id, rows=PARITY_ROWS)
    walk.wait_for_job(mei, walk.once("parity", lambda: check().id))
    walk.portal.registry.scan_safety(mei, version_id=better.id)
    others = {walk.created[word] for word in ("first version", "second version")} - {better.id}
    walk.portal.registry.measure_quality(mei, version_id=better.id, baseline_id=others.pop())
    for evidence in walk.portal.evidence.list_evidence(mei, subject=better.id).items:
        walk.say(f"{evidence.kind}: {evidence.verdict} - {evidence.summary}", evidence.id)


def _better(walk: Walk) -> ModelVersion:
    """By the metric that chooses among models of the task, on the validation rows."""
    ids = [walk.created[word] for word in ("first version", "second version")]
    versions = [walk.portal.registry.get_version(walk.actor("mei"), version_id=version_id) for version_id in ids]
    task = task_of(versions[0].signature.target)
    leading = next(metric for metric in task.metrics if metric.name == task.leading[0])
    return (min if leading.better == "down" else max)(versions, key=partial(_figure, metric=leading.name))


def _figure(version: ModelVersion, *, metric: str) -> float:
    return next(e.metrics[metric].value for e in version.evaluations if e.holdout_name == "validation")


def _create_endpoint(walk: Walk, example: Example) -> str:
    return walk.portal.endpoints.create_endpoint(
        walk.actor("mei"),
        project=walk.project,
        name=example.model,
        environment="staging",
        description=_(example.question),
    ).id


def _deploy(walk: Walk, endpoint_id: str, *, version_id: str) -> str:
    walk.portal.endpoints.deploy_to_staging(walk.actor("mei"), endpoint_id=endpoint_id, version_id=version_id)
    return version_id


def call_endpoint(walk: Walk) -> None:
    """With held-out rows, as any caller would."""
    from app.serving.held_out import sent_row
    from app.serving.try_it import ask

    mei, endpoint_id = walk.actor("mei"), walk.created["staging"]
    version = walk.portal.registry.get_version(mei, version_id=walk.created["deployment"])
    ticket = walk.portal.endpoints.issue_test_ticket(mei, endpoint_id=endpoint_id)
    contract, rows = _held_out(walk)
    for row in rows:
        answer = ask(ticket, sent_row(row, contract=contract))
        shown = _shown(answer.prediction, target=version.signature.target)
        walk.say(
            _("{row}: {answer}, and it is {label}").format(
                row=row["row_id"], answer=shown, label=_written(row["label"])
            )
        )
    walk.say(f"POST {ticket.url}/predict", endpoint_id)


def _held_out(walk: Walk) -> tuple[FeatureContract, list[dict[str, Any]]]:
    mei, training_set_id = walk.actor("mei"), walk.created["training set"]
    training_set = walk.portal.training_sets.get_training_set(mei, training_set_id=training_set_id)
    preview = walk.portal.training_sets.preview_training_set(
        mei, training_set_id=training_set_id, split=UNSEEN, limit=ROWS_TO_READ
    )
    if training_set.contract is None:
        return FeatureContract(event_time="", row_id="", request=(), views=()), []
    rows = preview.rows[:: max(1, len(preview.rows) // ROWS_TO_SEND)][:ROWS_TO_SEND]
    return training_set.contract, [dict(zip(preview.columns, row, strict=True)) for row in rows]


def _shown(prediction: dict[str, Any], *, target: Target) -> str:
    answer = task_of(target).shown(prediction, target=target)[0]
    return _written(answer.value)


def _written(value: Any) -> str:
    from app.ui import numbers

    return numbers.number(value) if isinstance(value, float) else str(value)
