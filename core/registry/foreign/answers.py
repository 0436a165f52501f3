"""The answers of a file as a task calls them, from what a person says that its output is."""

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.values import Activation, Answer, File, Role, Tensor
from core.tasks.kinds.binary import OUTPUT, BinaryTask
from core.tasks.kinds.generic import GenericTask
from core.tasks.kinds.multi_class import PREDICTED, PROBABILITIES, MultiClassTask
from core.tasks.kinds.multi_label import MultiLabelTask
from core.tasks.kinds.ranking import SCORE, RankingTask
from core.tasks.kinds.regression import VALUE, RegressionTask
from core.tasks.values import NO, YES

ONE_NUMBER: dict[str, tuple[str, Role]] = {RegressionTask.name: (VALUE, "value"), RankingTask.name: (SCORE, "score")}


def answers_of_task(
    file: File,
    *,
    task: str,
    tensor: str,
    classes: tuple[str, ...] = (),
    positive: int = 1,
    activation: Activation = "none",
) -> tuple[Answer, ...]:
    """Of the output `tensor` what the task asks for; of no task every output as it is. Invalid where there is no such
    output, or the classes are not as many as its numbers."""
    if task == GenericTask.name:
        return tuple(_as_it_is(output) for output in file.outputs)
    output = next((output for output in file.outputs if output.name == tensor), None)
    if output is None:
        raise Invalid(_("The file has no output {name}").format(name=repr(tensor[:60])), field="mapping")
    if task in ONE_NUMBER:
        name, role = ONE_NUMBER[task]
        return (Answer(name=name, tensor=tensor, role=role, positive=0),)
    if task == BinaryTask.name:
        known = classes or output.classes or (NO, YES)
        chosen = {"activation": activation, "classes": known, "positive": positive}
        return (Answer(name=OUTPUT, tensor=tensor, role="probability", **chosen),)
    return _of_classes(output, task=task, classes=classes, activation=activation)


def _of_classes(output: Tensor, *, task: str, classes: tuple[str, ...], activation: Activation) -> tuple[Answer, ...]:
    size = output.shape[-1] if output.shape else 1
    known = classes or output.classes or tuple(str(number) for number in range(size or 2))
    if size is not None and len(known) != size:
        raise Invalid(
            _("{name} gives {size} numbers a row, and {count} classes are named").format(
                name=output.name, size=size, count=len(known)
            ),
            hint=_("Name the classes in the order of the file, or choose another output."),
            field="mapping",
        )
    about = {"tensor": output.name, "activation": activation, "classes": known}
    probabilities = Answer(name=PROBABILITIES, role="probabilities", **about)
    if task == MultiLabelTask.name:
        return (probabilities,)
    assert task == MultiClassTask.name
    return probabilities, Answer(name=PREDICTED, role="label", **about)


def _as_it_is(output: Tensor) -> Answer:
    """Texts are names; of numbers all there are."""
    role: Role = "label" if output.datatype == "BYTES" else "value" if output.shape in ((), (1,)) else "values"
    return Answer(name=output.name, tensor=output.name, role=role, positive=0)
