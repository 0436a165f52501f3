"""Models that pass as such and take more than anyone means to give: memory that a few bytes ask for, time without
end, and bytes that grow when they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from tests.registry.onnx_files import FEATURES, Kind, tiny_model

ENDLESS = 10**12
# The numbers that ONNX gives these fields.
MODEL_GRAPH, GRAPH_NODE, NODE_ATTRIBUTE, ATTRIBUTE_GRAPH = 7, 1, 5, 6


def expanding(elements: int, *, features: Mapping[str, Kind] = FEATURES) -> bytes:
    """A constant of so many doubles, as a node of thirty bytes."""
    zero = helper.make_tensor("zero", TensorProto.DOUBLE, [1], [0.0])
    nodes = [
        helper.make_node("ConstantOfShape", ["elements"], ["large"], value=zero),
        helper.make_node("ReduceMax", ["large"], ["largest"], keepdims=0),
        helper.make_node("Add", ["sound", "largest"], ["probability"]),
    ]
    return continued(nodes, [helper.make_tensor("elements", TensorProto.INT64, [1], [elements])], features=features)


def endless(*, features: Mapping[str, Kind] = FEATURES) -> bytes:
    """A loop that does not end in anyone's lifetime."""
    turns = helper.make_tensor("turns", TensorProto.INT64, [], [ENDLESS])
    return continued([_loop("turns")], [turns, _yes()], features=features)


def endless_when_asked(*, features: Mapping[str, Kind] = FEATURES) -> bytes:
    """The same, only where a distance is above 1000, which nothing that tries a model sends."""
    nodes = [
        helper.make_node("Greater", ["distance", "limit"], ["is_far"]),
        helper.make_node("Cast", ["is_far"], ["far"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["far"], ["any_far"], keepdims=0),
        helper.make_node("Mul", ["any_far", "turns"], ["wanted_turns"]),
        _loop("wanted_turns"),
    ]
    limit = helper.make_tensor("limit", TensorProto.DOUBLE, [], [1_000.0])
    turns = helper.make_tensor("turns", TensorProto.INT64, [], [ENDLESS])
    return continued(nodes, [limit, turns, _yes()], features=features)


def failing_far(*, features: Mapping[str, Kind] = FEATURES) -> bytes:
    """Answers NaN where a distance is above 1000."""
    nodes = [
        helper.make_node("Greater", ["distance", "limit"], ["too_far"]),
        helper.make_node("Where", ["too_far", "nothing", "sound"], ["probability"]),
    ]
    constants = [
        helper.make_tensor(name, TensorProto.DOUBLE, [], [value])
        for name, value in (("limit", 1000.0), ("nothing", float("nan")))
    ]
    return continued(nodes, constants, features=features)


def continued(nodes: Sequence[Any], constants: Sequence[Any], *, features: Mapping[str, Kind]) -> bytes:
    """The small model, with nodes that make `probability` of what it answers, which is called `sound` then."""
    model = onnx.load_from_string(tiny_model(features=features))
    for node in model.graph.node:
        node.output[:] = ["sound" if name == "probability" else name for name in node.output]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants)
    return model.SerializeToString()


def _loop(turns: str) -> Any:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["still"]), helper.make_node("Mul", ["state", "one"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.DOUBLE, ["batch"]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.DOUBLE, ["batch"]),
        ],
        initializer=[helper.make_tensor("one", TensorProto.DOUBLE, [], [1.0])],
    )
    return helper.make_node("Loop", [turns, "yes", "sound"], ["probability"], body=body)


def _yes() -> Any:
    return helper.make_tensor("yes", TensorProto.BOOL, [], [True])


def swelling(parts: int) -> bytes:
    """The small model with so many empty nodes in its graph: two bytes each, which take some hundred when read."""
    return tiny_model() + _field(MODEL_GRAPH, _field(GRAPH_NODE, b"") * parts)


def nested(depth: int) -> bytes:
    """The small model with a graph in a node in a graph in a node, which has no end for whoever follows it."""
    graph = b""
    for _level in range(depth):
        graph = _field(GRAPH_NODE, _field(NODE_ATTRIBUTE, _field(ATTRIBUTE_GRAPH, graph)))
    return tiny_model() + _field(MODEL_GRAPH, graph)


def _field(number: int, content: bytes) -> bytes:
    """A part of a message, as protobuf writes it."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
