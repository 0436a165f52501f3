"""Recipes and runs as the other domains and the pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from core.compute.values import JobState
from core.features.values import Kind
from core.foundation.values import Value
from core.registry.values import Evaluation
from core.tasks.values import BINARY
from core.training.diagnosis.values import Judgement, Remark

DEFAULT_SEED = 1


class RecipeCard(Value):
    """A recipe that one can train with; `kinds` are those of the inputs that it learns from, `parameters` the
    JSON schema that draws its form. It may be sent an archive of code where it `takes_source`."""

    name: str
    title: str
    help: str
    tasks: tuple[str, ...]
    kinds: tuple[Kind, ...]
    parameters: dict[str, Any]
    takes_source: bool = False
    is_searchable: bool = True


class Origin(Value):
    """Where a model comes from: its run, and what that learned from. A run is at most one version of one model."""

    run: str = ""
    title: str = ""
    recipe: str = ""
    training_set: str = ""
    training_set_title: str = ""
    training_set_digest: str = ""
    label: str = "label"

    @property
    def number(self) -> int:
        """That of the run, which grows with each: 118 for RUN-118."""
        digits = self.run.rpartition("-")[2]
        return int(digits) if digits.isdecimal() else 0


class NewRun(Value):
    """A run to be queued. `owner` is whom it is for when the portal itself asks; a quiet one stands behind others.
    `source` is the digest of the tree of code that came with the request."""

    project: str
    recipe: str
    training_set_id: str
    params: dict[str, Any] = Field(default_factory=dict)
    title: str = ""
    seed: int = DEFAULT_SEED
    requirement_id: str = ""
    sweep_id: str = ""
    owner: str = ""
    quiet: bool = False
    source: str = ""


class Run(Value):
    """A training run. `metrics` are the last values reported, `evaluations` stand once the run has succeeded.
    `manifest` is the digest of the model folder in the store, `model_digest` of the ONNX file; `seconds` says where the
    time went; `judgement` is what its figures are worth and `remarks` that in words, what alarms
    first; `ran_seconds` is how long the process of the last attempt ran, `total_ran_seconds` those of all."""

    id: str
    project: str
    title: str
    recipe: str
    training_set_id: str
    params: dict[str, Any]
    seed: int
    state: JobState
    job_id: str
    sweep_id: str
    progress: float | None
    stage: str
    eta_seconds: float | None
    cause: str
    metrics: dict[str, float]
    evaluations: tuple[Evaluation, ...]
    version_id: str
    mlflow_run: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ran_seconds: float | None = None
    total_ran_seconds: float | None = None
    requirement_id: str = ""
    manifest: str = ""
    model_digest: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    code_commit: str = ""
    seconds: dict[str, float] = Field(default_factory=dict)
    task: str = BINARY
    judgement: Judgement = Judgement()
    remarks: tuple[Remark, ...] = ()


class RunOrder(StrEnum):
    """How a list of runs is sorted: the newest, or the best on the validation rows by what says most of their task,
    first."""

    NEWEST = "newest"
    BEST = "best"


class Point(Value):
    step: int
    value: float


class Series(Value):
    """The history of a metric over steps."""

    name: str
    points: tuple[Point, ...]
