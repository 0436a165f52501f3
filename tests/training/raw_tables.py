"""Random tables with everything in them that raw values may hold, and files that take them."""

from typing import Any

import numpy as np
import pyarrow as pa

from core.features.values import FeatureContract
from core.training.description import Description
from core.training.evaluation import OnnxModel
from core.training.input_graph import signature_of
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation, learn
from tests.training.flights import contract

CATEGORIES, NUMBERS = ("color", "shop", "single"), ("price", "amount", "wild", "constant")
# Values at which comparisons, casts and sums go wrong first.
EXTREMES = (np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0, -0.0, 1e-36, -1e-300, 5e-324, 16_777_217.0)
OUTPUT = "answer"
DESCRIPTION = Description(text="", number=0, inputs={}, metadata={})


def raw_contract(categories: tuple[str, ...] = CATEGORIES, numbers: tuple[str, ...] = NUMBERS) -> FeatureContract:
    return contract(categories, numbers)


def training_table(random: np.random.Generator, *, rows: int) -> pa.Table:
    """Missing values in some columns, a category of many values, and columns of one value."""
    price = random.normal(size=rows)
    price[random.random(rows) < 0.2] = np.nan
    wild = np.where(random.random(rows) < 0.05, random.choice(EXTREMES[1:], size=rows), random.normal(size=rows) * 1e6)
    return pa.table(
        {
            "color": random.choice(["red", "green", "blue", ""], size=rows).tolist(),
            "shop": [f"S{number}" for number in (random.random(rows) ** 2 * 90).astype(int)],
            "single": ["always"] * rows,
            "price": pa.array(price, from_pandas=False),
            "amount": random.integers(0, 12, size=rows).astype(float),
            "wild": wild,
            "constant": np.full(rows, 3.0),
        }
    )


def strange_table(random: np.random.Generator, *, rows: int) -> pa.Table:
    """What callers may send: texts that training never saw, no text at all, missing and extreme numbers anywhere."""
    columns: dict[str, Any] = {}
    texts = [
        "red",
        "green",
        "",
        None,
        "S1",
        "S3",
        "S50",
        "S89",
        "never seen",
        "\u98db\u884c",
        "always",
        "Red ",
        "0",
        "nan",
    ]
    for name in CATEGORIES:
        columns[name] = [texts[place] for place in random.integers(0, len(texts), size=rows)]
    for name in NUMBERS:
        ordinary = random.choice([1.0, 3.0, 7.0, 1e6], size=rows) * random.normal(size=rows)
        columns[name] = np.where(random.random(rows) < 0.3, random.choice(EXTREMES, size=rows), ordinary)
    return pa.table(columns)


def signal(table: pa.Table) -> Any:
    """float64 [rows] that the columns decide."""
    shop = np.array([int(name[1:]) for name in table["shop"].to_pylist()])
    price = np.nan_to_num(table["price"].to_numpy(zero_copy_only=False), nan=2.0)
    return price + (shop % 3 == 0) * 1.5 - table["amount"].to_numpy() / 6 + (np.array(table["color"]) == "red")


def prepared(table: pa.Table, **columns: tuple[str, ...]) -> Preparation:
    return learn(table, contract=raw_contract(**columns))


def opened(graph: Graph, *, value: str, columns: int | None, preparation: Preparation) -> tuple[bytes, OnnxModel]:
    """The file of a graph, and the same ready to answer."""
    content = graph.finish(value, output=OUTPUT, description=DESCRIPTION, width=columns)
    return content, OnnxModel(content, signature=signature_of(preparation), threads=1)


def answers_of(model: OnnxModel, table: pa.Table) -> Any:
    return model.outputs(table)[OUTPUT]


def gap(answers: Any, expected: Any) -> float:
    """The largest difference, counted in the size of the numbers where they are above 1."""
    assert answers.shape == expected.shape
    assert answers.dtype == np.float64
    assert np.isfinite(expected).all()
    return float((np.abs(answers - expected) / np.maximum(1, np.abs(expected))).max())
