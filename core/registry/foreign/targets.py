"""What a version from elsewhere predicts, by what its answers are called: a task has names for its outputs."""

from typing import Literal

from core.registry.foreign.values import Answer, TensorMapping
from core.registry.signature import Signature
from core.tasks.kinds.generic import GenericTask
from core.tasks.task import Task, all_tasks
from core.tasks.values import OutputSpec, Target

SEVERAL = frozenset({"probabilities", "values"})


def target_of(mapping: TensorMapping) -> Target:
    """The target of the task with the most outputs of which all are among the answers; without one, the answers have no
    metric."""
    classes = next((answer.classes for answer in mapping.answers if answer.classes), ())
    return _fitting(tuple(_spec(answer) for answer in mapping.answers), classes)


def target_of_file(signature: Signature) -> Target:
    """The same of a file that is served as it is, where nobody says what its outputs are."""
    kinds: dict[bool, Literal["BYTES", "FP64"]] = {True: "BYTES", False: "FP64"}
    outputs = (OutputSpec(name=spec.name, datatype=kinds[spec.datatype == "BYTES"]) for spec in signature.gives)
    return _fitting(tuple(outputs), ())


def _fitting(outputs: tuple[OutputSpec, ...], classes: tuple[str, ...]) -> Target:
    names = {spec.name for spec in outputs}
    targets = [_target(task, classes) for task in all_tasks().values()]
    fitting = [target for target in targets if _outputs(target) and _outputs(target) <= names]
    generic = Target(task=GenericTask.name, outputs=outputs)
    return max(fitting, key=lambda target: len(_outputs(target)), default=generic)


def _target(task: type[Task], classes: tuple[str, ...]) -> Target:
    """With the classes where the task names the columns of an output by them."""
    bare = Target(task=task.name)
    has_classes = any(spec.names is not None for spec in task.outputs(bare))
    return bare.model_copy(update={"classes": classes}) if has_classes else bare


def _outputs(target: Target) -> set[str]:
    return {spec.name for spec in all_tasks()[target.task].outputs(target)}


def _spec(answer: Answer) -> OutputSpec:
    datatype = "BYTES" if answer.role == "label" else "FP64"
    return OutputSpec(name=answer.name, datatype=datatype, names=answer.classes if answer.role in SEVERAL else None)
