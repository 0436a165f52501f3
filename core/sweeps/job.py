"""A warm worker: loads the data once and runs trial after trial as the controller sends them. It knows no study and
no database; it receives parameters, reports every check, and stops a trial on the message that it is not
worth it."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from core.compute.process import JobContext, JobFailed, run_job, unforeseen
from core.features.values import FeatureContract
from core.foundation.errors import PortalError
from core.foundation.text import _
from core.foundation.values import Value
from core.sweeps.values import Metric
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, check_params, recipe_called
from core.training.splits import VALIDATION
from core.training.tables_of_splits import load_tables

if TYPE_CHECKING:
    import pyarrow as pa

PAUSE = 0.05
LISTEN_SECONDS = 0.05


class WorkerSpec(Value):
    """The payload. The trainer's figures of the validation rows are called `validation_<metric>`."""

    recipe: str
    base_params: dict[str, Any]
    metric: Metric
    seed: int
    contract: FeatureContract
    target: Target = Target()


@dataclass(frozen=True)
class Loaded:
    """What all trials share."""

    prepared: Any
    validation: "pa.Table"


class Message(Value):
    """What the controller sends: a trial to run, one to prune, or that there are no more."""

    kind: Literal["trial", "prune", "end"]
    number: int = -1
    params: dict[str, Any] = Field(default_factory=dict)


class Inbox:
    """The messages so far. A trial is accepted once, however often it is sent; a later attempt, which gets all messages
    again, finds in the checkpoints which trials an earlier one has ended."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._seen = {int(file.name) for file in context.checkpoints.iterdir() if file.name.isdecimal()}
        self._listened = 0.0
        self.waiting: deque[Message] = deque()
        self.pruned: set[int] = set()
        self.has_ended = False

    def listen(self, *, every: float = 0.0) -> None:
        """Reads what has come, at most once in `every` seconds."""
        if time.monotonic() - self._listened < every:
            return
        self._listened = time.monotonic()
        for message in self._context.messages():
            self._accept(Message.model_validate(message))

    def close(self, number: int) -> None:
        """The trial has ended and was reported."""
        (self._context.checkpoints / str(number)).touch()

    def _accept(self, message: Message) -> None:
        if message.kind == "end":
            self.has_ended = True
        elif message.kind == "prune":
            self.pruned.add(message.number)
        elif message.number not in self._seen:
            self._seen.add(message.number)
            self.waiting.append(message)


def main(context: JobContext) -> None:
    """Inputs: one file a split, without the one that nobody may look at. Events: `started`, `step`, `complete`,
    `pruned`, `failed`, each with the trial's `number`."""
    spec = WorkerSpec.model_validate(context.payload)
    inbox = Inbox(context)
    context.progress(None, stage=_("loading"))
    data = _load(context, spec=spec)
    while not context.stop_requested:
        inbox.listen()
        if inbox.waiting:
            _run(context, inbox.waiting.popleft(), spec=spec, data=data, inbox=inbox)
        elif inbox.has_ended:
            return
        else:
            context.progress(None, stage=_("waiting for a trial"))
            time.sleep(PAUSE)


def _load(context: JobContext, *, spec: WorkerSpec) -> "Loaded":
    try:
        tables = load_tables(context.inputs, contract=spec.contract, target=spec.target, now=datetime.now(UTC))
    except PortalError as error:
        raise JobFailed(error.in_full) from error
    recipe = recipe_called(spec.recipe)
    prepared = recipe.prepare(tables, contract=spec.contract, target=spec.target, threads=context.cpus)
    return Loaded(prepared=prepared, validation=tables[VALIDATION])


def _run(context: JobContext, message: Message, *, spec: WorkerSpec, data: "Loaded", inbox: Inbox) -> None:
    """One trial. What is wrong with its parameters fails it alone."""
    number, began = message.number, time.monotonic()
    context.event("started", number=number)
    try:
        value = _train(context, message, spec=spec, data=data, inbox=inbox)
    except (MemoryError, OSError):
        # Not the trial's fault, perhaps: the worker ends, and the trial is tried once more elsewhere.
        raise
    except Exception as error:
        ran = round(time.monotonic() - began, 3)
        context.event("failed", number=number, cause=unforeseen(error), ran_seconds=ran)
        inbox.close(number)
        return
    if not context.stop_requested:
        # A trial that came to its end before it could be pruned is complete.
        ran = round(time.monotonic() - began, 3)
        context.event("pruned" if value is None else "complete", number=number, value=value, ran_seconds=ran)
        inbox.close(number)


def _train(context: JobContext, message: Message, *, spec: WorkerSpec, data: "Loaded", inbox: Inbox) -> float | None:
    """The objective at the best check, None when the trial was stopped."""
    name, checks = f"validation_{spec.metric}", 0

    def report(_step: int, figures: dict[str, float]) -> None:
        nonlocal checks
        if name in figures:
            checks += 1
            # Checks, not steps of the optimizer: those differ in meaning when the batch size is searched.
            context.event("step", number=message.number, step=checks, value=figures[name])

    def should_stop() -> bool:
        inbox.listen(every=LISTEN_SECONDS)
        return context.stop_requested or message.number in inbox.pruned

    recipe = recipe_called(spec.recipe)
    fitted = recipe.fit(
        FitContext(
            prepared=data.prepared,
            params=check_params(recipe, params={**spec.base_params, **message.params}),
            target=spec.target,
            seed=spec.seed,
            threads=context.cpus,
            report=report,
            should_stop=should_stop,
            progress=lambda share, eta: context.progress(
                share, stage=_("trial {n}").format(n=message.number), eta_seconds=eta
            ),
        )
    )
    if fitted.stopped:
        return None
    value = fitted.metrics[name] if name in fitted.metrics else _judged(fitted, data.validation, spec=spec)
    if not isfinite(value):
        raise JobFailed(_("the {metric} of this trial is no number").format(metric=spec.metric))
    return value


def _judged(fitted: Fitted, table: "pa.Table", *, spec: WorkerSpec) -> float:
    """The objective on the validation rows, for recipes that do not report it themselves."""
    predictions = predictions_of(table, outputs=fitted.predict(table), target=fitted.target)
    return task_of(fitted.target).evaluate(predictions)[spec.metric].value


if __name__ == "__main__":
    run_job(main)
