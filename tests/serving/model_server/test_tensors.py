"""Tensors of any datatype and shape, in JSON and in binary, both ways; and what a datatype cannot hold."""

from itertools import product
from typing import Any

import numpy as np
import orjson
import pytest
from onnx import helper

from core.foundation.errors import Invalid
from core.registry.onnx_safety import signature_of
from core.registry.signature import Datatype, dtype_of
from core.serving.model_server.columns import texts_in
from core.serving.model_server.inference import InferenceReader, InferenceRequest, InferenceWriter
from core.serving.model_server.layout import Layout
from core.serving.server_spec import Limits
from tests.serving.model_server.tensor_models import KINDS, echo, mixed, model_of

LIMITS = Limits(rows=100, cells=1_000, text=20)
VALUES: dict[str, list[Any]] = {
    "BOOL": [True, False],
    "BYTES": ["é", ""],
    "FP16": [0.5, -65504.0],
    "FP32": [0.5, -16_777_216.0],
    "FP64": [0.1, -1e308],
    **{f"INT{bits}": [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": [0, 2**bits - 1] for bits in (8, 16, 32, 64)},
}


def reader_of(model: bytes) -> InferenceReader:
    signature = signature_of(model)
    return InferenceReader(signature, layout=Layout(signature.inputs), limits=LIMITS)


def read(datatype: str, data: Any, *, row: list[Any] | None = None, shape: Any = None) -> InferenceRequest:
    tensor = {"name": "x", "datatype": datatype, "shape": shape or [len(data), *(row or [])], "data": data}
    return reader_of(echo(datatype, row=row)).read(orjson.dumps({"inputs": [tensor]}))


def packed(datatype: str, values: list[Any]) -> bytes:
    if datatype != "BYTES":
        return np.array(values, dtype=dtype_of(datatype)).tobytes()  # type: ignore[arg-type]
    return b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in values)


def read_binary(datatype: str, data: bytes, *, rows: int = 2, **extra: Any) -> InferenceRequest:
    size = {"binary_data_size": len(data)}
    tensor = {"name": "x", "datatype": datatype, "shape": [rows], "parameters": size}
    head = orjson.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}, **extra})
    return reader_of(echo(datatype)).read(head + data, head_bytes=len(head))


def test_every_datatype_of_the_protocol_is_tried() -> None:
    assert set(VALUES) == set(KINDS) == set(Datatype.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("datatype", VALUES)
def test_values_of_each_datatype_go_in_and_come_out_unchanged(datatype: str) -> None:
    values = VALUES[datatype]
    request, binary = read(datatype, values), read_binary(datatype, packed(datatype, values))
    writer = InferenceWriter(signature_of(echo(datatype)), named={"model_name": "m"})
    for way in (request, binary):
        assert (way.rows, way.arrays[0].dtype, way.arrays[0].tolist()) == (2, dtype_of(datatype), [values])  # type: ignore[arg-type]
    outputs = (request.arrays[0][0],)
    body, head_bytes = writer.write(outputs, request, parameters={})
    assert head_bytes == 0
    assert orjson.loads(body)["outputs"] == [{"name": "y", "datatype": datatype, "shape": [2], "data": values}]
    body, head_bytes = writer.write(outputs, binary, parameters={})
    assert body[head_bytes:] == packed(datatype, values)
    (output,) = orjson.loads(body[:head_bytes])["outputs"]
    assert output["parameters"] == {"binary_data_size": len(body) - head_bytes}
    assert "data" not in output


@pytest.mark.parametrize("length", [2, 40])
@pytest.mark.parametrize(
    ("datatype", "value", "message"),
    [
        ("FP64", True, "x.data[1]: True is no number"),
        ("FP64", "1.5", "x.data[1]: '1.5' is no number"),
        ("FP32", 1e39, "x.data[1]: 1e+39 does not fit into FP32"),
        ("FP16", 70_000, "x.data[1]: 70000.0 does not fit into FP16"),
        ("INT64", True, "x.data[1]: True is no number"),
        ("INT64", 1.5, "x.data[1]: 1.5 is no whole number"),
        ("INT64", None, "x.data[1]: INT64 has no missing value"),
        ("INT64", 2**63, f"x.data[1]: {2**63} does not fit into INT64"),
        ("UINT8", -1, "x.data[1]: -1 does not fit into UINT8"),
        ("INT8", "a", "x.data[1]: 'a' is no number"),
        ("BOOL", 1, "x.data[1]: 1 is not true or false"),
        ("BOOL", None, "x.data[1]: None is not true or false"),
        ("BYTES", 1, "x.data[1]: 1 is no text"),
        ("BYTES", "x" * 21, f"x.data[1]: '{'x' * 21}' is too long"),
    ],
)
def test_what_a_datatype_cannot_hold_is_refused_in_words(datatype: str, value: Any, message: str, length: int) -> None:
    """Of few values and of many, which are looked at in other ways."""
    with pytest.raises(Invalid) as refusal:
        read(datatype, [VALUES[datatype][0], value, *[VALUES[datatype][1]] * (length - 2)])
    assert refusal.value.message == message


@pytest.mark.parametrize("length", [3, 40])
def test_a_missing_number_is_nan_and_a_missing_text_is_empty(length: int) -> None:
    numbers = read("FP64", [1, None, *[0.5] * (length - 2)]).arrays[0][0]
    assert np.array_equal(numbers, [1.0, np.nan, *[0.5] * (length - 2)], equal_nan=True)
    assert read("BYTES", ["a", None] * length).arrays[0][0].tolist() == ["a", ""] * length
    assert read("INT8", [1.0, 0, 2.0] + [1] * length).arrays[0][0].tolist() == [1, 0, 2] + [1] * length


@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]])
def test_a_tensor_is_one_list_or_a_list_of_its_rows(data: list[Any]) -> None:
    assert read("FP32", data, row=[3], shape=[2, 3]).arrays[0].tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert read("UINT8", [[[1], [2]]], row=[2, 1], shape=[1, 2, 1]).arrays[0].tolist() == [[[[1], [2]]]]


@pytest.mark.parametrize(
    ("data", "shape", "message"),
    [
        ([1, 2, 3, 4, 5], [2, 3], "x.data: has 5 values, the shape says 6"),
        ([[1, 2, 3], [4, 5]], [2, 3], "x.data: must be one list, or lists of 3 values"),
        ([[1, 2, 3], 4], [2, 3], "x.data: must be one list, or lists of 3 values"),
        ([1, 2, 3, 4], [2, 2], "x.shape: has 2 where the model takes 3"),
        ([1, 2], [2], "x.shape: must be [rows, 3]"),
        ([1, 2, 3], [True, 3], "x.shape: True is no number of rows"),
        ([1, 2, 3], [1, 3.0], "x.shape: 3.0 is no number of rows"),
        ([1, 2, 3], [1_000_000, 3], "inputs: 1000000 rows of 3 columns are too many"),
    ],
)
def test_another_shape_is_refused_with_its_place(data: list[Any], shape: list[Any], message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read("FP32", data, row=[3], shape=shape)
    assert refusal.value.message == message


def test_a_dimension_without_a_size_may_differ_from_request_to_request() -> None:
    for length in (1, 4):
        (tokens,) = read("INT64", list(range(2 * length)), row=["length"], shape=[2, length]).arrays
        assert tokens.shape == (1, 2, length)
    with pytest.raises(Invalid, match="are too many"):
        read("INT64", [0], row=["length"], shape=[1, 2_000])


@pytest.mark.parametrize(
    ("datatype", "data", "message"),
    [
        ("FP64", b"x" * 15, "x.data: has 15 bytes, the shape says 16"),
        ("FP64", np.array([1.0, np.inf]).tobytes(), "x.data: has an infinite number"),
        ("BOOL", b"\x01\x02", "x.data: a truth value is 0 or 1"),
        ("BYTES", b"\x01\0\0\0a", "x.data: has 1 values, the shape says 2"),
        ("BYTES", b"\x01\0\0\0a\x09\0\0\0b", "x.data: ends within a value"),
        ("BYTES", b"\x01\0\0\0a\x01\0\0", "x.data[1]: is no value after its length"),
        ("BYTES", b"\x01\0\0\0a\x01\0\0\0\xff", "x.data[1]: is no text in UTF-8 after its length"),
    ],
)
def test_bytes_that_are_no_such_tensor_are_refused(datatype: str, data: bytes, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_binary(datatype, data)
    assert refusal.value.message == message


def test_the_bytes_behind_the_json_are_those_of_its_tensors_and_no_more() -> None:
    head = orjson.dumps({"inputs": [{"name": "x", "datatype": "INT8", "shape": [1], "data": [1]}]})
    reader = reader_of(echo("INT8"))
    assert reader.read(head, head_bytes=len(head)).arrays[0].tolist() == [[1]]
    for body, size, message in (
        (head + b"x", len(head), "has 1 bytes behind the JSON, its tensors 0"),
        (head, len(head) + 1, "is not how long the JSON"),
        (head, -1, "is not how long the JSON"),
    ):
        with pytest.raises(Invalid, match=message):
            reader.read(body, head_bytes=size)
    for size in (-1, True, "1", 2**60):
        sized = {"name": "x", "datatype": "INT8", "shape": [1], "parameters": {"binary_data_size": size}}
        head = orjson.dumps({"inputs": [sized]})
        with pytest.raises(Invalid, match="is no size of its bytes"):
            reader.read(head + b"\x01", head_bytes=len(head))


def pairs(datatype: str) -> bytes:
    """A model of two inputs of a datatype, which lie in one block."""
    tensors = {name: (datatype, []) for name in ("a", "b")}
    return model_of(tensors, {"y": (datatype, [])}, helper.make_node("Identity", ["a"], ["y"]))


def read_pair(datatype: str, **data: bytes) -> InferenceRequest:
    """The second goes first."""
    sizes = {name: {"binary_data_size": len(part)} for name, part in data.items()}
    heads = [{"name": at, "datatype": datatype, "shape": [2], "parameters": sizes[at]} for at in ("b", "a")]
    head = orjson.dumps({"inputs": heads})
    return reader_of(pairs(datatype)).read(head + data["b"] + data["a"], head_bytes=len(head))


TEXTS = [["JFK", "Newark"], ["", "x"], ["x", ""], ["", ""], ["é", "x"], ["a\0\0\0b", "x"], ["\0", "\0\0\0"]]


@pytest.mark.parametrize("texts", [*TEXTS, ["x" * 20, "y"], ["\x01\0\0\0", "z"]])
def test_texts_in_binary_are_cut_where_their_lengths_say(texts: list[str]) -> None:
    """Short plain ones are cut all at once, those that this would cut elsewhere are read one by one."""
    (block,) = read_pair("BYTES", a=packed("BYTES", texts), b=packed("BYTES", ["b", "c"])).arrays
    assert block.tolist() == [texts, ["b", "c"]]


def test_texts_in_binary_are_those_of_the_lengths_whatever_their_bytes() -> None:
    """Small texts out of the bytes of which lengths are made."""
    letters = ["".join(pair) for pair in product("\0\x01\x02a", repeat=2)] + ["", "\0", "a"]
    for texts in product(letters, repeat=2):
        assert texts_in(memoryview(packed("BYTES", list(texts))), count=2, where="x") == list(texts)


@pytest.mark.parametrize(
    ("datatype", "data", "message"),
    [
        ("FP64", np.array([0.5, np.inf]).tobytes(), "b.data: has an infinite number"),
        ("FP64", np.array([0.5]).tobytes(), "b.data: has 8 bytes, the shape says 16"),
        ("BOOL", b"\x01\x02", "b.data: a truth value is 0 or 1"),
        ("BYTES", packed("BYTES", ["a", "x" * 21]), f"b.data[1]: '{'x' * 21}' is too long"),
        ("BYTES", packed("BYTES", ["a"]), "b.data: has 1 values, the shape says 2"),
    ],
)
def test_of_several_binary_tensors_the_wrong_one_is_named(datatype: str, data: bytes, message: str) -> None:
    right = packed(datatype, VALUES[datatype])
    assert read_pair(datatype, a=right, b=right).arrays[0].tolist() == [VALUES[datatype]] * 2
    with pytest.raises(Invalid) as refusal:
        read_pair(datatype, a=right, b=data)
    assert refusal.value.message == message


def test_members_that_nobody_knows_are_passed_over_and_those_that_stand_twice_are_not() -> None:
    added = {"model_name": "m", "raw_input_contents": [], "parameters": {"priority": 1, "deep": {"er": {}}}}
    tensor = {"name": "x", "datatype": "FP64", "shape": [1], "data": [1], "memory": {"region": 0}}
    body = orjson.dumps({**added, "inputs": [tensor]})
    assert reader_of(echo("FP64")).read(body).arrays[0].tolist() == [[1.0]]
    for twice in (b'{"id":"a","id":"b",' + body[1:], body.replace(b'"data":', b'"data":[2],"data":')):
        with pytest.raises(Invalid, match="is there twice"):
            reader_of(echo("FP64")).read(twice)


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        (None, [(0, False), (1, False)]),
        ([], [(0, False), (1, False)]),
        ([{"name": "label", "parameters": {"classification": 2}}], [(1, False)]),
        ([{"name": "label", "parameters": {"binary_data": True}}, {"name": "scores"}], [(1, True), (0, False)]),
    ],
)
def test_the_outputs_are_those_that_are_asked_for(outputs: Any, wanted: list[tuple[int, bool]]) -> None:
    inputs = [
        {"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]},
        {"name": "id", "datatype": "INT64", "shape": [1, 1], "data": [1]},
        {"name": "text", "datatype": "BYTES", "shape": [1, 1], "data": ["a"]},
        {"name": "flag", "datatype": "BOOL", "shape": [1, 1], "data": [True]},
    ]
    reader = reader_of(mixed())
    assert reader.read(orjson.dumps({"inputs": inputs, "outputs": outputs})).wanted == wanted
    with pytest.raises(Invalid, match="there is only scores, label"):
        reader.read(orjson.dumps({"inputs": inputs, "outputs": [{"name": "other"}]}))
