"""What a script leaves is read as a stranger's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from onnx import helper

from core.foundation.errors import Invalid
from core.training.scripts.exchange import read_output
from core.training.scripts.served_model import Wanted, mapped_model
from tests.training.known_sets import known_set

TABLES, CONTRACT, TARGET = known_set("breast_cancer")
HELD_OUT = ("validation", "test")


def write_predictions(folder: Path, change: Callable[[pa.Table], pa.Table] = lambda table: table) -> None:
    (folder / "predictions").mkdir()
    for name in HELD_OUT:
        ids = TABLES[name]["row_id"]
        table = pa.table({"row_id": ids, "probability": np.linspace(0, 1, len(ids))})
        pq.write_table(change(table), folder / "predictions" / f"{name}.parquet")


def test_predictions_are_put_into_the_order_of_the_rows(tmp_path: Path) -> None:
    write_predictions(tmp_path, lambda table: table.take(np.arange(table.num_rows)[::-1]))
    results = read_output(tmp_path, tables=TABLES, target=TARGET)
    assert results.model is None
    answers = results.predictions["test"]["probability"]
    assert answers.tolist() == np.linspace(0, 1, TABLES["test"].num_rows).tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.slice(1), "not each row of the split once"),
        (lambda table: pa.concat_tables([table.slice(1), table.slice(1, 1)]), "not each row of the split once"),
        (lambda table: table.rename_columns(["id", "probability"]), "no column row_id"),
        (lambda table: table.rename_columns(["row_id", "chance"]), "no column probability"),
        (lambda table: table.set_column(1, "probability", [[float("nan")] * len(table)]), "is no number"),
        (lambda table: table.set_column(1, "probability", [["high"] * len(table)]), "cannot be read"),
        (lambda table: table.set_column(1, "probability", [[[0.5, 0.5]] * len(table)]), "cannot be read"),
    ],
)
def test_predictions_of_another_form_are_refused(
    change: Callable[[pa.Table], pa.Table], words: str, tmp_path: Path
) -> None:
    write_predictions(tmp_path, change)
    with pytest.raises(Invalid) as refusal:
        read_output(tmp_path, tables=TABLES, target=TARGET)
    assert words in refusal.value.in_full


def torn(folder: Path) -> None:
    write_predictions(folder)
    (folder / "predictions/test.parquet").write_bytes(b"PAR1" * 99)


def linked(folder: Path) -> None:
    (folder / "model.onnx").symlink_to("/etc/passwd")


def large(folder: Path) -> None:
    with (folder / "model.onnx").open("wb") as file:
        file.truncate(200_000_001)


def mapped_wrongly(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"x")
    (folder / "mapping.json").write_text(json.dumps({"inputs": 3}))


@pytest.mark.parametrize(
    ("leave", "words"),
    [
        (lambda folder: None, "left no model.onnx, and no predictions of validation, test"),
        (linked, "left no model.onnx"),
        (large, "larger than 200 MB"),
        (torn, "predictions of test cannot be read"),
        (mapped_wrongly, "mapping.json"),
    ],
)
def test_files_that_cannot_be_taken_in_are_refused(leave: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    leave(tmp_path)
    with pytest.raises(Invalid) as refusal:
        read_output(tmp_path, tables=TABLES, target=TARGET)
    assert words in refusal.value.in_full


def file_of(operator: str = "ReduceMean", *, width: int = len(CONTRACT.numbers()), **node: Any) -> bytes:
    """A file that takes one tensor, and gives one number a row."""
    value = helper.make_tensor_value_info
    nodes = [helper.make_node(operator, ["x"], ["mean"], **node), helper.make_node("Identity", ["mean"], ["output"])]
    axes = {"axes": [1], "keepdims": 0} if operator == "ReduceMean" else {}
    nodes[0].attribute.extend(helper.make_attribute(name, given) for name, given in axes.items())
    graph = helper.make_graph(nodes, "mean", [value("x", 1, ["n", width])], [value("output", 1, ["n"])])
    domains = [helper.make_opsetid("", 13), *([helper.make_opsetid(node["domain"], 1)] if node else [])]
    return helper.make_model(graph, opset_imports=domains, ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x04pickle", "pickle file, not ONNX"),
        (b"no model at all" * 99, "no ONNX file"),
        (file_of("Evil"), "not valid ONNX"),
        (file_of("Evil", domain="evil.org"), "Operators of 'evil.org'"),
        (file_of(width=3), "The file takes x [3]"),
    ],
    ids=["a pickle", "no model", "an unknown operator", "a foreign domain", "another width"],
)
def test_a_file_that_cannot_be_served_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        mapped_model(content, rows=TABLES["validation"], wanted=Wanted(CONTRACT, TARGET), mapping=None)
    assert words in refusal.value.in_full


def test_classes_in_another_order_are_refused_and_their_places_are_not() -> None:
    tables, contract, target = known_set("wine")
    wanted = Wanted(contract, target)

    def content(*classes: str) -> bytes:
        k = len(contract.numbers())
        attributes = {
            "coefficients": [0.1] * (3 * k),
            "intercepts": [0.0] * 3,
            "classlabels_strings": list(classes),
            "post_transform": "SOFTMAX",
        }
        value = helper.make_tensor_value_info
        node = helper.make_node("LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml", **attributes)
        outputs = [value("label", onnx.TensorProto.STRING, ["n"]), value("scores", 1, ["n", 3])]
        graph = helper.make_graph([node], "classes", [value("x", 1, ["n", k])], outputs)
        domains = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
        return helper.make_model(graph, opset_imports=domains, ir_version=10).SerializeToString()

    for classes in (target.classes, ("0", "1", "2")):
        served = mapped_model(content(*classes), rows=tables["validation"], wanted=wanted, mapping=None)
        names = [output.name for output in onnx.load_model_from_string(served).graph.output]
        assert names == ["probabilities", "predicted"]
    with pytest.raises(Invalid, match="The classes of the file"):
        mapped_model(content(*reversed(target.classes)), rows=tables["validation"], wanted=wanted, mapping=None)
