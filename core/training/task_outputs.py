"""From the one value that a recipe computes to the outputs that its task promises, as arrays and as nodes of a graph.
The value is the probability that a label is 1, the probabilities of all classes or labels, a number, the ends of an
interval with the number between them (low, value, high), or a score."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from onnx import TensorProto

from core.registry.signature import ANY, Signature, TensorSpec
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.description import describe
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation
from core.training.recipe import Origins, inputs_of

NONE: Mapping[str, int] = MappingProxyType({})
LOW_VALUE_HIGH = ("low", "value", "high")


def write_file(
    preparation: Preparation,
    *,
    target: Target,
    origins: Origins,
    write: Callable[[Graph], str],
    keeps_missing: bool = False,
) -> tuple[bytes, Signature]:
    """The file of a model that `write` adds to a graph of its inputs, and its signature. Each input is a feature,
    text ("" is missing) or float64 (NaN is missing); the file says of itself where it comes from and what it takes."""
    graph, inputs = Graph(), inputs_of(origins.contract)
    graph.take(inputs)
    outputs = write_outputs(graph, write(graph), target=target)
    description = describe(
        origins.origin,
        preparation=preparation,
        contract=origins.contract,
        target=target,
        keeps_missing=keeps_missing,
    )
    content = graph.finish_task(outputs, target=target, description=description)
    return content, promised(inputs, target, vectors=graph.vectors)


def outputs_of(value: Any, *, target: Target) -> Outputs:
    """The outputs by name of float64 [rows] or [rows, width]."""
    names = _names(target)
    if target.interval is not None:
        return {name: value[:, place] for place, name in enumerate(LOW_VALUE_HIGH)}
    outputs: dict[str, Any] = {names[0]: value}
    if len(names) > 1:
        outputs[names[1]] = np.array(target.classes, dtype=object)[value.argmax(axis=1)]
    return outputs


def write_outputs(graph: Graph, value: str, *, target: Target) -> dict[str, str]:
    """The names of the values in the graph, by output. Of equal probabilities the first class is the answer."""
    names = _names(target)
    if target.interval is not None:
        axis = graph.constant(np.array([1], dtype=np.int64))
        places = {name: graph.constant(np.array([place])) for place, name in enumerate(LOW_VALUE_HIGH)}
        return {
            name: graph.node("Squeeze", graph.node("Gather", value, at, axis=1), axis) for name, at in places.items()
        }
    outputs = {names[0]: value}
    if len(names) > 1:
        classes = graph.constant(np.array(target.classes, dtype=object))
        best = graph.node("ArgMax", graph.cast(value, to=TensorProto.DOUBLE), axis=1, keepdims=0)
        outputs[names[1]] = graph.node("Gather", classes, best, axis=0)
    return outputs


def _names(target: Target) -> list[str]:
    return [spec.name for spec in task_of(target).outputs(target)]


def promised(inputs: Signature, target: Target, *, vectors: Mapping[str, int] = NONE) -> Signature:
    """The signature of a file with these inputs, the outputs of its task, and the widths of what it gives besides."""
    besides = (TensorSpec(name=name, datatype="FP64", shape=(ANY, width)) for name, width in vectors.items())
    outputs = tuple(
        TensorSpec(
            name=spec.name,
            datatype=spec.datatype,
            shape=(ANY,) if spec.names is None else (ANY, len(spec.names)),
            columns=spec.names or (),
        )
        for spec in task_of(target).outputs(target)
    )
    return Signature.of(inputs.inputs, (*outputs, *besides)).model_copy(update={"target": target})
