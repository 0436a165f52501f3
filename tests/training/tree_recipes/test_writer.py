"""The file answers raw values as LightGBM answers the prepared ones, to the last digits."""

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest

from core.registry.onnx_safety import inspect
from core.tasks.measures.probabilities import auc
from core.training.preparation import learn
from core.training.tree_recipes.binning import bin_rows
from core.training.tree_recipes.objectives import Kind
from core.training.tree_recipes.rows import Rows, features_of
from core.training.tree_recipes.trees import ensemble_of, trees_in
from tests.effort import tries
from tests.training.flights import contract, splits
from tests.training.raw_tables import gap, prepared, strange_table
from tests.training.tree_recipes.boosted import KINDS, answers, binned, boosted, file_of, written

MOST = 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_it_equals_lightgbm_on_whatever_callers_send(kind: Kind) -> None:
    for seed in range(tries(2, long=40)):
        data = binned(seed, kind=kind)
        model = boosted(data, kind=kind, leaves=3 + 9 * seed, class_weight=["none", "balanced"][seed % 2])
        table = strange_table(np.random.default_rng(seed), rows=500)
        expected = model.predict(features_of(table, preparation=data.preparation))
        assert gap(answers(model, table, data=data), expected) <= MOST, seed
        assert len(np.unique(expected)) > 20


@pytest.mark.parametrize("columns", [{"categories": ()}, {"numbers": ()}, {"categories": ("single",), "numbers": ()}])
def test_categories_alone_numbers_alone_and_nothing_to_learn_from_work(columns: dict[str, tuple[str, ...]]) -> None:
    data = binned(1, **columns)
    model = boosted(data)
    table = strange_table(np.random.default_rng(1), rows=200)
    expected = model.predict(features_of(table, preparation=data.preparation))
    assert gap(answers(model, table, data=data), expected) <= MOST
    assert (len(np.unique(expected)) == 1) == (columns == {"categories": ("single",), "numbers": ()})


def test_sets_missing_values_and_trees_without_a_split_are_all_in_the_files_that_were_compared() -> None:
    ensemble = ensemble_of(boosted(binned(0)).boosters, trees_a_round=1)
    assert {0, 6} == set(ensemble.modes)
    assert np.isnan(ensemble.members).sum() == ensemble.modes.count(6)
    assert len(ensemble.members) > 3 * ensemble.modes.count(6)
    assert np.nanmax(ensemble.members) > 32
    assert any(ensemble.nan_is_true)
    assert not all(ensemble.nan_is_true)
    single = binned(1, categories=("single",), numbers=())
    stumps = list(trees_in(boosted(single).boosters[0].model_to_string()))
    assert stumps
    assert all(tree["left_child"] == tree["right_child"] for tree in stumps)


def test_a_row_alone_gets_what_it_gets_among_many_and_no_rows_get_no_answers() -> None:
    data = binned(3)
    content, model = written(boosted(data), preparation=data.preparation)
    table = strange_table(np.random.default_rng(3), rows=40)
    alone = [model.outputs(table.slice(place, 1))["answer"][0] for place in range(table.num_rows)]
    assert gap(np.array(alone), model.outputs(table)["answer"]) <= MOST
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    none = {item.name: np.array([], dtype=object if "string" in item.type else float) for item in session.get_inputs()}
    assert session.run(None, none)[0].shape == (0,)


def test_the_file_has_the_first_format_with_ensembles_in_double_precision_and_nothing_that_is_refused() -> None:
    data = binned(4)
    model = boosted(data)
    content = file_of(model, data=data)
    read = onnx.load_from_string(content)
    assert {(entry.domain, entry.version) for entry in read.opset_import} == {("", 21), ("ai.onnx.ml", 5)}
    assert read.ir_version == 10
    assert not [finding for finding in inspect(content).findings if finding.refuses]
    assert content == file_of(model, data=data)


def test_many_columns_come_in_two_tensors() -> None:
    random, names = np.random.default_rng(5), tuple(f"n{place}" for place in range(260))
    numbers = dict(zip(names, random.normal(size=(260, 300)), strict=True))
    table = pa.table({"color": random.choice(["red", "green", ""], size=300).tolist(), **numbers})
    preparation = prepared(table, categories=("color",), numbers=names)
    labels = (table["n0"].to_numpy() + (np.array(table["color"]) == "red") > 0).astype(float)
    rows = Rows(features_of(table, preparation=preparation), labels)
    data = bin_rows(rows, validation=rows, preparation=preparation, threads=1)
    model = boosted(data)
    assert gap(answers(model, table, data=data), model.predict(rows.features)) <= MOST
    assert [entry.name for entry in onnx.load_from_string(file_of(model, data=data)).graph.input] == [
        "texts",
        "numbers",
    ]


def test_it_equals_lightgbm_on_rows_of_real_flights() -> None:
    tables = splits()
    preparation = learn(tables["train"], contract=contract())
    rows = {
        name: Rows(features_of(table, preparation=preparation), table["label"].to_numpy().astype(float))
        for name, table in tables.items()
    }
    data = bin_rows(rows["train"], validation=rows["validation"], preparation=preparation, threads=1)
    model = boosted(data)
    expected = model.predict(rows["test"].features)
    assert gap(answers(model, tables["test"], data=data), expected) <= MOST
    assert auc(rows["test"].labels, probabilities=expected) > 0.8
