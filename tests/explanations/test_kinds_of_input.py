"""A text, an image and a vector are inputs like all others: shuffled, and explained, as wholes."""

import base64
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.explanations.contributions.process import BACKGROUND, MODEL, explain_here, with_row
from core.explanations.importance_job import ImportanceSpec, measure
from core.features.values import FeatureContract, RequestField
from core.foundation.errors import Invalid
from core.foundation.parquet import write_parquet
from core.lake.images.decoding import encode
from core.registry.signature import TensorSpec
from core.training.evaluation import OnnxModel
from core.training.recipe import Fitted, Origins
from tests.training.known_sets import known_set
from tests.training.test_kinds_of_input import _with_vector, fitted_to
from tests.training.text_recipes import corpus
from tests.training.torch_recipes import test_image_networks as images

Known = tuple[Fitted, FeatureContract, dict[str, pa.Table]]


def with_text() -> Known:
    return corpus.fitted_text("binary"), corpus.CONTRACT, corpus.corpus("binary")[0]


def with_image() -> Known:
    return *(fit := images.fitted("binary", beside=True))[:1], images.takes(beside=True), fit[1]


def with_vector() -> Known:
    tables, contract, _target = known_set("wine")
    names = contract.numbers()[1:]
    vector = RequestField(name="place", kind="vector", is_model_input=True, size=len(names))
    contract = contract.model_copy(update={"request": (contract.request[0], vector)})
    tables = {split: _with_vector(table, names) for split, table in tables.items()}
    return fitted_to(tables, contract, "linear"), contract, tables


def sent(value: Any) -> Any:
    return base64.b64encode(encode(value, images.IMAGE)).decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(
    ("known", "name", "shown"),
    [(with_text, "review", ""), (with_image, "photo", "an image"), (with_vector, "place", "[")],
    ids=["text", "image", "vector"],
)
def test_it_is_measured_and_explained(known: Any, name: str, shown: str, tmp_path: Path) -> None:
    fitted, contract, tables = known()
    content, signature = fitted.export(Origins(contract=contract))
    job_spec = ImportanceSpec(
        version_id="MV-1", signature=signature, training_set="TS-1", holdout="digest", holdout_name="test",
        views={}, features={},
    )  # fmt: skip
    report = measure(tables["test"], OnnxModel(content, signature=signature, threads=1), job_spec=job_spec)
    assert set(contract.inputs()) == {entry.name for entry in report.inputs}
    assert report.inputs[0].name == name
    assert report.inputs[0].importance.low > 0
    model, rows = tmp_path / "model", tmp_path / "rows"
    model.write_bytes(content)
    write_parquet(tables["validation"].to_batches(), rows, schema=tables["validation"].schema)
    row = {
        key: sent(value) for key, value in tables["test"].select(contract.inputs()).slice(0, 1).to_pylist()[0].items()
    }
    payload = {"row": row, "signature": signature.model_dump(mode="json"), "output": ""}
    explanation = explain_here(payload, inputs={MODEL: model, BACKGROUND: rows})
    pushes = {entry["name"]: entry["contribution"] for entry in explanation["contributions"]}
    assert set(pushes) == set(contract.inputs())
    assert explanation["base"] + sum(pushes.values()) == pytest.approx(explanation["prediction"], abs=1e-6)
    value = next(entry["value"] for entry in explanation["contributions"] if entry["name"] == name)
    assert value.startswith(shown)


@pytest.mark.parametrize("value", [None, [1.0], [1.0, None], "1, 2"])
def test_what_is_no_such_vector_is_refused(value: Any) -> None:
    spec = TensorSpec(name="place", datatype="FP64", shape=(-1, 2))
    with pytest.raises(Invalid, match="place cannot be"):
        with_row(pa.table({"place": [[1.0, 2.0]]}), {"place": value}, specs={"place": spec})
