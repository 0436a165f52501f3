"""Small graphs whose answers are known: what columns become on their way into a file, and what is made of old ones."""

import io
import json
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from onnx import TensorProto, helper

from core.foundation.errors import Invalid
from core.registry.foreign.comparison import refuse_wrong
from core.registry.foreign.conversion import Sent, convert
from core.registry.foreign.examples import read_table
from core.registry.foreign.values import TensorMapping, Tolerance
from core.registry.onnx_safety import inspect
from tests.registry.foreign.test_conversion import wide_model


def identity_model(element: int, *, row: list[int], operator: str = "Identity") -> bytes:
    """It gives back what it takes."""
    node = helper.make_node(operator, ["x"], ["y"])
    values = [helper.make_tensor_value_info(name, element, ["n", *row]) for name in ("x", "y")]
    graph = helper.make_graph([node], "same", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()


def answers_for(content: bytes, rows: list[dict[str, Any]], **decided: Any) -> Any:
    _served, trial = convert(content, Sent(example=json.dumps(rows).encode(), **decided))
    (answers,) = trial.answers.values()
    return answers


@pytest.mark.parametrize(
    ("element", "value", "given"),
    [
        (TensorProto.INT64, None, 0),
        (TensorProto.INT64, 2.7, 2),
        (TensorProto.INT64, 1e20, 2**53 - 1),
        (TensorProto.INT32, -1e20, -(2**31)),
        (TensorProto.UINT8, -1, 0),
        (TensorProto.UINT8, 300, 255),
        (TensorProto.BOOL, None, 0),
        (TensorProto.BOOL, 2, 1),
        (TensorProto.FLOAT, None, None),
        (TensorProto.FLOAT16, 0.5, 0.5),
        (TensorProto.DOUBLE, 1e300, 1e300),
    ],
)
def test_a_number_never_becomes_another_one_without_a_word(element: int, value: Any, given: Any) -> None:
    rows = [{"a": value, "b": 1.0}, {"a": 0.0, "b": 0.0}]
    assert answers_for(identity_model(element, row=[2]), rows) == ((given, 1.0), (0.0, 0.0))


def test_a_missing_number_is_what_a_person_says_it_is() -> None:
    columns = [{"name": "a", "missing": -1.0}, {"name": "b"}]
    mapping = TensorMapping.model_validate({"inputs": [{"tensor": "x", "columns": columns}]})
    rows = [{"a": None, "b": 2.0}, {"a": 3.0, "b": None}]
    assert answers_for(identity_model(TensorProto.INT64, row=[2]), rows, mapping=mapping) == ((-1, 2), (3, 0))
    assert answers_for(identity_model(TensorProto.FLOAT, row=[2]), rows, mapping=mapping) == ((-1, 2), (3, None))


def test_a_row_of_several_dimensions_is_filled_in_order() -> None:
    rows = [{f"p{number}": float(number) for number in range(6)}]
    assert answers_for(identity_model(TensorProto.FLOAT, row=[2, 3]), rows) == ((0, 1, 2, 3, 4, 5),)


def test_texts_side_by_side_stay_texts() -> None:
    mapping = TensorMapping.model_validate({"answers": [{"name": "first", "tensor": "y", "role": "label"}]})
    rows = [{"a": "x"}, {"a": None}, {"a": "é"}]
    assert answers_for(identity_model(TensorProto.STRING, row=[1]), rows, mapping=mapping) == ("x", "", "é")
    with pytest.raises(Invalid, match="x takes texts, and the column a is a number"):
        answers_for(identity_model(TensorProto.STRING, row=[1]), [{"a": 1.0}])


def test_an_answer_that_is_no_number_is_never_within_the_tolerance() -> None:
    content = identity_model(TensorProto.FLOAT, row=[1])
    sent = Sent(example=b'[{"a": null}, {"a": 1}]', expected=b"[null, 1]")
    report = convert(content, sent)[1].report
    assert report is not None
    assert (report.above, report.worst[0].row, report.worst[0].given) == (0.5, 0, None)
    with pytest.raises(Invalid, match="Row 0 of the example: value is no number from the file"):
        refuse_wrong(report)


@pytest.mark.parametrize(
    ("tolerance", "above"),
    [({}, 1.0), ({"absolute": 0.02}, 0.5), ({"absolute": 0.0, "relative": 0.02}, 0.5), ({"relative": 0.5}, 0.0)],
)
def test_a_tolerance_is_absolute_and_relative(tolerance: dict[str, float], above: float) -> None:
    content = identity_model(TensorProto.DOUBLE, row=[1])
    sent = Sent(example=b'[{"a": 1.01}, {"a": 10.4}]', expected=b"[1.0, 10.0]", tolerance=Tolerance(**tolerance))
    report = convert(content, sent)[1].report
    assert report is not None
    assert report.above == above


def test_rows_come_as_parquet_arrow_or_json_and_are_the_same() -> None:
    frame = pa.table(
        {"n": pa.array([1, None], pa.int32()), "t": pa.array(["a", None]).dictionary_encode(), "b": [True, None]}
    )
    written = {name: io.BytesIO() for name in ("parquet", "arrow", "stream")}
    pq.write_table(frame, written["parquet"])
    for name, writer in (("arrow", pa.ipc.new_file), ("stream", pa.ipc.new_stream)):
        with writer(written[name], frame.schema) as target_file:
            target_file.write_table(frame)
    rows = [{"n": 1, "t": "a", "b": True}, {"n": None, "t": None, "b": None}]
    contents = [*(stream.getvalue() for stream in written.values()), json.dumps(rows).encode()]
    for content in contents:
        table = read_table(content, field="example")
        assert {name: values.tolist() for name, values in table.items()} == {
            "n": [1.0, pytest.approx(float("nan"), nan_ok=True)],
            "t": ["a", ""],
            "b": [1.0, pytest.approx(float("nan"), nan_ok=True)],
        }
    days = io.BytesIO()
    pq.write_table(pa.table({"day": pa.array([0], pa.date32())}), days)
    with pytest.raises(Invalid, match="'day' holds date32"):
        read_table(days.getvalue(), field="example")


def test_each_wide_tensor_gets_its_own_columns_in_its_own_order() -> None:
    sums = [helper.make_node("ReduceSum", [name, "axis"], [f"{name}_sum"], keepdims=0) for name in ("x", "y")]
    weighted = helper.make_node("Mul", ["x", "weights"], ["x_weighted"])
    sums[0].input[0] = "x_weighted"
    nodes = [weighted, *sums, helper.make_node("Sub", ["x_sum", "y_sum"], ["total"])]
    inputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n", 200]) for name in ("x", "y")]
    output = helper.make_tensor_value_info("total", TensorProto.DOUBLE, ["n"])
    weights = helper.make_tensor("weights", TensorProto.DOUBLE, [200], np.arange(200.0))
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "two", inputs, [output], initializer=[weights, axis])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    names = {"x": [f"x{number}" for number in range(200)][::-1], "y": [f"y{number}" for number in range(200)]}
    filled = [{"tensor": name, "columns": [{"name": column} for column in names[name]]} for name in names]
    mapping = TensorMapping.model_validate({"inputs": filled[::-1]})
    rows = [{**{f"x{number}": number for number in range(200)}, **dict.fromkeys(names["y"], 2.0)}]
    wanted = float(np.dot(np.arange(200.0)[::-1], np.arange(200.0))) - 400
    assert answers_for(content, rows, mapping=mapping) == (wanted,)


def summing(opset: int) -> bytes:
    """The sum of three numbers, as operators had it before version 13."""
    node = helper.make_node("ReduceSum", ["x"], ["y"], axes=[1], keepdims=0)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])
    graph = helper.make_graph([node], "sum", inputs, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6).SerializeToString()


def test_operators_of_older_versions_are_converted_and_not_renamed() -> None:
    assert answers_for(summing(11), [{"a": 1, "b": 2, "c": 3}]) == (6,)


@pytest.mark.parametrize("versions", [(20, 9), (9, 20)])
def test_of_a_domain_that_is_listed_twice_the_newer_version_counts(versions: tuple[int, int]) -> None:
    model = onnx.load_from_string(wide_model(2, texts=1))
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid("", version) for version in versions)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    assert answers_for(model.SerializeToString(), [{"a": 1, "b": 2, "c": "bb"}]) == (5,)


def test_texts_are_cut_into_words_and_hashed_inside_the_graph() -> None:
    """As the exporters of texts write it: lower case by the rules of any machine, words, a number for each."""
    lower = helper.make_node("StringNormalizer", ["x"], ["lower"], case_change_action="LOWER")
    words = {"mark": 0, "mincharnum": 1, "pad_value": "", "tokenexp": r"[\pL\pN_]+"}
    cut = helper.make_node("Tokenizer", ["lower"], ["words"], domain="com.microsoft", **words)
    hashed = helper.make_node("MurmurHash3", ["words"], ["y"], domain="com.microsoft", positive=1)
    inputs = [helper.make_tensor_value_info("x", TensorProto.STRING, ["n"])]
    output = helper.make_tensor_value_info("y", TensorProto.UINT32, ["n", "m"])
    graph = helper.make_graph([lower, cut, hashed], "texts", inputs, [output])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    content = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    assert [finding.code for finding in inspect(content).findings] == []
    rows = [{"text": "Straße FREI"}, {"text": "straße frei"}, {"text": "Straße"}]
    answers = answers_for(content, rows)
    assert answers[0] == answers[1]
    assert answers[0][0] == answers[2][0]
    assert answers[0][0] != answers[0][1]
    graph.node[1].op_type = "Gelu"
    other = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    assert "foreign operators" in [finding.code for finding in inspect(other).findings]
