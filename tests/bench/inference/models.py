"""Models to be asked, with rows to ask them for: one with as many columns as the flights of the demonstration, by our
own recipe, and one of a thousand columns in an input each or in one tensor."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from onnx import TensorProto, helper

from core.features.values import FeatureContract
from core.registry.signature import Signature
from core.training.description import Description
from core.training.onnx_graph import Graph
from core.training.recipe import Origins
from core.training.torch_recipes.data import load_data
from tests.training.flights import contract
from tests.training.runs import fitted_from, train_small

CATEGORIES = tuple(f"category_{at}" for at in range(7))
NUMBERS = tuple(f"number_{at}" for at in range(30))
ROWS = 2_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(rows: int, *, seed: int, texts: tuple[str, ...], numbers: tuple[str, ...]) -> pa.Table:
    """Rows as a training set has them; in every tenth column of numbers one in ten is missing."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "row_id": [f"r{at}" for at in range(rows)],
        "event_time": pa.array([NOW] * rows, pa.timestamp("us", tz="UTC")),
        "label": pa.array(random.integers(0, 2, rows), pa.int32()),
    }
    columns |= {name: [f"value {at}" for at in random.integers(0, 20, rows)] for name in texts}
    for at, name in enumerate(numbers):
        columns[name] = pa.array(random.normal(size=rows).round(4), mask=random.random(rows) < 0.1 * (at % 10 == 0))
    return pa.table(columns)


@cache
def flights_like() -> tuple[bytes, Signature, FeatureContract]:
    """A trained model of 37 columns, the first seven of them texts."""
    return trained_on(CATEGORIES, NUMBERS)


def trained_on(texts: tuple[str, ...], numbers: tuple[str, ...]) -> tuple[bytes, Signature, FeatureContract]:
    takes = contract(texts, numbers)
    splits = {
        name: table(ROWS, seed=at, texts=texts, numbers=numbers)
        for at, name in enumerate(("train", "validation", "test"))
    }
    trained = train_small(load_data(splits, contract=takes), epochs=1, hidden_width=128)
    return *fitted_from(trained).export(Origins(contract=takes)), takes


def sums(columns: int, *, is_wide: bool) -> bytes:
    """The sum of so many numbers, given as a tensor or as an input each: next to nothing but the inputs is measured."""
    if is_wide:
        inputs = [helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, ["batch", columns])]
        nodes = []
    else:
        names = names_of(columns)
        inputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["batch"]) for name in names]
        nodes = [helper.make_node("Unsqueeze", [name, "axis"], [f"{name}.column"]) for name in names]
        nodes.append(helper.make_node("Concat", [f"{name}.column" for name in names], ["numbers"], axis=1))
    nodes.append(helper.make_node("ReduceSum", ["numbers", "axis"], ["probability"], keepdims=0))
    output = helper.make_tensor_value_info("probability", TensorProto.DOUBLE, ["batch"])
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "sums", inputs, [output], initializer=[axis])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def our_sums(columns: int) -> tuple[bytes, Signature]:
    """The same by the writer of our recipes."""
    graph, signature = Graph(), Signature.of_columns((), names_of(columns))
    graph.take(signature)
    axis = graph.constant(np.array([1], dtype=np.int64))
    total = graph.node("ReduceSum", graph.matrix(names_of(columns)), axis, keepdims=0)
    plain = Description(text="", number=0, inputs={}, metadata={})
    return graph.finish(total, output=signature.output, description=plain), signature


def names_of(columns: int) -> list[str]:
    return [f"x{at}" for at in range(columns)]
