"""A training set of more columns than inputs that a file may have: from its table to an answer."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from core.registry.onnx_safety import signature_of
from core.registry.signature import MOST_INPUTS, Signature
from core.serving.model_server.columns import filled
from core.serving.model_server.inference import InferenceReader
from core.serving.model_server.lookup import NoLookup
from core.serving.model_server.predict import EntityReader
from core.serving.model_server.session import ServedModel, load_model
from core.serving.server_spec import Limits
from core.training.evaluation import OnnxModel
from core.training.recipe import Origins
from core.training.torch_recipes.data import load_data
from tests.bench.inference.models import table
from tests.serving.model_server.tensor_models import spec_for
from tests.training.flights import contract
from tests.training.runs import fitted_from, train_small

TEXTS, NUMBERS = ("carrier", "origin"), tuple(f"n{at}" for at in range(MOST_INPUTS))
CONTRACT = contract(TEXTS, NUMBERS)


def rows_of(seed: int, rows: int = 300) -> pa.Table:
    return table(rows, seed=seed, texts=TEXTS, numbers=NUMBERS)


@pytest.fixture(scope="module")
def written() -> tuple[bytes, Signature]:
    splits = {name: rows_of(at) for at, name in enumerate(("train", "validation", "test"))}
    trained = train_small(load_data(splits, contract=CONTRACT), epochs=1, minimum_count=1)
    return fitted_from(trained).export(Origins(contract=CONTRACT))


@pytest.fixture(scope="module")
def served(written: tuple[bytes, Signature], tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    model, signature = written
    return load_model(spec_for(tmp_path_factory.mktemp("wide"), model, signature=signature, contract=CONTRACT))


def sent(table_sent: pa.Table) -> list[dict[str, Any]]:
    """The rows as callers send them."""
    columns = table_sent.select([*TEXTS, *NUMBERS]).to_pylist()
    return [{"event_time": "2026-01-01T00:00:00Z", **row} for row in columns]


def test_the_file_takes_two_tensors_and_the_signature_names_their_columns(written: tuple[bytes, Signature]) -> None:
    model, signature = written
    assert [(spec.name, spec.shape, spec.columns) for spec in signature.inputs] == [
        ("texts", (-1, 2), TEXTS),
        ("numbers", (-1, MOST_INPUTS), NUMBERS),
    ]
    assert signature.describes(signature_of(model))


def test_served_rows_get_what_the_file_gives_in_training(written: tuple[bytes, Signature], served: ServedModel) -> None:
    table_sent = rows_of(9, 40)
    (offline,) = OnnxModel(written[0], signature=written[1], threads=1).outputs(table_sent).values()
    reader = EntityReader(CONTRACT, layout=served.layout, limits=Limits())
    entities = reader.read(orjson.dumps({"rows": sent(table_sent), "explain": True}), lookup=NoLookup())
    (answers,) = served.run(entities.arrays, rows=40)
    assert np.abs(answers - offline).max() == 0
    explained = entities.explained(3)["features"]
    assert explained == {name: table_sent.column(name)[3].as_py() for name in (*TEXTS, *NUMBERS)}


def test_the_tensors_themselves_may_be_sent(served: ServedModel) -> None:
    table_sent = rows_of(9, 3)
    columns = {name: table_sent.column(name).to_pylist() for name in (*TEXTS, *NUMBERS)}
    tensors = []
    for name, datatype, names in (("texts", "BYTES", TEXTS), ("numbers", "FP64", NUMBERS)):
        rows = [list(row) for row in zip(*(columns[column] for column in names), strict=True)]
        tensors.append({"name": name, "datatype": datatype, "shape": [3, len(names)], "data": rows})
    reader = InferenceReader(served.signature, layout=served.layout, limits=Limits())
    arrays = reader.read(orjson.dumps({"inputs": tensors})).arrays
    by_name = filled(served.layout, columns, rows=3, most_text=100)
    for nested, named in zip(arrays, by_name, strict=True):
        np.testing.assert_array_equal(nested, named)


def test_each_column_of_texts_knows_its_own_categories(served: ServedModel) -> None:
    assert set(served.known) == set(TEXTS)
    assert "value 1" in served.known["origin"]
    columns = {name: [0.5] for name in NUMBERS} | {"carrier": ["value 1"], "origin": ["?"]}
    arrays = filled(served.layout, columns, rows=1, most_text=9)
    assert served.layout.texts(arrays) == {"carrier": ["value 1"], "origin": ["?"]}
