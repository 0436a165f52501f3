"""Scripts as people write them, and as those who mean harm do."""

import json
from pathlib import Path

import pytest

from core.compute.process import JobFailed
from core.registry.onnx_safety import inspect
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import Origins
from core.training.values import Origin
from tests.training.known_sets import judged, known_set
from tests.training.scripts.sources import FILE, LINEAR, PREDICTED, READ, fitted


def test_a_file_over_one_tensor_becomes_one_over_the_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = READ + LINEAR + FILE + PREDICTED
    result = fitted(tmp_path, {"train.py": source})
    tables, contract, target = known_set("breast_cancer")
    assert "learned from 398 rows" in capsys.readouterr().out
    assert (result.is_servable, result.is_compared) == (True, True)
    model, signature = result.export(Origins(contract=contract, origin=Origin(run="RUN-7")))
    assert [spec.name for spec in signature.inputs] == list(contract.numbers())
    assert not [finding for finding in inspect(model).findings if finding.refuses]
    outputs = OnnxModel(model, signature=signature, threads=1).outputs(tables["test"])
    assert largest_difference(outputs, result.predict(tables["test"]), target=target) < 1e-5
    assert judged("breast_cancer", result)["auc"] > 0.97


def test_predictions_alone_are_judged_and_the_labels_of_the_test_rows_are_not_given(tmp_path: Path) -> None:
    source = READ + "assert 'label' not in tables['test'].column_names, 'labels'\n" + LINEAR + PREDICTED
    result = fitted(tmp_path, {"train.py": source})
    assert not result.is_servable
    tables, _contract, _target = known_set("breast_cancer")
    assert len(result.predict(tables["test"])["probability"]) == tables["test"].num_rows


def test_classes_and_numbers_are_predicted_too(tmp_path: Path) -> None:
    source = (
        READ
        + """
import pyarrow as pa
(made / "predictions").mkdir()
for name in ("validation", "test"):
    ids = tables[name]["row_id"]
    if contract["classes"]:
        rows = [[0.5, 0.3, 0.2]] * len(ids)
        table = pa.table({"row_id": ids, "probabilities": rows})
    else:
        table = pa.table({"row_id": ids, "value": [params["arguments"]["value"]] * len(ids)})
    pq.write_table(table, made / "predictions" / f"{name}.parquet")
"""
    )
    tables, _contract, target = known_set("wine")
    answers = fitted(tmp_path, {"train.py": source}, name="wine").predict(tables["test"])
    assert set(answers["predicted"]) == {target.classes[0]}
    answers = fitted(tmp_path, {"train.py": source}, name="diabetes", arguments="value = 150").predict(
        known_set("diabetes")[0]["test"]
    )
    assert set(answers["value"]) == {150.0}


def test_what_it_tells_mlflow_is_taken_in_under_names_of_its_own(tmp_path: Path) -> None:
    """As MLflow writes it: its own library takes seconds to load."""
    store = """
import urllib.parse
root = Path(urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"]).path) / "0" / ("a" * 32)
for folder in ("params", "metrics/val"):
    (root / folder).mkdir(parents=True)
(root / "params" / "depth").write_text("3")
(root / "metrics/val" / "Loss").write_text("1700 0.5 0\\n1701 0.25 1\\n1702 nan 2\\nrubbish\\n")
(root / "metrics" / "auc_on_test").write_text("1700 1.0 0\\n")
"""
    result = fitted(tmp_path, {"train.py": READ + LINEAR + PREDICTED + store})
    assert result.logged == {"depth": "3"}
    assert result.history == [(0, {"script_val_loss": 0.5, "script_auc_on_test": 1.0}), (1, {"script_val_loss": 0.25})]


def refusal(folder: Path, source: str, **chosen: object) -> str:
    with pytest.raises(JobFailed) as failure:
        fitted(folder, {"train.py": source}, **chosen)
    return str(failure.value)


def test_a_script_that_fails_says_where_in_its_own_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "train.py": "import lib\nlib.learn()\n",
        "lib.py": "def learn():\n    raise ValueError('no such column')\n",
    }
    with pytest.raises(JobFailed, match="ended with status 1: ValueError: no such column"):
        fitted(tmp_path, files)
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if "File" in line] == [
        '  File "train.py", line 2, in <module>',
        '  File "lib.py", line 2, in learn',
    ]


def test_an_entry_point_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    assert refusal(tmp_path, "pass", entry_point="learn.py") == "The code has no learn.py. It has: train.py."
    assert "no learn.py" in refusal(tmp_path, "pass", entry_point="learn:main")


def test_a_mapping_says_what_no_proposal_could(tmp_path: Path) -> None:
    """The columns in another order, and an output of another name."""
    _tables, contract, _target = known_set("breast_cancer")
    turned = READ.replace('for c in contract["numbers"]', 'for c in contract["numbers"][::-1]')
    mapping = {
        "inputs": [{"tensor": "x", "columns": [{"name": name} for name in reversed(contract.numbers())]}],
        "answers": [{"name": "probability", "tensor": "output", "role": "probability"}],
    }
    source = turned + LINEAR + FILE + PREDICTED + f"(made / 'mapping.json').write_text({json.dumps(mapping)!r})\n"
    result = fitted(tmp_path, {"train.py": source})
    model, signature = result.export(Origins(contract=contract))
    tables, _contract, target = known_set("breast_cancer")
    outputs = OnnxModel(model, signature=signature, threads=1).outputs(tables["test"])
    assert largest_difference(outputs, result.predict(tables["test"]), target=target) < 1e-5


def test_a_stopped_script_gives_nothing(tmp_path: Path) -> None:
    assert fitted(tmp_path, {"train.py": "while True: pass"}, should_stop=lambda: True).stopped
