"""Labels, figures and pictures as every other domain and the pages see them."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from core.foundation.text import _, significant
from core.foundation.values import Value

BINARY = "binary"
# The classes of that task.
NO, YES = "0", "1"
# A spread of thousands of classes would be larger than all else that is known of a version.
MOST_SHARES = 100
Better = Literal["up", "down"]
ClassName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Verdict(StrEnum):
    """What a machine may judge. Silence is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no data"


class Interval(Value):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class OutputSpec(Value):
    """An output of the ONNX file: a column [rows], or [rows, width] with the `names` of its columns where they have
    any. FP64 are numbers, BYTES is text."""

    name: str
    datatype: Literal["BYTES", "FP64"] = "FP64"
    names: tuple[str, ...] | None = None


class Target(Value):
    """What a model predicts: the task, the column of the label, the names of its classes in the order of the model's
    outputs, and the column whose rows belong together where the task ranks within groups. `interval` is the share of
    numbers that lies between the model's `low` and `high`, where it gives them; `outputs` are those of a model that has
    no label."""

    task: str = BINARY
    label: str = Field(default="", exclude_if=lambda label: not label)
    classes: tuple[ClassName, ...] = Field(default=(), max_length=10_000, exclude_if=lambda classes: not classes)
    group: str = Field(default="", exclude_if=lambda group: not group)
    interval: float | None = Field(default=None, gt=0, lt=1, exclude_if=lambda share: share is None)
    outputs: tuple[OutputSpec, ...] = Field(default=(), max_length=1_000, exclude_if=lambda outputs: not outputs)


class Proposal(Value):
    """A task that fits a column, with the reason in words."""

    task: str
    reason: str


# How many of the labels are positive, of labels that can be; left out of what is written where there is none.
PositiveShare = Annotated[float | None, Field(ge=0, le=1, exclude_if=lambda share: share is None)]


class LabelSpread(Value):
    """What the labels of some rows are: the share of rows by class, of many classes the most frequent ones, or how
    numbers are spread."""

    shares: Mapping[str, float] = Field(default_factory=dict, exclude_if=lambda shares: not shares)
    mean: float | None = Field(default=None, exclude_if=lambda value: value is None)
    deviation: float | None = Field(default=None, exclude_if=lambda value: value is None)
    lowest: float | None = Field(default=None, exclude_if=lambda value: value is None)
    highest: float | None = Field(default=None, exclude_if=lambda value: value is None)

    @classmethod
    def of_classes(cls, names: Sequence[str], *, shares: Sequence[float]) -> "LabelSpread":
        frequent = sorted(range(len(names)), key=lambda place: -shares[place])[:MOST_SHARES]
        return cls(shares={names[place]: shares[place] for place in sorted(frequent)})

    @classmethod
    def of_numbers(cls, labels: Any) -> "LabelSpread":
        """Of an array; nothing is known of an empty one."""
        if not len(labels):
            return cls()
        figures = (labels.mean(), labels.std(), labels.min(), labels.max())
        mean, deviation, lowest, highest = (float(figure) for figure in figures)
        return cls(mean=mean, deviation=deviation, lowest=lowest, highest=highest)

    def refusal_of_one_number(self) -> str:
        """Why nothing can be learned where all numbers are the same; empty where they are not."""
        if self.lowest is None or self.lowest != self.highest:
            return ""
        return _("all labels are {value}").format(value=significant(self.lowest, 6))

    def as_fields(self) -> dict[str, Any]:
        """As figures about rows have it beside them: labels of 0 or 1 are one share, unless a row may have both."""
        if set(self.shares) == {NO, YES} and math.isclose(sum(self.shares.values()), 1.0):
            return {"positive_share": self.shares[YES]}
        return {"spread": self}


class ShownAnswer(Value):
    """An answer to one row as people read it: a number (a share of one in percent), or a name; between `low` and `high`
    where the model gives an interval. `shares` are the probabilities of names, the largest first."""

    title: str
    value: float | str
    is_share: bool = False
    low: float | None = None
    high: float | None = None
    shares: dict[str, float] = Field(default_factory=dict)


class Picture(Value):
    """How a line is drawn: as a line, as bars, as points, or as the cells of a matrix. `x` and `y` are the titles of
    its axes, `hint` says how to read it; on the `diagonal` both would be the same."""

    name: str
    title: str
    x: str
    y: str
    hint: str
    form: Literal["line", "bars", "points", "matrix"] = "line"
    diagonal: bool = False


class Line(Value):
    """The figures of a picture. `names` stand at the places of its x axis where these are no numbers; the cells of a
    matrix are in `y` row by row, and `names` are those of its rows and columns."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    names: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)


class Curve(Line):
    """A line of a version, for instance its calibration or ROC curve."""

    version_id: str


class Flip(Value):
    """Rows whose decision differs between the baseline and a version. `rows` are the widest gaps: row id, label, what
    the baseline and what the version says. With probabilities a row is flagged from `threshold` on, which is the share
    of positives on the holdout."""

    version_id: str
    share: float
    rows: tuple[tuple[str, float | str, float | str, float | str], ...]
    threshold: float = 0.5
