"""Files that nobody's exporter writes every day: each is served, or refused with the reason and with what would help,
whether it comes as it is or with a mapping."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from onnx import TensorProto, helper

from core.foundation.actions.content import Content
from core.foundation.errors import Invalid
from core.portal import Portal
from core.registry.foreign.as_it_is import try_as_it_is
from core.registry.foreign.conversion import Sent, convert
from core.registry.foreign.looking import look
from core.registry.inspection import inspected
from core.registry.onnx_safety import refuse
from tests.installed import People

FLOAT = TensorProto.FLOAT
AXIS = helper.make_tensor("axis", TensorProto.INT64, [1], [1])


def value(name: str, number: int, *sizes: Any) -> Any:
    return helper.make_tensor_value_info(name, number, list(sizes))


def file_of(
    nodes: list[Any], takes: list[Any], gives: list[Any], *, opset: int = 20, ir: int = 10, domain: str = ""
) -> Any:
    graph = helper.make_graph(nodes, "odd", takes, gives, initializer=[AXIS])
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir)


def same(number: int, *sizes: Any, name: str = "x", **more: Any) -> Any:
    takes, gives = value(name, number, *sizes), value("y", number, *sizes)
    return file_of([helper.make_node("Identity", [name], ["y"])], [takes], [gives], **more)


def summed(*sizes: Any) -> Any:
    """One number out of all rows, declared in some shape."""
    nodes = [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=len(sizes))]
    return file_of(nodes, [value("x", FLOAT, "n")], [value("y", FLOAT, *sizes)])


def listed(*, is_input: bool) -> Any:
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, ["n"]))
    x, y = value("x", FLOAT, "n"), value("y", FLOAT, "n")
    if is_input:
        nodes = [helper.make_node("SequenceAt", ["s", "axis"], ["y"])]
        return file_of(nodes, [helper.make_value_info("s", kind)], [y])
    return file_of([helper.make_node("SequenceConstruct", ["x"], ["s"])], [x], [helper.make_value_info("s", kind)])


def optional() -> Any:
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, ["n"]))
    x, y = value("x", FLOAT, "n"), value("y", FLOAT, "n")
    return file_of([helper.make_node("Identity", ["x"], ["y"])], [x, helper.make_value_info("o", kind)], [y])


def beside_a_scalar() -> Any:
    takes = [value("x", FLOAT, "n"), value("k", FLOAT)]
    return file_of([helper.make_node("Add", ["x", "k"], ["y"])], takes, [value("y", FLOAT, "n")])


def constant() -> Any:
    given = helper.make_tensor("given", FLOAT, [1], [1.0])
    return file_of([helper.make_node("Constant", [], ["y"], value=given)], [], [value("y", FLOAT, "n")])


def unshaped() -> Any:
    model = same(FLOAT, "n")
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


def outside() -> Any:
    """Its weights would be 2 GB in a file beside it."""
    model = same(FLOAT, "n")
    weights = model.graph.initializer.add(name="w", data_type=FLOAT, dims=[1 << 29], data_location=1)
    weights.external_data.add(key="location", value="w.bin")
    return model


def decoder() -> Any:
    nodes = [helper.make_node("ImageDecoder", ["x"], ["y"])]
    return file_of(nodes, [value("x", TensorProto.UINT8, "n")], [value("y", TensorProto.UINT8, "h", "w", 3)])


def foreign() -> Any:
    nodes = [helper.make_node("Foo", ["x"], ["y"], domain="acme")]
    return file_of(nodes, [value("x", FLOAT, "n")], [value("y", FLOAT, "n")], domain="acme")


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "bfloat16": (lambda: same(TensorProto.BFLOAT16, "n"), "but bfloat16", "Cast it to float32"),
    "complex": (lambda: same(TensorProto.COMPLEX64, "n"), "but complex64", "Cast it"),
    "uint4": (lambda: same(TensorProto.UINT4, "n", opset=21), "but uint4", "Cast it"),
    "float8": (lambda: same(TensorProto.FLOAT8E4M3FN, "n"), "but float8e4m3fn", "Cast it"),
    "a sequence as output": (lambda: listed(is_input=False), "but sequence", "zipmap"),
    "a sequence as input": (lambda: listed(is_input=True), "but sequence", "zipmap"),
    "an optional input": (optional, "'o' is no tensor", "without optional inputs"),
    "a scalar as output": (lambda: summed(), "", "Export it again"),
    "a scalar as input": (beside_a_scalar, "'k' is", "dynamic"),
    "no input": (constant, "takes no", "inputs"),
    "no shape": (unshaped, "'shape'", ""),
    "a fixed batch": (lambda: same(FLOAT, 4, 2), "", "dynamic batch"),
    "the rows behind": (lambda: same(FLOAT, 2, "n"), "", "dynamic batch"),
    "no values a row": (lambda: same(FLOAT, "n", 0), "", "again"),
    "a newer opset": (lambda: same(FLOAT, "n", opset=28), "version 28 of ai.onnx", "opset_version=26"),
    "a newer format": (lambda: same(FLOAT, "n", ir=14), "version 14 of the format", "ir_version = 13"),
    "another domain": (foreign, "'acme'", "standard operators"),
    "weights elsewhere": (outside, "another file", "weights inside"),
    "a name without an end": (lambda: same(FLOAT, "n", name="x" * 501), "no name for a column", "Rename"),
    "a name of two lines": (lambda: same(FLOAT, "n", name="a\nb"), "no name for a column", "Rename"),
    "a name with a zero": (lambda: same(FLOAT, "n", name="a\0b"), "no name for a column", "Rename"),
    "no operator of the runtime": (decoder, "cannot load the file", "on a CPU"),
}


def as_it_is(content: bytes) -> None:
    """As a file is registered with nothing beside it: mapped, where it cannot be served so."""
    inspection = inspected(content)
    refuse(inspection.report)
    if inspection.signature is None:
        convert(content, Sent())
    else:
        try_as_it_is(content, inspection.signature)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_is_refused_with_the_reason_and_what_would_help(case: str) -> None:
    make, message, hint = REFUSED[case]
    content = make().SerializeToString()
    for way in (as_it_is, lambda content: look(content, Sent())):
        with pytest.raises(Invalid) as refusal:
            way(content)
        assert message in refusal.value.message
        assert hint in refusal.value.hint
        assert refusal.value.hint


@pytest.mark.parametrize("names", [("first name", "b"), ("a/b", "c.d"), ("größe", "温度"), ("X", "x"), ('q"', "<b>")])
def test_names_with_any_signs_are_columns(names: tuple[str, str]) -> None:
    takes = [value(name, FLOAT, "n") for name in names]
    model = file_of([helper.make_node("Sub", list(names), ["gap"])], takes, [value("gap", FLOAT, "n")])
    rows = json.dumps([{names[0]: 3.0, names[1]: 1.0}, {names[0]: 1.0, names[1]: 5.0}]).encode()
    _served, trial = convert(model.SerializeToString(), Sent(example=rows))
    assert trial.answers == {"value": (2.0, -4.0)}


@pytest.mark.parametrize("kind", ["FLOAT16", "INT8", "BOOL", "UINT64"])
def test_tensors_of_any_datatype_are_filled_by_columns(kind: str) -> None:
    content = same(TensorProto.DataType.Value(kind), "n", 2, opset=21, ir=11).SerializeToString()
    rows = json.dumps([{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}]).encode()
    _served, trial = convert(content, Sent(example=rows))
    assert trial.answers == {"values": ((1.0, 0.0), (0.0, 1.0))}


def test_several_texts_a_row_are_answered_beside_numbers() -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["y"]),
        helper.make_node("Cast", ["x"], ["t"], to=TensorProto.STRING),
    ]
    gives = [value("y", FLOAT, "n", 2), value("t", TensorProto.STRING, "n", 2)]
    content = file_of(nodes, [value("x", FLOAT, "n", 2)], gives).SerializeToString()
    rows = json.dumps([{"a": 1.5, "b": 2.5}] * 3).encode()
    seen = look(content, Sent(example=rows))
    assert [output.shape for output in seen.file.outputs] == [(2,), (2,)]
    _served, trial = convert(content, Sent(example=rows))
    assert sorted(map(str, (row for rows in trial.answers.values() for row in rows[:1]))) == [
        "('1.5', '2.5')",
        "(1.5, 2.5)",
    ]


def test_a_number_for_all_rows_is_no_answer() -> None:
    """Its declared shape says nothing: two rows show it."""
    content = summed("m").SerializeToString()
    with pytest.raises(Invalid, match=r"gives 'y' in the shape \[1\] for 2 rows"):
        as_it_is(content)
    with pytest.raises(Invalid, match="gives 1 of 'y' for 3 rows"):
        convert(content, Sent(example=b'[{"x": 1}, {"x": 2}, {"x": 3}]'))


def test_a_file_that_answers_ones_alone_is_served_and_one_that_answers_nothing_is_not() -> None:
    takes, gives = [value("x", FLOAT, "n")], [value("y", FLOAT, "n")]
    as_it_is(file_of([helper.make_node("Log", ["x"], ["y"])], takes, gives).SerializeToString())
    nodes = [helper.make_node("Sub", ["x", "x"], ["zero"]), helper.make_node("Div", ["x", "zero"], ["y"])]
    with pytest.raises(Invalid, match="not finite"):
        as_it_is(file_of(nodes, takes, gives).SerializeToString())


def test_a_file_that_the_runtime_cannot_load_becomes_no_version(portal: Portal, people: People) -> None:
    sent = {"project": "PROJ-1", "title": "Pictures", "filename": "m.onnx"}
    with pytest.raises(Invalid, match="cannot load the file"):
        portal.uploads.upload_version(people.engineer, **sent, content=Content.of(decoder().SerializeToString()))
    assert portal.registry.list_models(people.engineer).total == 0


def test_an_input_may_have_the_name_that_callers_give_rows(portal: Portal, people: People) -> None:
    content = same(FLOAT, "n", name="row_id").SerializeToString()
    sent = {"project": "PROJ-1", "title": "Rows", "filename": "m.onnx", "content": Content.of(content)}
    version = portal.uploads.upload_version(people.engineer, **sent)
    store = portal.foundation.store
    files = {file.path: file.sha256 for file in store.manifest(version.digest).files}
    contract = json.loads(store.read(files["features.json"]))
    assert (contract["row_id"], contract["request"][0]["name"]) == ("row_id_of_request", "row_id")
