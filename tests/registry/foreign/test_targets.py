"""The names of answers say which task a version from elsewhere is of."""

import pytest

from core.registry.foreign.targets import target_of, target_of_file
from core.registry.foreign.values import Answer, TensorMapping
from core.registry.signature import Signature, TensorSpec
from core.tasks.values import Target

CLASSES = ("low", "high")
PROBABILITIES = Answer(name="probabilities", tensor="p", role="probabilities", classes=CLASSES)
PREDICTED = Answer(name="predicted", tensor="p", role="label", classes=CLASSES)


@pytest.mark.parametrize(
    ("answers", "task", "classes"),
    [
        ((Answer(name="probability", tensor="p", role="probability"),), "binary", ()),
        ((PROBABILITIES, PREDICTED), "multi_class", CLASSES),
        ((PROBABILITIES,), "multi_label", CLASSES),
        ((Answer(name="value", tensor="p", role="value"),), "regression", ()),
        ((Answer(name="score", tensor="p", role="score"),), "ranking", ()),
        ((PREDICTED,), "generic", ()),
    ],
)
def test_the_task_is_the_one_with_the_most_outputs_among_the_answers(
    answers: tuple[Answer, ...], task: str, classes: tuple[str, ...]
) -> None:
    target = target_of(TensorMapping(answers=answers))
    assert (target.task, target.classes) == (task, classes)


def test_answers_of_no_task_are_kept_as_they_are() -> None:
    target = target_of(TensorMapping(answers=(Answer(name="distances", tensor="d", role="values"), PREDICTED)))
    assert [(spec.name, spec.datatype, spec.names) for spec in target.outputs] == [
        ("distances", "FP64", ()),
        ("predicted", "BYTES", None),
    ]


def test_a_file_that_is_served_as_it_is_predicts_what_its_outputs_are_called() -> None:
    rows = TensorSpec(name="x", datatype="FP64")
    tasks = {
        name: target_of_file(Signature(inputs=(rows,), output=name)) for name in ("probability", "value", "distance")
    }
    assert tasks["probability"] == Target()
    assert [target.task for target in tasks.values()] == ["binary", "regression", "generic"]
    assert [spec.name for spec in tasks["distance"].outputs] == ["distance"]
