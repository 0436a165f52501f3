"""What the outputs of a file are: the task, the output that answers it, the names of its classes, and the columns of
the rows that hold what the original library answered."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.ui import frame, links
from core.foundation.text import N_, _
from core.registry.foreign.answers import answers_of_task
from core.registry.foreign.values import Activation, Answer, FileLook, Tensor
from core.tasks.kinds.binary import BinaryTask
from core.tasks.kinds.generic import GenericTask
from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.kinds.multi_label import MultiLabelTask
from core.tasks.task import all_tasks

HELD = ("proba", "expected", "predict", "score", "output", "answer")
ACTIVATIONS: dict[Activation, str] = {
    "none": N_("As they are"),
    "sigmoid": N_("Logits: sigmoid"),
    "softmax": N_("Logits: softmax"),
}
MOST_NAMED = 6


def choose(look: FileLook) -> tuple[Answer, ...]:
    """The form. Raises Invalid where classes and numbers do not fit."""
    frame.section(_("What it answers"), hint=_("decides by which metrics it is judged"))
    tasks = sorted(all_tasks().values(), key=lambda task: task.precedence)
    names = [task.name for task in tasks]
    left, right = st.columns(2, gap="medium")
    task = left.selectbox(
        _("It predicts"),
        names,
        index=names.index(look.task),
        format_func=lambda name: _(all_tasks()[name].title),
        key="up_answer_task",
    )
    if task == GenericTask.name:
        right.caption(_("No metric judges it: it is served, load-tested and approved on parity and latency."))
        return answers_of_task(look.file, task=task, tensor="")
    numbers = [output for output in look.file.outputs if output.datatype != "BYTES"]
    tensor = _output(right, numbers, look)
    classes, positive = _classes(look, tensor, task=task)
    chosen = {answer.tensor: answer.activation for answer in look.mapping.answers}
    activations = list(ACTIVATIONS)
    activation: Activation = left.selectbox(
        _("Its numbers are"),
        activations,
        index=activations.index(chosen.get(tensor.name, "none")),
        format_func=lambda name: _(ACTIVATIONS[name]),
        key=f"up_answer_activation_{tensor.name}",
    )
    return answers_of_task(
        look.file, task=task, tensor=tensor.name, classes=classes, positive=positive, activation=activation
    )


def _output(place: DeltaGenerator, numbers: Sequence[Tensor], look: FileLook) -> Tensor:
    proposed = look.mapping.answers[0].tensor if look.mapping.answers else ""
    names = [output.name for output in numbers]
    name = place.selectbox(
        _("Output"), names, index=names.index(proposed) if proposed in names else 0, key="up_answer_output"
    )
    return next(output for output in numbers if output.name == name)


def _classes(look: FileLook, tensor: Tensor, *, task: str) -> tuple[tuple[str, ...], int]:
    """Their names in the order of the file, and which of two a probability is of."""
    known = next((answer.classes for answer in look.mapping.answers if answer.classes), tensor.classes)
    size = tensor.shape[-1] if tensor.shape else 1
    is_of_classes = task in (BinaryTask.name, MultiClassTask.name, MultiLabelTask.name)
    if not is_of_classes:
        return (), 0
    text = st.text_input(
        _("Classes, in the order of the file"),
        value=", ".join(known or (str(number) for number in range(max(size or 2, 2)))),
        key=f"up_answer_classes_{tensor.name}",
        help=_("With commas. What was a list of maps in the file (ZipMap) is a tensor now, with its classes."),
    )
    classes = tuple(part.strip() for part in text.split(",") if part.strip())
    if task != BinaryTask.name or len(classes) < 2:
        return classes, 0
    chosen = st.segmented_control(
        _("The probability is that of"), list(classes[:MOST_NAMED]), default=classes[1], key="up_answer_positive"
    )
    return classes, classes.index(chosen) if chosen in classes else 1


def compared(look: FileLook, answers: Sequence[Answer], *, used: set[str]) -> dict[str, tuple[str, ...]]:
    """The columns that hold what the original library answered; none where there is no such column."""
    rest = [column.name for column in look.columns if column.name not in used]
    if not rest or not answers:
        return {}
    name = answers[0].name
    chosen = st.multiselect(
        _("Columns with the original's {answer}").format(answer=links.escape(name)),
        rest,
        default=[column for column in rest if any(word in column.lower() for word in HELD)],
        key="up_answer_compared",
        help=_("Of several classes one column each, in the order of the file."),
    )
    return {name: tuple(chosen)} if chosen else {}
