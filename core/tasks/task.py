"""The port of a task. A task is a plug-in that knows what a label is, what a model of it answers, and which figures
judge it; nothing else in the portal names a metric or reads an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.errors import Invalid
from core.foundation.plugins import Plugin, choose, discover
from core.foundation.text import N_, _
from core.tasks import kinds as folder
from core.tasks.metrics import OPERATIONAL, Metric, by_name
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.values import Flip, Interval, LabelSpread, Line, OutputSpec, Picture, ShownAnswer, Target

if TYPE_CHECKING:
    import pyarrow as pa

ENTRY_POINTS = "causeway.tasks"
# Of several classes one is often told by one input. An input that orders numbers as an area orders rents correlates by
# 0.92 where a fifth of the rent is chance; the label with a fifth of its spread as noise by 0.975. (1 + 0.97) / 2.
ONE_CLASS_IS_HONEST_TO, ORDER_IS_HONEST_TO = 0.95, 0.985


class Task(Plugin, ABC):
    """A kind of prediction.

    `metrics` are shown in their order; `leading` names them in the order of how much they say, so that its first
    chooses among models. `margins` say how much worse than its baseline a model may be and still count as no worse;
    what is not in it is shown and not judged. `pictures` are what `lines` draws. The outputs of two runs on the same
    row may differ by `tolerance`. `followed` are the metrics that are taken where a model serves, once outcomes are
    known: the leading ones, unless it says otherwise. Of the tasks that fit a label the one with the lowest
    `precedence` is proposed first. `has_groups` says that rows are judged within groups, `separation` is the name of
    the figure, from 0.5 to 1, that says how well an input alone tells the label, and `separation_is_honest_to` how far
    an honest input may come, whatever a policy asks for."""

    metrics: ClassVar[tuple[Metric, ...]] = ()
    leading: ClassVar[tuple[str, ...]] = ()
    margins: ClassVar[Mapping[str, float]] = {}
    pictures: ClassVar[tuple[Picture, ...]] = ()
    tolerance: ClassVar[float] = 1e-5
    followed: ClassVar[tuple[str, ...]] = ()
    precedence: ClassVar[int] = 100
    has_groups: ClassVar[bool] = False
    separation: ClassVar[str] = N_("AUC")
    separation_is_honest_to: ClassVar[float] = 0.5

    @classmethod
    def suspicious_above(cls, limit: float) -> float:
        """Above which separation an input alone seems to contain the outcome, where a policy says `limit`."""
        return max(limit, cls.separation_is_honest_to)

    @classmethod
    @abstractmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        """Whether the values of a column look like labels of this task: what is proposed, not what is allowed."""

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        """Why it is proposed for a column that it fits."""
        return _("the values look like labels of this task")

    @classmethod
    @abstractmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        """What is predicted, from all labels there are. Invalid says why they are none of this task."""

    @classmethod
    @abstractmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """The labels as the figures take them. Invalid names one that the target does not know."""

    @classmethod
    @abstractmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        """What the labels are, in shares or in numbers."""

    @classmethod
    @abstractmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        """Why nothing can be learned from, or judged by, rows with these labels; empty where it can."""

    @classmethod
    @abstractmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        """What the ONNX file of a model gives."""

    @classmethod
    @abstractmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        """Every metric that these rows allow, with its 95 % interval. Invalid where they allow none."""

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        """What its leading metric is the mean of, turned so that less is better: float64 of every row, or of every
        group that can be judged. Invalid where these rows allow none, or no metric judges them."""
        raise Invalid(_("No metric judges what it answers"), field="task")

    @classmethod
    def aligned(cls, predictions: Predictions, *, target: Target) -> Predictions:
        """The same of a model that names its classes in the order of the target. Both know the same classes."""
        return predictions

    @classmethod
    @abstractmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        """After minus before for every metric, paired by row, with its 95 % interval. Of models that know the same
        classes, in whatever order."""

    @classmethod
    def margins_against(
        cls, baseline: Mapping[str, Interval], *, margins: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        """Its own margins, or others of its metrics, in the units of the baseline's figures."""
        chosen = cls.margins if margins is None else margins
        relative = {metric.name for metric in cls.metrics if metric.relative}
        absolute = {name: margin for name, margin in chosen.items() if name not in relative}
        shares = {name: chosen[name] * abs(baseline[name].value) for name in relative & set(chosen) & set(baseline)}
        return {**absolute, **shares}

    @classmethod
    def remarks(cls, predictions: Predictions) -> tuple[str, ...]:
        """What one must know to read the figures, in sentences."""
        return ()

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        """What its pictures show, in at most 60 points each."""
        return ()

    @classmethod
    def flips(cls, before: Predictions, *, after: Predictions, version_id: str) -> Flip | None:
        """The rows that are decided otherwise. None where the task has no decision."""
        return None

    @classmethod
    @abstractmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """What the best model without any input says of so many rows, having seen these labels."""

    @classmethod
    @abstractmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        """What a caller is told of each row, ready for JSON."""

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        """What a caller was told of one row, as people read it."""
        return tuple(
            ShownAnswer(title=spec.name, value=_readable(answer[spec.name]))
            for spec in cls.outputs(target)
            if spec.name in answer
        )

    @classmethod
    @abstractmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        """The outputs that these answers came of. KeyError, TypeError or ValueError when they are none."""

    @classmethod
    @abstractmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        """float64 [rows]: how far two runs differ on each row, to be held against the tolerance; infinite where a text
        differs or one of them is no number."""


def _readable(value: Any) -> float | str:
    return value if isinstance(value, float | str) else str(value)


def largest_first(shares: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def followed_by(task: type[Task]) -> tuple[str, ...]:
    """The metrics that are taken of a task where it serves."""
    return task.followed or task.leading


def all_tasks() -> Mapping[str, type[Task]]:
    return discover(folder, Task, group=ENTRY_POINTS)  # type: ignore[type-abstract]


def task_called(name: str) -> type[Task]:
    """The task of that name. NotFound lists the names there are."""
    return choose(all_tasks(), name)


def task_of(target: Target) -> type[Task]:
    return task_called(target.task)


@cache
def all_metrics() -> Mapping[str, Metric]:
    """Those of all tasks and of what serves, by name."""
    return by_name((*(metric for task in all_tasks().values() for metric in task.metrics), *OPERATIONAL))


@cache
def quality_metrics() -> Mapping[str, Metric]:
    """Those of all tasks."""
    return by_name(metric for task in all_tasks().values() for metric in task.metrics)
