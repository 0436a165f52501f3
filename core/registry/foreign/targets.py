"""What a version from elsewhere predicts, by what its answers are called: a task has names for its outputs."""

from core.registry.foreign.values import TensorMapping
from core.tasks.task import Task, all_tasks
from core.tasks.values import Target


def target_of(mapping: TensorMapping) -> Target:
    """The target of the task whose outputs are among the answers; without one that of every file that says nothing."""
    classes = next((answer.classes for answer in mapping.answers if answer.classes), ())
    names = {answer.name for answer in mapping.answers}
    targets = [_target(task, classes) for task in all_tasks().values()]
    return next((target for target in targets if _outputs(target) and _outputs(target) <= names), Target())


def _target(task: type[Task], classes: tuple[str, ...]) -> Target:
    """With the classes where the task names the columns of an output by them."""
    bare = Target(task=task.name)
    has_classes = any(spec.names is not None for spec in task.outputs(bare))
    return bare.model_copy(update={"classes": classes}) if has_classes else bare


def _outputs(target: Target) -> set[str]:
    return {spec.name for spec in all_tasks()[target.task].outputs(target)}
