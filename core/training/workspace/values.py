"""Runs as a workspace shows them, and what it is asked with."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from core.compute.values import JobState
from core.foundation.naming.texts import ONE_LINE
from core.foundation.text import N_
from core.foundation.validation import shaped
from core.foundation.values import Value
from core.training.diagnosis.values import Alarm
from core.training.values import Series

PARAMS, METRICS = "params.", "metrics."
MOST_TAGS, LONGEST_TAG = 10, 40
FieldName = Annotated[
    str,
    shaped(
        r"^(params|metrics)\.[A-Za-z][A-Za-z0-9_]{0,79}$",
        allowed=N_("params. or metrics. and the name of a parameter or metric"),
        example="params.learning_rate",
    ),
]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TAG, strip_whitespace=True), ONE_LINE]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)]
ViewName = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), ONE_LINE]
Address = Annotated[str, StringConstraints(max_length=2000), ONE_LINE]
# What a list may also be sorted by, beside any parameter and metric.
NEWEST, BEST = "newest", "best"


class Comparison(StrEnum):
    EQUAL = "="
    OTHER = "!="
    LESS = "<"
    MORE = ">"
    CONTAINS = "contains"


class RunFilter(Value):
    """A condition on a parameter or the last value of a metric; what does not have it does not meet it."""

    field: FieldName
    comparison: Comparison
    value: Annotated[str, StringConstraints(max_length=200)]


class RunField(Value):
    """A parameter or metric that runs have."""

    name: str
    is_number: bool


class RunLine(Value):
    """A run in a list: `values` are those of the columns that were asked for, a star is the reader's own; `alarms` say
    what one should know before using it. It is `archived` where its version, the model of that, or what it learned from
    is."""

    id: str
    project: str
    title: str
    recipe: str
    training_set_id: str
    sweep_id: str
    task: str
    seed: int
    params: dict[str, Any]
    state: JobState
    progress: float | None
    stage: str
    cause: str
    version_id: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ran_seconds: float | None = None
    total_ran_seconds: float | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False
    values: Mapping[str, float | str] = Field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()
    archived: bool = False


class GroupedBy(StrEnum):
    """What the runs of a group have in common."""

    SWEEP = "sweep"
    TAG = "tag"
    RECIPE = "recipe"
    TRAINING_SET = "training_set"


class FigureRange(Value):
    lowest: float
    highest: float


class RunGroup(Value):
    """How many runs of a list are in a group, and between what their figures lie, by field; `name` is what they have in
    common, and empty for those of none."""

    name: str
    runs: int
    figures: Mapping[str, FigureRange] = Field(default_factory=dict)


class RunMarks(Value):
    """What people wrote on a run."""

    run_id: str
    note: str
    tags: tuple[str, ...]
    starred: bool


class RunCurves(Value):
    """The histories of a run's metrics."""

    run_id: str
    series: tuple[Series, ...]


class RunFile(Value):
    """A file of a run's model, by its SHA-256."""

    name: str
    bytes: int
    digest: str


class RunArtifact(RunFile):
    """The same with its bytes, base64 in JSON."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    content: bytes


class RunView(Value):
    """A view that its owner keeps under a name; `address` is what follows the question mark."""

    name: str
    address: str
    saved_at: datetime
