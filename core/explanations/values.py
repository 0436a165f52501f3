"""What inputs matter to a version, and what they did to one of its predictions."""

from typing import Annotated, Any, Literal

from pydantic import Field

from core.foundation.values import Value
from core.tasks.values import Interval

IMPORTANCE = "importance"
# The name of an input, or of several that were shuffled as one.
InputName = Annotated[str, Field(min_length=1, max_length=400)]


class InputImportance(Value):
    """How much worse the metric is where the values of an input are shuffled among the rows. `columns` are the inputs
    that were shuffled as one; `view` is the id of the feature version that a single input is the `feature` of."""

    name: InputName
    importance: Interval
    columns: tuple[str, ...] = Field(default=(), exclude_if=lambda columns: not columns)
    view: str = Field(default="", exclude_if=lambda view: not view)
    feature: str = Field(default="", exclude_if=lambda feature: not feature)


class ImportanceReport(Value):
    """The content of IMPORTANCE evidence, in the unit of the `metric`, the most important first. `groups` are the
    inputs of a feature view, shuffled together; `together` are numbers that go up and down together (their correlation
    is above 0.9), which share their importance when each is shuffled alone. `left_out` counts the inputs that a first
    look over all of them found least important."""

    task: str
    metric: str
    training_set: str
    holdout: str
    holdout_name: str
    rows: int
    rows_in_all: int
    repeats: int
    seed: int
    inputs: tuple[InputImportance, ...]
    groups: tuple[InputImportance, ...] = Field(default=(), exclude_if=lambda groups: not groups)
    together: tuple[InputImportance, ...] = Field(default=(), exclude_if=lambda groups: not groups)
    left_out: int = Field(default=0, exclude_if=lambda count: not count)

    @property
    def shares(self) -> dict[str, float]:
        """By input its part of all that inputs bring; nothing below 0 is brought."""
        gains = {entry.name: max(0.0, entry.importance.value) for entry in self.inputs}
        total = sum(gains.values())
        return {name: value / total if total else 0.0 for name, value in gains.items()}


class MeasuredImportance(Value):
    """What the job of a measurement reports."""

    version_id: str
    report: ImportanceReport


class FeatureImportance(Value):
    """How important a feature is to the newest version that was measured with it: its `rank` among the inputs, from 1,
    and its `share` of what all of them bring."""

    version_id: str
    title: str
    input: str
    share: float
    rank: int


class FeatureImportances(Value):
    """By feature, of one version of a feature view; `evidence_id` is empty where nothing was measured yet."""

    feature_version_id: str
    evidence_id: str = ""
    features: dict[str, FeatureImportance] = Field(default_factory=dict)


class VersionImportance(Value):
    """What was measured last of a version, if anything, and the job that measures it now, if one does."""

    version_id: str
    evidence_id: str = ""
    report: ImportanceReport | None = None
    job_id: str = ""


class Contribution(Value):
    """How far an input pushes a prediction up or down; `error` is the standard error where it was estimated."""

    name: str
    value: str | float | None
    contribution: float
    error: float | None = Field(default=None, exclude_if=lambda error: error is None)


class Explanation(Value):
    """What pushed one prediction away from the mean over `rows` other rows, the `base`: the contributions and the base
    are the `prediction`. They are in the `unit` of the answer, or before a probability is made of it in log odds.
    `output` is the class that it is about, where there are several."""

    version_id: str
    method: Literal["trees", "additive", "sampled"]
    unit: Literal["log odds", "score", "probability", "value"]
    output: str = ""
    base: float
    prediction: float
    rows: int
    contributions: tuple[Contribution, ...]


RowValues = Annotated[dict[str, Any], Field(max_length=20_000)]
