"""What came of several recipes on the same rows, as a run keeps it."""

from typing import Annotated, Any

from pydantic import Field

from core.foundation.values import Value
from core.tasks.values import Interval


class Candidate(Value):
    """Parameters with which a recipe takes part; what is not said keeps its default. `turn` is when they are tried, the
    lowest first and simplest; those of the first turns are tried whatever the clock says. Without `tasks` they are for
    any."""

    turn: int
    params: dict[str, Any] = Field(default_factory=dict)
    tasks: tuple[str, ...] = ()


class Entry(Value):
    """A candidate as it did on the validation rows. `params` are those that differ from the defaults; without a figure
    it did not finish, and `cause` says why. `weight` is its part in the blend."""

    recipe: Annotated[str, Field(max_length=60)]
    params: dict[str, Any] = Field(default_factory=dict)
    figure: Interval | None = None
    seconds: float = 0.0
    weight: float = 0.0
    cause: Annotated[str, Field(max_length=300)] = Field(default="", exclude_if=lambda cause: not cause)


class Leaderboard(Value):
    """All candidates, the best on the `rows` of validation first, judged by `metric`. `winner` is the place of the
    simplest that cannot be told from the first; `slope` says how much surer its answers are made. With `parts` the rows
    are those of training and validation, each judged by a fit that left its part out. `blend` is the figure of several
    together and `gain` that minus the best one's, both from weights that had not seen the rows; `is_blended` says that
    the model is a blend. `distance` is the winner minus the baseline. Differences are paired by row."""

    metric: str
    rows: int
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=200)]
    blend: Interval | None = None
    gain: Interval | None = None
    is_blended: bool = False
    winner: int = Field(default=0, exclude_if=lambda place: not place)
    parts: int = Field(default=0, exclude_if=lambda parts: not parts)
    slope: float = Field(default=1.0, exclude_if=lambda slope: slope == 1.0)
    baseline: str = ""
    distance: Interval | None = None

    @property
    def unfinished(self) -> int:
        """How many candidates did not come to an end."""
        return sum(entry.figure is None for entry in self.entries)
