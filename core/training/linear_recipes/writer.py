"""A linear model as nodes of an ONNX graph that takes raw values, in double precision and with standard operators."""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from core.training.input_graph import category_ids, standard_numbers
from core.training.linear_recipes.linear_model import LinearModel
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation


def write_linear(model: LinearModel, *, graph: Graph, preparation: Preparation, beside: Sequence[str] = ()) -> str:
    """Adds sums and what they mean to a graph that has its inputs; the value is what `LinearModel.predict` gives,
    float64 [batch] or [batch, width]. `beside` are sums that other inputs add, [batch, outputs]."""
    parts = [_of_categories(model, graph=graph, preparation=preparation)] if preparation.categories else []
    if preparation.numbers:
        numbers = standard_numbers(graph, numbers=preparation.numbers, kind=TensorProto.DOUBLE)
        parts.append(graph.node("MatMul", numbers, graph.constant(model.weights)))
    sums = graph.constant(model.bias)
    for part in (*parts, *beside):
        sums = graph.node("Add", part, sums)
    if model.columns is None:
        sums = graph.node("Squeeze", sums, graph.constant(np.array([1], dtype=np.int64)))
    if model.kind == "number":
        return sums
    return graph.node("Softmax", sums, axis=1) if model.kind == "classes" else graph.node("Sigmoid", sums)


def _of_categories(model: LinearModel, *, graph: Graph, preparation: Preparation) -> str:
    """float64 [batch, outputs]: the weights of the ids, added up."""
    ids = graph.columns([category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories])
    places = graph.node("Add", ids, graph.constant(model.offsets))
    weights = graph.node("Gather", graph.constant(model.table), places)
    return graph.node("ReduceSum", weights, graph.constant(np.array([1], dtype=np.int64)), keepdims=0)
