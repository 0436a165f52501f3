"""Sweeps and their trials as pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from core.foundation.plugins import OneOf
from core.foundation.values import Value
from core.tasks.task import quality_metrics
from core.tasks.values import Interval

MOST_TRIALS, MOST_WORKERS, MOST_DIMENSIONS, MOST_CHOICES = 1_000, 16, 30, 100
# With fewer finished trials than this an importance is a hint and no more.
TRUSTED_TRIALS = 50

# A metric of the task of the training set; empty: what says most of it.
Metric = Annotated[str, OneOf(lambda: ["", *quality_metrics()])]
Direction = Literal["minimize", "maximize"]
Sampler = Literal["tpe", "random", "qmc"]
Pruner = Literal["median", "none", "hyperband"]
TrialState = Literal["waiting", "running", "complete", "pruned", "failed"]
Trials = Annotated[int, Field(ge=1, le=MOST_TRIALS)]
Workers = Annotated[int, Field(ge=1, le=MOST_WORKERS)]
FreshSeeds = Annotated[int, Field(ge=1, le=10)]
Params = Annotated[dict[str, Any], Field(max_length=100)]


class Dimension(Value):
    """One dimension of a search space. `low`, `high`, `log` and `step` are for float and int, `choices` for choice."""

    type: Literal["float", "int", "choice"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: Annotated[tuple[bool | int | float | str, ...], Field(max_length=MOST_CHOICES)] = ()


Space = Annotated[dict[str, Dimension], Field(min_length=1, max_length=MOST_DIMENSIONS)]


class SweepState(StrEnum):
    """`confirming`: the best trial is trained again with fresh seeds before it may be cited."""

    RUNNING = "running"
    CONFIRMING = "confirming"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (SweepState.FINISHED, SweepState.FAILED, SweepState.CANCELLED)


class Trial(Value):
    """A trial. `value` is the objective (None until it is known), `steps` its reported history: (number of the check on
    the validation rows, value). `job_id` is the worker that runs it; a trial whose worker ended is failed, and tried
    once more under another number, of which it is the `retry_of`. `ran_seconds` is how long its worker trained it, by
    the worker's own clock; None until it has ended there."""

    number: int
    state: TrialState
    params: dict[str, Any]
    value: float | None
    steps: tuple[tuple[int, float], ...]
    started_at: datetime | None
    ended_at: datetime | None
    job_id: str = ""
    cause: str = ""
    retry_of: int | None = None
    ran_seconds: float | None = None


class Importance(Value):
    """How much a parameter mattered: its share of all that the parameters explain."""

    parameter: str
    share: float


class Importances(Value):
    """`method` names the estimator, `trials` how many finished ones it rests on; below 50 they are a hint, and
    `trusted` says which it is. No shares while there are too few trials to say anything."""

    method: str
    trials: int
    trusted: bool
    shares: tuple[Importance, ...]


class Confirmation(Value):
    """The best trial's parameters trained again with fresh seeds: `value` on the split the sweep looked at,
    `untouched` on one it never saw, by metric. Intervals cover the chance of the rows and of the seeds."""

    run_ids: tuple[str, ...]
    value: Interval | None
    untouched: dict[str, Interval]


class StudySpec(Value):
    """All that decides which parameters are tried next, beside the trials so far."""

    space: dict[str, Dimension]
    direction: Direction
    sampler: Sampler
    pruner: Pruner
    seed: int


class StudyFile(Value):
    """A sweep's study as Optuna's own journal file; in JSON its bytes are base64."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    sweep_id: str
    filename: str
    content: bytes


class NewSweep(Value):
    """A sweep that is asked for. Trials train with `base_params` and what is proposed from `space`; the confirmation
    with the best of those, and `confirm_params` where they differ."""

    project: str
    title: str
    recipe: str
    training_set_id: str
    space: Space
    base_params: Params
    confirm_params: Params
    metric: Metric
    split: str
    sampler: Sampler
    pruner: Pruner
    trials: Trials
    workers: Workers
    seed: int
    confirm_seeds: FreshSeeds


class Sweep(Value):
    """A sweep. `done` counts trials that came to an end of their own, `pruned` ones included; `best` is the best
    complete one, which may not be cited: `confirmation` may. `ran_seconds` is how long the processes of its jobs ran,
    all of them together, those of the confirmation included."""

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
    direction: Direction
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
    ran_seconds: float | None = None
    split: str = "validation"
    confirm_params: dict[str, Any] = Field(default_factory=dict)
    confirm_seeds: int = 3
    requirement_id: str = ""
