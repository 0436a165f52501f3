"""Models from a notebook: converted there, compared here."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cli.commands import cli
from core.client import Client, connect
from core.client.conversion import convert
from core.client.errors import Invalid, NotReady
from core.client.examples import as_rows
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.installed import People
from tests.registry.foreign.test_conversion import FILES, WRONG, content_of, document
from tests.registry.test_uploads import rows_in_a_dataset
from tests.served import Served
from tests.training.judging.outcomes import labels_of, snapshot_of, uploaded


@pytest.fixture
def client(portal: Portal, people: People) -> Iterator[Client]:
    with Served(portal) as address:
        yield connect(address, portal.sessions.begin(people.engineer.person_id))


def frame_of(name: str) -> pd.DataFrame:
    return pd.DataFrame(document(name)["example"])


def test_a_file_is_registered_with_its_example_and_what_is_expected(client: Client, portal: Portal) -> None:
    probabilities = np.array(document("xgboost")["expected"]["probabilities"])
    registered = client.registry.register(
        FILES / "xgboost.onnx", name="Late payers", example=frame_of("xgboost"), expected=probabilities
    )
    assert (registered["model"], registered["version"]) == ("late-payers", 1)
    (evidence,) = client.every("registry.list_evidence", subject=registered["id"])
    assert evidence["kind"] == "conversion"
    assert client.run("registry.get_model", model_id="late-payers")["title"] == "Late payers"
    again = client.registry.register(content_of("catboost"), name="Late payers")
    assert (again["model_id"], again["version"]) == (registered["model_id"], 2)
    assert list(client.every("registry.list_evidence", subject=again["id"])) == []


def test_rows_of_a_dataset_are_the_example_of_a_file(client: Client, portal: Portal, people: People) -> None:
    rows, compared = rows_in_a_dataset(portal, people), {"probability": ("proba_0", "proba_1")}
    registered = client.registry.register(
        FILES / "xgboost.onnx", name="Late payers", compared=compared, snapshot_id=rows
    )
    (evidence,) = client.every("registry.list_evidence", subject=registered["id"])
    assert (evidence["kind"], evidence["content"]["rows"]) == ("conversion", 24)


def test_a_wrong_conversion_is_refused_with_its_row(client: Client) -> None:
    with pytest.raises(Invalid, match=r"Row 21 of the example: probability is 0\.2") as refusal:
        client.registry.register(
            content_of(WRONG), name="forest", example=frame_of(WRONG), expected=document(WRONG)["expected"]
        )
    assert refusal.value.field == "expected"


def test_a_file_is_registered_from_the_command_line(
    portal: Portal, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("example", "expected"):
        (tmp_path / part).write_text(json.dumps(document("xgboost")[part]))
    files = [f"--{part}={tmp_path / part}" for part in ("example", "expected")]
    words = ["registry", "upload-version", "--project=PROJ-1", "--model=m1", f"--content={FILES / 'xgboost.onnx'}"]
    with Served(portal) as address:
        monkeypatch.setenv("CAUSEWAY_ADDRESS", address)
        monkeypatch.setenv("CAUSEWAY_TOKEN", portal.sessions.begin(people.engineer.person_id))
        cli([*words, *files], standalone_mode=False)
    (evidence,) = portal.evidence.list_evidence(people.engineer).items
    assert evidence.kind == "conversion"


class Network:
    __module__ = "torch.nn"


class Forest:
    __module__ = "sklearn.ensemble"


@pytest.mark.parametrize(
    ("model", "missing", "install"),
    [(Forest(), "skl2onnx", "skl2onnx"), (Network(), "onnxscript", "onnxscript")],
)
def test_who_lacks_a_converter_learns_what_to_install(
    model: Any, missing: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Invalid, match=f"{missing} is not installed, which converts this model") as refusal:
        convert(model, np.zeros((2, 3)))
    assert refusal.value.hint == f"pip install {install}"


def test_what_is_no_model_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Invalid, match="dict is no model that can be converted here"):
        convert({}, np.zeros((2, 3)))
    with pytest.raises(Invalid, match="needs an example"):
        convert(Forest(), None)


def test_rows_are_made_of_whatever_a_model_takes() -> None:
    assert as_rows(np.array([[1.0, 2.0]])) == [{"x0": 1.0, "x1": 2.0}]
    assert as_rows({"ids": np.array([[7, 8]]), "size": np.array([0.5])}) == [{"ids_0": 7, "ids_1": 8, "size": 0.5}]
    assert as_rows(pd.DataFrame({"a": [None, "é"], "n": [np.nan, 1.5]})) == [
        {"a": None, "n": None},
        {"a": "é", "n": 1.5},
    ]


def test_a_list_of_texts_is_one_column() -> None:
    assert as_rows(["a b", "c"]) == [{"text": "a b"}, {"text": "c"}]
    assert as_rows(pd.Series(["a"])) == [{"text": "a"}]


def test_a_version_is_judged_from_a_notebook(client: Client, portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    with pytest.raises(NotReady, match=f"{version.id} was not judged: queued") as unfinished:
        client.registry.judge(version.id, snapshot_id=snapshot.id, label="y", timeout=0)
    run_job_here(portal, unfinished.value.object_id)
    judged = client.run("registry.get_version", version_id=version.id)
    assert [evaluation["rows"] for evaluation in judged["evaluations"]] == [240]
