"""Sweeps and their trials as pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from core.foundation.values import Value
from core.registry.values import Interval


class Dimension(Value):
    """One dimension of a search space. `low`, `high`, `log` and `step` are for float and int, `choices` for choice."""

    type: Literal["float", "int", "choice"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: tuple[str | int | float | bool, ...] = ()


Space = Annotated[dict[str, Dimension], Field(min_length=1, max_length=30)]


class SweepState(StrEnum):
    """`confirming`: the best trial is trained again with fresh seeds before it may be cited."""

    RUNNING = "running"
    CONFIRMING = "confirming"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Trial(Value):
    """A trial. `value` is the objective (None until it is known), `steps` its reported history (step, value)."""

    number: int
    state: Literal["waiting", "running", "complete", "pruned", "failed"]
    params: dict[str, Any]
    value: float | None
    steps: tuple[tuple[int, float], ...]
    started_at: datetime | None
    ended_at: datetime | None


class Importance(Value):
    """How much a parameter mattered. `method` names the estimator, `trials` how many it rests on."""

    parameter: str
    share: float


class Confirmation(Value):
    """The best trial's parameters trained again with fresh seeds: `value` on the split the sweep looked at, `untouched` on
    one it never saw."""

    run_ids: tuple[str, ...]
    value: Interval | None
    untouched: dict[str, Interval]


class Sweep(Value):
    id: str
    project: str
    title: str
    recipe: str
    training_set_id: str
    state: SweepState
    space: dict[str, Dimension]
    warnings: tuple[str, ...]
    base_params: dict[str, Any]
    metric: str
    direction: Literal["minimize", "maximize"]
    sampler: str
    pruner: str
    trials: int
    workers: int
    seed: int
    done: int
    pruned: int
    failed: int
    best: Trial | None
    confirmation: Confirmation
    job_ids: tuple[str, ...]
    eta_seconds: float | None
    cause: str
    requested_by: str
    created_at: datetime
    ended_at: datetime | None
