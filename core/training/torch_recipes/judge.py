"""The validation rows as a training is judged by them, with the figures of its task."""

from collections.abc import Mapping
from typing import Any

from core.tasks.predictions import Predictions
from core.tasks.task import task_of
from core.training.task_outputs import outputs_of
from core.training.torch_recipes.calibration import Calibration
from core.training.torch_recipes.heads import Head


class Judge:
    """The first of the task's leading metrics decides which weights are kept."""

    def __init__(self, head: Head, *, labels: Any, groups: Any = None) -> None:
        self._head, self._labels, self._groups = head, labels, groups
        self._task = task_of(head.target)
        self._leading = next(metric for metric in self._task.metrics if metric.name == self._task.leading[0])

    def figures(self, logits: Any) -> dict[str, float]:
        """Of float64 logits, by the task's names."""
        value = self._head.values(logits, calibration=Calibration())
        outputs = outputs_of(value, target=self._head.target)
        predictions = Predictions((), self._labels, outputs, self._head.target, self._groups)
        return {name: interval.value for name, interval in self._task.evaluate(predictions).items()}

    def loss_in(self, figures: Mapping[str, float]) -> float:
        """The one that decides, the lower the better."""
        value = figures[self._leading.name]
        return value if self._leading.better == "down" else -value

    def calibration(self, logits: Any, *, kind: str) -> Calibration:
        return self._head.calibrate(logits, labels=self._labels, kind=kind)
