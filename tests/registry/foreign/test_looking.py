"""What a person sees of a file before anything is decided, and what a task makes of its outputs."""

import json
from typing import Any

import pytest

from core.foundation.errors import Invalid
from core.registry.foreign.answers import answers_of_task
from core.registry.foreign.conversion import Sent, convert
from core.registry.foreign.looking import look
from core.registry.foreign.values import TensorMapping
from tests.registry.foreign.test_conversion import content_of, document


def rows_with(name: str, **more: Any) -> bytes:
    """The example as CSV, with an id in front and what the library answered behind."""
    (expected,) = document(name)["expected"].values()
    rows = [
        {**row, **{f"proba_{place}": value for place, value in enumerate(answers)}}
        for row, answers in zip(document(name)["example"], expected, strict=True)
    ]
    lines = [",".join(rows[0]), *(",".join("" if cell is None else str(cell) for cell in row.values()) for row in rows)]
    return "\n".join(lines).encode()


def test_what_is_more_than_the_file_takes_is_left_over() -> None:
    seen = look(content_of("xgboost"), Sent(example=rows_with("xgboost")))
    assert [(tensor.name, tensor.shape) for tensor in seen.file.inputs] == [("float_input", (6,))]
    assert seen.mapping.names("number") == tuple(f"c{number}" for number in range(6))
    assert (seen.unused, seen.rows, seen.task) == (("proba_0", "proba_1"), 24, "binary")
    assert len(seen.columns[0].first) == 3


def test_answers_in_columns_of_the_example_are_compared_like_those_of_a_file() -> None:
    compared = {"probability": ("proba_0", "proba_1")}
    sent = Sent(example=rows_with("xgboost"), compared=compared)
    _served, trial = convert(content_of("xgboost"), sent)
    assert trial.report is not None
    assert (trial.report.rows, trial.report.above) == (24, 0)
    assert trial.report.largest_difference < 1e-6
    assert len(trial.expected["probability"]) == 20
    with pytest.raises(Invalid, match="no column 'proba_9'"):
        convert(content_of("xgboost"), sent._replace(compared={"probability": ("proba_0", "proba_1", "proba_9")}))


def test_columns_in_another_order_are_another_answer() -> None:
    seen = look(content_of("xgboost"), Sent(example=rows_with("xgboost")))
    (tensor,) = seen.mapping.inputs
    swapped = tensor.model_copy(update={"columns": (tensor.columns[1], tensor.columns[0], *tensor.columns[2:])})
    mapping = TensorMapping(inputs=(swapped,), answers=seen.mapping.answers)
    sent = Sent(example=rows_with("xgboost"), compared={"probability": ("proba_1",)}, mapping=mapping)
    _served, trial = convert(content_of("xgboost"), sent)
    assert trial.report is not None
    assert trial.report.above > 0.1


def test_texts_in_the_place_of_numbers_get_codes_to_begin_with() -> None:
    rows = [{**document("xgboost")["example"][0], "c1": word} for word in ("low", "high", "low", "")]
    seen = look(content_of("xgboost"), Sent(example=json.dumps(rows).encode()))
    (tensor,) = seen.mapping.inputs
    assert tensor.columns[1].codes == {"high": 0.0, "low": 1.0}
    with pytest.raises(Invalid, match="takes 6 values a row, and the example has 2 columns"):
        look(content_of("xgboost"), Sent(example=b"a,b\n1,2\n"))


@pytest.mark.parametrize(
    ("name", "task", "names"),
    [
        ("xgboost", "binary", ["probability"]),
        ("xgboost", "multi_class", ["probabilities", "predicted"]),
        ("xgboost", "multi_label", ["probabilities"]),
        ("sklearn-regression", "regression", ["value"]),
        ("sklearn-regression", "ranking", ["score"]),
        ("torch", "generic", ["linear_1"]),
    ],
)
def test_a_task_makes_its_answers_of_an_output(name: str, task: str, names: list[str]) -> None:
    file = look(content_of(name), Sent(example=json.dumps(document(name)["example"]).encode())).file
    numbers = [output.name for output in file.outputs if output.datatype.startswith("FP")]
    answers = answers_of_task(file, task=task, tensor=numbers[-1])
    assert [answer.name for answer in answers] == names
    with pytest.raises(Invalid, match="no output 'nothing'"):
        answers_of_task(file, task="binary", tensor="nothing")


def test_classes_are_as_many_as_the_numbers_of_the_output() -> None:
    file = look(content_of("xgboost"), Sent()).file
    with pytest.raises(Invalid, match="gives 2 numbers a row, and 3 classes are named"):
        answers_of_task(file, task="multi_class", tensor="probabilities", classes=("a", "b", "c"))
