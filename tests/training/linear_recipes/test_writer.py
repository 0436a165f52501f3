"""The file answers raw values as the fitted model answers the prepared ones, to the last digits."""

from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest

from core.registry.onnx_safety import inspect
from core.training.input_graph import signature_of
from core.training.linear_recipes.fitting import fit
from core.training.linear_recipes.linear_model import LinearModel
from core.training.linear_recipes.linear_params import LinearParams
from core.training.linear_recipes.losses import Kind
from core.training.linear_recipes.rows import Rows, features_of
from core.training.linear_recipes.writer import write_linear
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation
from tests.effort import tries
from tests.training.raw_tables import answers_of, gap, opened, prepared, signal, strange_table, training_table

MOST = 1e-12
WIDTHS: dict[Kind, int] = {"binary": 1, "classes": 3, "labels": 2, "number": 1}


def fitted(table: pa.Table, *, kind: Kind, preparation: Preparation, random: np.random.Generator) -> LinearModel:
    rows = Rows(features_of(table, preparation=preparation), labels_of(table, kind=kind, random=random))
    params = LinearParams(l2=1.0)
    return fit(rows, params, validation=rows, kind=kind, preparation=preparation, width=WIDTHS[kind]).model


def labels_of(table: pa.Table, *, kind: Kind, random: np.random.Generator) -> Any:
    values = signal(table) + random.normal(size=table.num_rows)
    if kind == "number":
        return values * 1e4 + 1e6
    if kind == "labels":
        return np.stack([values > 0, values > 1], axis=1).astype(float)
    return np.digitize(values, [0.5] if kind == "binary" else [0.0, 1.0]).astype(float)


def written(model: LinearModel, *, preparation: Preparation) -> tuple[bytes, Any]:
    graph = Graph()
    graph.take(signature_of(preparation))
    value = write_linear(model, graph=graph, preparation=preparation)
    return opened(graph, value=value, columns=model.columns, preparation=preparation)


@pytest.mark.parametrize("kind", WIDTHS)
def test_it_equals_the_fitted_model_on_whatever_callers_send(kind: Kind) -> None:
    for seed in range(tries(2, long=40)):
        random = np.random.default_rng(seed)
        table = training_table(random, rows=300)
        preparation = prepared(table).limited(1 + 4 * seed)
        model = fitted(table, kind=kind, preparation=preparation, random=random)
        strange = strange_table(random, rows=500)
        expected = model.predict(features_of(strange, preparation=preparation))
        assert gap(answers_of(written(model, preparation=preparation)[1], strange), expected) <= MOST, seed
        assert len(np.unique(expected)) > 100


@pytest.mark.parametrize("columns", [{"categories": ()}, {"numbers": ()}])
def test_categories_alone_and_numbers_alone_work(columns: dict[str, tuple[str, ...]]) -> None:
    random = np.random.default_rng(1)
    table = training_table(random, rows=300)
    preparation = prepared(table, **columns)
    model = fitted(table, kind="binary", preparation=preparation, random=random)
    strange = strange_table(random, rows=200)
    expected = model.predict(features_of(strange, preparation=preparation))
    assert gap(answers_of(written(model, preparation=preparation)[1], strange), expected) <= MOST


def test_the_file_needs_standard_operators_that_every_runtime_has() -> None:
    random = np.random.default_rng(2)
    table = training_table(random, rows=300)
    preparation = prepared(table)
    model = fitted(table, kind="classes", preparation=preparation, random=random)
    content = written(model, preparation=preparation)[0]
    read = onnx.load_from_string(content)
    assert {(entry.domain, entry.version) for entry in read.opset_import} == {("", 13), ("ai.onnx.ml", 2)}
    assert not [finding for finding in inspect(content).findings if finding.refuses]
