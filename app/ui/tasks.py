"""Which figures are shown of models of some tasks."""

from collections.abc import Iterable

from core.tasks.task import task_called


def leading_metrics(tasks: Iterable[str], *, most: int = 2) -> tuple[str, ...]:
    """Of each task the metrics that say most of it, each once."""
    names = [name for task in dict.fromkeys(tasks) for name in task_called(task).leading[:most]]
    return tuple(dict.fromkeys(names))
