"""Files of other libraries from their bytes to what the portal serves: the answers of the library come out, and
a conversion that was wrong is refused with its row."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.foundation.errors import Invalid
from core.registry.foreign.assembling import mapping_of
from core.registry.foreign.comparison import refuse_wrong
from core.registry.foreign.conversion import Sent, convert
from core.registry.foreign.values import TensorMapping, Trial
from core.registry.onnx_safety import inspect

FILES = Path(__file__).parent / "files"
WRONG = "sklearn-forest-wrong"
EXPORTERS = sorted(path.stem for path in FILES.glob("*.onnx") if path.stem != WRONG)


@cache
def document(name: str) -> dict[str, Any]:
    return json.loads((FILES / f"{name}.json").read_text("utf-8"))


def content_of(name: str) -> bytes:
    return (FILES / f"{name}.onnx").read_bytes()


def sent_with(name: str, **changes: Any) -> Sent:
    known = document(name)
    mapping = TensorMapping.model_validate(known["mapping"]) if known["mapping"] else None
    rows = {part: json.dumps(known[part]).encode() for part in ("example", "expected")}
    return Sent(**{**rows, "mapping": mapping, "source": known["source"], **changes})


def tried(name: str, **changes: Any) -> tuple[bytes, Trial]:
    return convert(content_of(name), sent_with(name, **changes))


def scale(values: Any) -> float:
    return max(1.0, float(np.max(np.abs(values))))


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_answers_of_the_original_library_come_out_of_the_file(name: str) -> None:
    served, trial = tried(name)
    assert trial.report is not None
    assert trial.report.rows == len(document(name)["example"])
    (expected,) = document(name)["expected"].values()
    assert trial.report.largest_difference <= 1e-6 * scale(expected)
    assert len(trial.report.answers) > 0
    assert [finding for finding in inspect(served).findings if finding.refuses] == []
    assert served == tried(name)[0]
    assert mapping_of(served) == trial.mapping
    assert mapping_of(content_of(name)) is None
    refuse_wrong(trial.report)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("sklearn-zipmap", {"probabilities": ("high", "low", "middle"), "predicted": ("high", "low", "middle")}),
        ("lightgbm", {"probabilities": ("0", "1", "2"), "predicted": ("0", "1", "2")}),
        ("xgboost", {"probability": ("0", "1")}),
        ("catboost", {"probability": ("0", "1")}),
        ("sklearn-pipeline", {"probability": ("0", "1")}),
        ("sklearn-regression", {"value": ()}),
        ("torch", {"values": ()}),
        ("keras", {"values": ()}),
    ],
)
def test_what_a_file_gives_is_recognized(name: str, answers: dict[str, tuple[str, ...]]) -> None:
    _served, trial = tried(name)
    assert {answer.name: answer.classes for answer in trial.mapping.answers} == answers


def test_a_forest_whose_missing_values_went_astray_is_refused_with_its_row() -> None:
    _served, trial = tried(WRONG)
    assert trial.report is not None
    row = trial.report.worst[0].row
    missing = [value is None for value in document(WRONG)["example"][row].values()]
    assert any(missing)
    with pytest.raises(Invalid, match=rf"Row {row} of the example: probability is 0\.2\d* from the file") as refusal:
        refuse_wrong(trial.report)
    assert refusal.value.field == "expected"
    assert "58.3 % of 24 rows" in refusal.value.hint


def test_logits_become_probabilities_where_a_person_says_so() -> None:
    answers = [
        {"name": "probabilities", "tensor": "values", "role": "probabilities"},
        {"name": "label", "tensor": "values", "role": "label"},
    ]
    raw = next(iter(document("torch")["expected"].values()))
    (output,) = document("torch")["expected"]
    classes = ["cat", "dog", "eel"]
    given = [{**answer, "tensor": output, "classes": classes} for answer in answers]
    given[0]["activation"] = "softmax"
    mapping = TensorMapping.model_validate({**document("torch")["mapping"], "answers": given})
    odds = np.exp(raw)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    labels = [classes[place] for place in probabilities.argmax(axis=1)]
    expected = json.dumps({"probabilities": probabilities.tolist(), "label": labels}).encode()
    _served, trial = tried("torch", mapping=mapping, expected=expected)
    assert trial.report is not None
    assert trial.report.answers == ("probabilities", "label")
    assert trial.report.largest_difference <= 1e-6
    assert trial.report.above == 0
    wrong = json.dumps({"label": ["cat"] * len(labels)}).encode()
    _served, trial = tried("torch", mapping=mapping, expected=wrong)
    assert trial.report is not None
    assert trial.report.above == np.mean(np.array(labels) != "cat")


def test_texts_have_the_codes_that_they_were_trained_with() -> None:
    columns = {column.name: column for column in tried("lightgbm")[1].mapping.columns()}
    assert columns["city"].codes == {"Aachen": 0, "Bonn": 1, "Köln": 2, "Ulm": 3}
    rows = [row | {"city": "Rom"} for row in document("lightgbm")["example"]]
    unknown = convert(content_of("lightgbm"), sent_with("lightgbm", example=json.dumps(rows).encode(), expected=None))
    assert unknown[1].answers["probabilities"] != tried("lightgbm")[1].answers["probabilities"]


def test_a_mapping_that_swaps_columns_shows_in_the_comparison() -> None:
    proposed = tried("xgboost")[1].mapping
    (filled,) = proposed.inputs
    swapped = filled.model_copy(update={"columns": filled.columns[::-1]})
    _served, trial = tried("xgboost", mapping=proposed.model_copy(update={"inputs": (swapped,)}))
    assert trial.report is not None
    assert trial.report.above > 0.5


def wide_model(columns: int, *, texts: int) -> bytes:
    """The sum of its numbers, and of the lengths that a list gives its texts."""
    nodes = [
        helper.make_node("ReduceSum", ["x", "axis"], ["sum"], keepdims=0),
        helper.make_node(
            "LabelEncoder", ["t"], ["codes"], domain="ai.onnx.ml",
            keys_strings=["a", "bb"], values_floats=[1.0, 2.0], default_float=0.0,
        ),
        helper.make_node("ReduceSum", ["codes", "axis"], ["code"], keepdims=0),
        helper.make_node("Add", ["sum", "code"], ["total"]),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", columns]),
        helper.make_tensor_value_info("t", TensorProto.STRING, ["n", texts]),
    ]
    output = helper.make_tensor_value_info("total", TensorProto.FLOAT, ["n"])
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "wide", inputs, [output], initializer=[axis])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


@pytest.mark.parametrize(("columns", "is_wide"), [(20, False), (300, True)])
def test_many_columns_are_two_tensors(columns: int, is_wide: bool) -> None:
    texts = {f"t{number}": ["a", "bb", "c"] for number in range(3)}
    numbers = {f"n{number}": [float(number), 1.0, 2.0] for number in range(columns)}
    interleaved = {**dict(list(numbers.items())[:5]), **texts, **dict(list(numbers.items())[5:])}
    sums = [columns * (columns - 1) / 2 + 3, columns + 6, 2 * columns]
    sent = Sent(example=json.dumps(interleaved).encode(), expected=json.dumps(sums).encode())
    served, trial = convert(wide_model(columns, texts=3), sent)
    assert trial.report is not None
    assert trial.report.largest_difference == 0
    dimensions = {
        value.name: len(value.type.tensor_type.shape.dim) for value in onnx.load_from_string(served).graph.input
    }
    assert dimensions == ({"numbers": 2, "texts": 2} if is_wide else dict.fromkeys(interleaved, 1))
    assert trial.mapping.names("text") == ("t0", "t1", "t2")
    assert trial.mapping.names("number") == tuple(numbers)


def changed(name: str, change: Any) -> bytes:
    model = onnx.load_from_string(content_of(name))
    change(model)
    return model.SerializeToString()


def fix_the_batch(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def define_a_function(model: Any) -> None:
    model.functions.add(name="own", domain="pkg")


def use_a_foreign_operator(model: Any) -> None:
    model.graph.node[0].domain = "com.evil"


def use_a_new_opset(model: Any) -> None:
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", 28), helper.make_opsetid("ai.onnx.ml", 1)])


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (fix_the_batch, "takes 1 rows at a time", "dynamic batch"),
        (define_a_function, "defines operators of its own", "standard operators"),
        (use_a_foreign_operator, "'com.evil' are not part of the standard", "standard operators"),
        (use_a_new_opset, "version 28 of ai.onnx; the runtime reads 26", "target_opset"),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_would_help(change: Any, message: str, hint: str) -> None:
    with pytest.raises(Invalid, match=message) as refusal:
        convert(changed("xgboost", change), sent_with("xgboost"))
    assert hint in refusal.value.hint


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"example": b'[{"c0": 1.0}]'}, "takes float_input .6., and 1 columns of the example remain", "example"),
        ({"example": b"[{"}, "cannot be read", "example"),
        ({"expected": b'{"odds": [1.0]}'}, "1 rows are expected, and the example has 24", "expected"),
        ({"example": None}, "there is no example", "example"),
    ],
)
def test_an_example_that_does_not_fit_is_refused(changes: dict[str, Any], message: str, field: str) -> None:
    with pytest.raises(Invalid, match=message) as refusal:
        tried("xgboost", **changes)
    assert refusal.value.field == field


def test_a_text_needs_codes_where_numbers_are_taken() -> None:
    with pytest.raises(Invalid, match="float_input takes numbers, and the column city is a text"):
        tried("lightgbm", mapping=None)


def test_places_on_the_exporters_machine_are_not_in_the_file() -> None:
    assert b"pkg.torch" in content_of("torch")
    served, _trial = tried("torch")
    assert b"/anywhere/" in content_of("torch")
    assert b"pkg.torch" not in served
    assert b"/anywhere/" not in served
