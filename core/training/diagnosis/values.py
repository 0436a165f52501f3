"""What is kept of a run beside its figures, and what is said of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from core.foundation.values import Value
from core.tasks.values import Interval
from core.training.automatic.values import Leaderboard

Figures = Annotated[dict[str, Interval], Field(max_length=20)]


def is_empty(value: Any) -> bool:
    return not value


class Comparison(Value):
    """A model on the rows of a split, beside the baseline, whose figures these are, and beside the best answer without
    any input. Differences are the model's figure minus the other's, paired by row."""

    split: Annotated[str, Field(max_length=40)]
    baseline: Figures = Field(default_factory=dict, exclude_if=is_empty)
    against_baseline: Figures = Field(default_factory=dict, exclude_if=is_empty)
    against_constant: Figures = Field(default_factory=dict, exclude_if=is_empty)


class Jump(Value):
    """A loss that rose at once: from what it was about to what it became at that step."""

    name: str
    step: int
    before: float
    after: float


class Judgement(Value):
    """`baseline_files` are the digests of what the baseline says of each split, as files of predictions; `last_step` is
    where a run ended that has no model."""

    comparisons: tuple[Comparison, ...] = Field(default=(), exclude_if=is_empty)
    baseline_files: Mapping[str, str] = Field(default_factory=dict, exclude_if=is_empty)
    leaderboard: Leaderboard | None = Field(default=None, exclude_if=is_empty)
    jump: Jump | None = Field(default=None, exclude_if=is_empty)
    last_step: int | None = Field(default=None, exclude_if=lambda step: step is None)


Alarm = Literal["ended early", "learned nothing", "loss jumped", "worse than baseline"]


class Remark(Value):
    """A sentence about a run; an alarm where somebody should look before using it."""

    kind: Alarm | Literal["baseline", "winner", "time over"]
    text: str

    @property
    def is_alarm(self) -> bool:
        return self.kind in get_args(Alarm)
