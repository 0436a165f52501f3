"""What a warm worker's words mean: they are written to the trials in the transaction that takes them in."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from sqlmodel import select

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.foundation.actions.call import Call
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.service import RegistryService
from core.sweeps.mirror import record_trial
from core.sweeps.records import OPEN, find_sweep, trial_rows
from core.sweeps.tables import TrialRow
from core.sweeps.values import SweepState

WORKER = "sweeps.worker"


class TrialEvent(Value):
    """An event of a worker about a trial."""

    kind: Literal["started", "step", "complete", "pruned", "failed"]
    number: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    value: float | None = None
    cause: Annotated[str, Field(max_length=2_000)] = ""
    ran_seconds: Annotated[float, Field(ge=0, le=1e9)] | None = None


class SweepWorkerKind(PlainKind):
    """`sweeps.worker`."""

    name = WORKER
    module = "core.sweeps.job"

    def __init__(self, registry: RegistryService) -> None:
        self._registry = registry

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        for fields in events:
            event = _event(fields)
            row = call.session.get(TrialRow, (job.subject, event.number)) if event else None
            # A trial that was given to someone else meanwhile is no longer reported by this worker.
            if event is not None and row is not None and row.job_id == job.id and row.state == "running":
                _apply(event, row, now=call.now)
                call.session.add(row)
                self._export_to_mlflow(call, row)

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        self._lose_trial(call, job, cause=_("its worker ended early"))

    def ended(self, call: Call, job: Job) -> None:
        cancelled = job.state is JobState.CANCELLED
        self._lose_trial(call, job, cause=_("its worker was stopped") if cancelled else job.cause)

    def _lose_trial(self, call: Call, job: Job, *, cause: str) -> None:
        """The trial that the worker ran has failed, and waits to be tried once more, but only once."""
        running = select(TrialRow).where(
            TrialRow.sweep_id == job.subject, TrialRow.job_id == job.id, TrialRow.state == "running"
        )
        row = call.session.exec(running).first()
        if row is None:
            return
        row.state, row.cause, row.ended_at = "failed", cause, call.now
        if find_sweep(call.session, job.subject).state == SweepState.RUNNING and row.retry_of is None:
            row.retried = True
            number = len(trial_rows(call.session, job.subject))
            call.session.add(
                TrialRow(sweep_id=row.sweep_id, number=number, state="waiting", params=row.params, retry_of=row.number)
            )
        call.session.add(row)
        call.session.flush()
        self._export_to_mlflow(call, row)

    def _export_to_mlflow(self, call: Call, row: TrialRow) -> None:
        if row.state not in OPEN:
            record_trial(self._registry, call, row)


def _event(fields: dict[str, Any]) -> TrialEvent | None:
    """The event with its types; None for one that is none. An end without a number is a failure: the trial must not
    seem to run for ever."""
    usual = {name: value for name, value in fields.items() if name != "value"}
    number = fields.get("value")
    known = isinstance(number, int | float) and isfinite(number)
    if fields.get("kind") == "complete" and not known:
        usual |= {"kind": "failed", "cause": _("its value is no number")}
    try:
        return TrialEvent.model_validate({**usual, "value": number if known else None})
    except ValidationError:
        return None


def _apply(event: TrialEvent, row: TrialRow, *, now: datetime) -> None:
    row.acknowledged = True
    if event.kind == "started":
        # A worker that was halted with its machine begins its trial anew.
        row.started_at, row.steps = now, []
    elif event.kind == "step":
        row.steps = [*row.steps, [event.step, event.value]] if event.value is not None else row.steps
    else:
        last = row.steps[-1][1] if row.steps else None
        row.state, row.ended_at, row.cause, row.ran_seconds = event.kind, now, event.cause, event.ran_seconds
        row.value = event.value if event.kind == "complete" else last
