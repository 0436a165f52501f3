"""Which figures are shown of models of some tasks: the first of a task, those of several, and one in a column in which
each line may have a task of its own."""

from collections.abc import Iterable, Mapping

from app.ui import cells, numbers
from app.ui.cells import Cell
from core.tasks.task import Task, task_called
from core.tasks.values import Interval


def leading_metrics(tasks: Iterable[str], *, most: int = 2) -> tuple[str, ...]:
    """Of each task the metrics that say most of it, each once."""
    names = [name for task in dict.fromkeys(tasks) for name in task_called(task).leading[:most]]
    return tuple(dict.fromkeys(names))


def shown_metrics(task: type[Task], *, most: int = 3) -> tuple[str, ...]:
    """The metrics that say most of a task, in the order in which it shows them."""
    first = task.leading[:most]
    return tuple(metric.name for metric in task.metrics if metric.name in first)


def quality_cell(task: type[Task] | None, figures: Mapping[str, Interval]) -> Cell:
    """The first figure with its name."""
    shown = [metric for metric in shown_metrics(task, most=2) if metric in figures] if task else []
    if not shown:
        return cells.text("—")
    value = numbers.metric_value(shown[0], figures[shown[0]].value)
    return cells.text(value, detail=numbers.metric_name(shown[0]))
