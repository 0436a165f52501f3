"""The ONNX file says what the trained network says, for one row as for many, and for every value there can be."""

import json

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from core.compute.process import JobFailed
from core.registry.onnx_safety import inspect, signature_of
from core.tasks.predictions import Outputs
from core.tasks.values import Target
from core.training.description import Description
from core.training.evaluation import SAMPLE, OnnxModel, answers_of, largest_difference
from core.training.input_graph import signature_of as inputs_of
from core.training.onnx_graph import Graph
from core.training.recipe import Origins
from core.training.torch_recipes.data import TrainingData, load_data
from core.training.torch_recipes.fitted_network import FittedNetwork
from core.training.torch_recipes.trainer import Trained
from core.training.values import Origin
from tests.training.flights import CATEGORIES, NUMBERS, contract, splits
from tests.training.runs import fitted_from, train_small


@pytest.fixture(scope="module")
def trained(flight_data: TrainingData) -> Trained:
    return train_small(flight_data, learning_rate=1e-2, calibration="platt")


@pytest.fixture(scope="module")
def model(trained: Trained) -> OnnxModel:
    return opened(trained)


def opened(trained: Trained) -> OnnxModel:
    signature = inputs_of(trained.preparation)
    return OnnxModel(written(trained), signature=signature, threads=1)


def written(trained: Trained, **origin: str) -> bytes:
    names = [item.name for item in trained.preparation.categories], [item.name for item in trained.preparation.numbers]
    origins = Origins(contract=contract(*map(tuple, names)), origin=Origin(**origin))
    return fitted_from(trained).export(origins)[0]


def gap(trained: Trained, outputs: Outputs, table: pa.Table) -> float:
    return largest_difference(outputs, fitted_from(trained).predict(table), target=Target())


def probabilities_of(model: OnnxModel, table: pa.Table) -> NDArray[np.float64]:
    return np.asarray(model.outputs(table)["probability"])


def ask(model: OnnxModel, **values: object) -> float:
    """The probability of one ordinary flight, with some values changed."""
    row = splits()["test"].slice(0, 1)
    for name, value in values.items():
        place = row.column_names.index(name)
        row = row.set_column(place, name, pa.array([value], row.schema.field(name).type))
    return float(probabilities_of(model, row)[0])


def test_it_equals_torch_on_every_row(trained: Trained, model: OnnxModel) -> None:
    for table in splits().values():
        probabilities = probabilities_of(model, table)
        assert gap(trained, {"probability": probabilities}, table) <= 1e-6
        assert probabilities.dtype == np.float64
        assert ((probabilities > 0) & (probabilities < 1)).all()


def test_a_file_that_differs_from_torch_is_refused(trained: Trained, model: OnnxModel) -> None:
    table = splits()["test"]
    with pytest.raises(JobFailed, match=r"differ by 0\.001"):
        gap(trained, {"probability": probabilities_of(model, table) + 0.001}, table)
    with pytest.raises(JobFailed, match="differ by inf"):
        gap(trained, {"probability": probabilities_of(model, table) * np.nan}, table)


def test_a_row_alone_gets_what_it_gets_among_many(model: OnnxModel) -> None:
    table = splits()["test"].slice(0, 300)
    alone = [probabilities_of(model, table.slice(place, 1))[0] for place in range(table.num_rows)]
    assert np.abs(np.array(alone) - probabilities_of(model, table)).max() <= 1e-7


def test_unseen_and_rare_categories_are_the_same_unknown(trained: Trained, model: OnnxModel) -> None:
    known = next(item for item in trained.preparation.categories if item.name == "dest").values
    rare = next(name for name in splits()["train"]["dest"].to_pylist() if name and name not in known)
    assert ask(model, dest="NEVER SEEN") == ask(model, dest=rare) == ask(model, dest="\u98db\u884c")
    assert ask(model, dest="NEVER SEEN") != ask(model, dest=known[0])


def test_missing_values_are_defined(trained: Trained, model: OnnxModel) -> None:
    delay = next(item for item in trained.preparation.numbers if item.name == "dep_delay")
    hour = next(item for item in trained.preparation.numbers if item.name == "hour")
    assert ask(model, dep_delay=None) == ask(model, dep_delay=float("nan")) != ask(model, dep_delay=delay.fill)
    # Hours were never missing in training: there is no flag, and the median stands in.
    assert ask(model, hour=None) == ask(model, hour=hour.fill)
    assert ask(model, carrier=None) == ask(model, carrier="")


@pytest.mark.parametrize("value", [1e308, -1e308, float("inf"), float("-inf")])
def test_absurd_numbers_give_a_probability(model: OnnxModel, value: float) -> None:
    assert 0 < ask(model, dep_delay=value) < 1


def test_no_rows_give_no_probabilities(trained: Trained) -> None:
    session = onnxruntime.InferenceSession(written(trained), providers=["CPUExecutionProvider"])
    empty = {
        item.name: np.array([], dtype=object if item.type == "tensor(string)" else np.float64)
        for item in session.get_inputs()
    }
    assert session.run(None, empty)[0].shape == (0,)


def test_the_same_training_gives_the_same_bytes_and_nothing_speaks_against_them(trained: Trained) -> None:
    data = written(trained)
    assert data == written(trained)
    assert not [finding for finding in inspect(data).findings if finding.refuses]
    assert signature_of(data) == inputs_of(trained.preparation)
    read = onnx.load_from_string(data)
    assert {(entry.domain, entry.version) for entry in read.opset_import} == {("", 13), ("ai.onnx.ml", 2)}
    assert read.ir_version == 7


@pytest.mark.parametrize(
    ("categories", "numbers", "layers"), [((), ("hour",), 2), (("carrier", "dest"), (), 1), (("origin",), ("hour",), 0)]
)
def test_categories_alone_numbers_alone_and_no_hidden_layer_work(
    categories: tuple[str, ...], numbers: tuple[str, ...], layers: int
) -> None:
    data = load_data(splits(), contract=contract(categories, numbers))
    trained = train_small(data, hidden_layers=layers)
    table = splits()["test"]
    assert gap(trained, opened(trained).outputs(table), table) <= 1e-6


def test_a_category_without_one_known_value_is_always_unknown(flight_data: TrainingData) -> None:
    trained = train_small(flight_data, minimum_count=1_000_000)
    assert not any(item.values for item in trained.preparation.categories)
    model = opened(trained)
    assert ask(model, carrier="UA") == ask(model, carrier="") == ask(model, carrier="ZZ")


@pytest.mark.parametrize("kind", ["none", "temperature", "platt"])
def test_the_calibration_in_the_file_is_the_one_that_was_fitted(flight_data: TrainingData, kind: str) -> None:
    trained = train_small(flight_data, calibration=kind, learning_rate=1e-2)
    table = splits()["validation"]
    probabilities = probabilities_of(opened(trained), table)
    assert gap(trained, {"probability": probabilities}, table) <= 1e-6
    if kind == "platt":
        assert probabilities.mean() == pytest.approx(np.mean(table["label"].to_numpy()), abs=1e-6)


def test_calibration_finds_the_line_that_made_the_labels() -> None:
    from core.training.torch_recipes.calibration import Calibration, fit_calibration

    random = np.random.default_rng(5)
    logits = random.normal(size=60_000) * 2
    labels = (random.random(60_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))).astype(float)
    fitted = fit_calibration(logits, labels=labels, kind="platt")
    assert (fitted.slope, fitted.shift) == (pytest.approx(0.5, abs=0.02), pytest.approx(-1, abs=0.03))
    assert fit_calibration(logits, labels=labels, kind="temperature").shift == 0
    assert fit_calibration(-logits, labels=(logits > 0).astype(float), kind="platt") == Calibration()
    assert fit_calibration(np.zeros(10), labels=np.ones(10), kind="platt") == Calibration()


def test_few_rows_that_are_all_right_make_no_model_surer_than_it_is() -> None:
    from core.training.torch_recipes.calibration import FEW, fit_calibration, fit_temperature

    random = np.random.default_rng(5)
    logits = random.normal(size=20 * FEW)
    labels = random.random(len(logits)) < 1 / (1 + np.exp(-3 * logits))
    slopes = {
        rows: [
            fit_calibration(logits[:rows], labels=labels[:rows].astype(float), kind="temperature").slope,
            fit_temperature(
                np.outer(logits[:rows], [-0.5, 0.5]), labels=labels[:rows].astype(int), kind="temperature"
            ).slope,
        ]
        for rows in (40, len(logits))
    }
    assert slopes[40] == pytest.approx([1.3] * 2, abs=0.3)
    assert slopes[len(logits)] == pytest.approx([3] * 2, abs=0.2)


RUNS = ("RUN-118", "RUN-119")
DESCRIPTION = Description(text="", number=0, inputs={}, metadata={})
ORIGIN = {
    "run": "RUN-118",
    "title": "Late arrivals",
    "recipe": "tabular",
    "training_set": "TS-4",
    "training_set_title": "Flights by month",
    "training_set_digest": "d" * 64,
    "label": "is_late",
}


def test_a_stranger_learns_from_the_file_what_it_is_and_how_to_ask_it(trained: Trained, model: OnnxModel) -> None:
    """With onnxruntime and the standard library alone."""
    session = onnxruntime.InferenceSession(written(trained, **ORIGIN), providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta()
    facts = meta.custom_metadata_map
    assert (meta.producer_name, meta.version) == ("causeway", 118)
    assert meta.description.startswith(
        "Late arrivals: the probability that is_late is 1, by the recipe tabular on TS-4"
    )
    named = {name: facts[f"causeway.{name}"] for name in ("run", "training_set", "training_set_digest")}
    assert named == {"run": "RUN-118", "training_set": "TS-4", "training_set_digest": "d" * 64}
    output = json.loads(facts["causeway.output"])
    assert facts["causeway.recipe"] == "tabular"
    assert (output["label"], output["classes"], output["of"]) == ("is_late", [0, 1], 1)
    inputs = json.loads(facts["causeway.inputs"])
    missing = {"NaN": np.array([np.nan]), "": np.array([""], dtype=object)}
    answers = session.run(None, {item.name: missing[inputs[item.name]["missing"]] for item in session.get_inputs()})
    nothing = dict.fromkeys((*CATEGORIES, *NUMBERS))
    assert float(answers[0][0]) == pytest.approx(ask(model, **nothing), abs=1e-12)
    assert inputs["hour"]["if_missing"] == "13.0 stands in, the median of training"
    assert inputs["dep_delay"]["if_missing"].endswith("with a flag that it was missing")


def test_each_input_says_what_missing_means(trained: Trained) -> None:
    graph = onnx.load_from_string(written(trained, **ORIGIN)).graph
    notes = {entry.name: entry.doc_string for entry in (*graph.input, *graph.output)}
    assert "empty text is a missing one" in notes["carrier"]
    assert "NaN is a missing one, for which 13.0 stands in" in notes["hour"]
    assert "from 0 to 1, that the label is 1" in notes["probability"]


def test_two_trainings_alike_differ_in_what_the_file_says_alone(trained: Trained) -> None:
    first, second = (onnx.load_from_string(written(trained, **ORIGIN | {"run": run})) for run in RUNS)
    assert first.model_version == 118 != second.model_version
    assert first.graph.SerializeToString(deterministic=True) == second.graph.SerializeToString(deterministic=True)


def test_a_recipe_that_needs_newer_operators_gets_the_oldest_format_that_has_them() -> None:
    formats = {}
    for operator in ("Relu", "Gelu"):
        graph = Graph()
        value = graph.node(operator, graph.input("hour", is_text=False))
        read = onnx.load_from_string(graph.finish(value, output="probability", description=DESCRIPTION))
        formats[operator] = read.ir_version, [(entry.domain, entry.version) for entry in read.opset_import]
    assert formats == {"Relu": (7, [("", 13)]), "Gelu": (9, [("", 20)])}
    unknown = Graph()
    with pytest.raises(onnx.checker.ValidationError, match="Telepathy"):
        unknown.finish(unknown.node("Telepathy"), output="probability", description=DESCRIPTION)


class CountingFile:
    """A file of which it is known for how many rows it was asked."""

    def __init__(self, model: OnnxModel, *, wrong_by: float = 0.0) -> None:
        self.rows: list[int] = []
        self._model, self._wrong_by = model, wrong_by

    def answers(self, table: pa.Table) -> Outputs:
        self.rows.append(table.num_rows)
        return {name: values + self._wrong_by for name, values in self._model.outputs(table).items()}


def test_where_the_device_that_trained_is_judged_the_file_answers_a_sample(trained: Trained, model: OnnxModel) -> None:
    fitted, table = FittedNetwork(trained, device="cpu", is_judged=True), pa.concat_tables([splits()["test"]] * 8)
    counting = CountingFile(model)
    outputs, difference = answers_of(table, model=counting, fitted=fitted, is_held_out=True)
    assert np.array_equal(outputs["probability"], fitted.predict(table)["probability"])
    assert (counting.rows, table.num_rows > SAMPLE) == ([SAMPLE], True)
    assert 0 < difference <= 1e-6
    assert answers_of(table, model=counting, fitted=fitted, is_held_out=False)[1] == 0
    assert counting.rows == [SAMPLE]
    with pytest.raises(JobFailed, match="differ by 0\\.001"):
        answers_of(table, model=CountingFile(model, wrong_by=0.001), fitted=fitted, is_held_out=True)


def test_on_the_cpu_the_file_is_judged(trained: Trained, model: OnnxModel) -> None:
    fitted, table, counting = fitted_from(trained), splits()["test"], CountingFile(model)
    outputs, _difference = answers_of(table, model=counting, fitted=fitted, is_held_out=True)
    assert (counting.rows, fitted.is_judged) == ([table.num_rows], False)
    assert np.array_equal(outputs["probability"], probabilities_of(model, table))
    assert FittedNetwork(trained, device="cuda").is_judged
