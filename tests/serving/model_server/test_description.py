"""What an endpoint says of itself to whoever is to call it."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from core.features.values import FeatureContract, RequestField
from core.registry.signature import Signature
from core.serving.model_server.description import INPUTS, MOST_VALUES, described, examples_of, known_texts
from core.serving.model_server.session import load_model
from tests.http import web
from tests.registry.onnx_files import EFFECTS, changed, contract, tiny_model
from tests.serving.model_server.tensor_models import listening, mixed, spec_for

IN_FILE = {"carrier": {"example": "B6"}, "distance": {"example": 1.5}, "wind": {"example": -0.25}}


def describing(inputs: Any) -> bytes:
    """The tiny model, whose file says this of its inputs."""

    def say(model: onnx.ModelProto) -> None:
        model.metadata_props.add(key=INPUTS, value=json.dumps(inputs))

    return changed(say)


def of_rows(folder: Path, model: bytes, *, sent: FeatureContract | None = None) -> dict[str, Any]:
    signature = Signature.of_columns(("carrier", "origin"), ("distance", "wind"))
    spec = spec_for(folder, model, signature=signature, contract=sent or contract())
    with listening(spec) as address:
        return dict(web.get(f"http://{address}/").json())


def test_the_example_of_a_file_can_be_sent_and_is_answered_as_it_says(tmp_path: Path) -> None:
    """With a moment beside it, of which no file says anything."""
    spec = spec_for(
        tmp_path, describing(IN_FILE), signature=Signature.of_columns(("carrier", "origin"), ("distance", "wind"))
    )
    with listening(spec) as address:
        document = web.get(f"http://{address}/").json()
        row = {**document["example"]["row"], "at": "2026-01-01T00:00:00Z"}
        answer = web.post(f"http://{address}/predict", json={"rows": [row]}).json()["predictions"][0]
    assert document["example"]["not_known"] == ["at"]
    assert row.items() >= {"carrier": "B6", "origin": sorted(EFFECTS)[0], "distance": 1.5, "wind": -0.25}.items()
    assert answer == {"row_id": None, **document["example"]["answer"]}
    assert document["moment"] == "at"


def test_what_callers_send_stands_there_with_its_kind_use_and_known_texts(tmp_path: Path) -> None:
    key = {"name": "tail", "kind": "category", "is_model_input": False}
    sent = contract().model_copy(update={"request": (*contract().request, RequestField.model_validate(key))})
    document = of_rows(tmp_path, describing(IN_FILE), sent=sent)
    fields = {field["name"]: field for field in document["fields"]}
    known = {"count": len(EFFECTS), "values": sorted(EFFECTS)}
    assert fields["event_time"] == {"name": "event_time", "kind": "moment", "use": "moment"}
    assert fields["carrier"] == {
        "name": "carrier",
        "kind": "category",
        "use": "model input",
        "example": "B6",
        "known": known,
    }
    assert (fields["tail"]["use"], fields["tail"]["example"]) == ("key only", None)
    assert fields["distance"]["kind"] == "number"
    assert document["row_id"] == "row_id"
    assert document["task"].items() >= {"name": "binary", "title": "Yes or no", "label": None}.items()
    assert document["task"]["outputs"] == [{"name": "probability", "datatype": "FP64"}]
    assert document["limits"] == {"body_bytes": 4_194_304, "rows": 4_096, "cells": 200_000, "text": 1_000}
    assert document["links"]["predict"] == "/endpoints/tensors/predict"
    assert document["ticket"] == {"action": "serving.issue_test_ticket", "endpoint_id": "EP-1"}


def test_of_a_file_that_says_nothing_only_the_texts_of_its_graph_are_known(tmp_path: Path) -> None:
    document = of_rows(tmp_path, tiny_model())
    first = sorted(EFFECTS)[0]
    assert document["example"]["row"] == {"carrier": first, "origin": first}
    assert document["example"]["not_known"] == ["event_time", "distance", "wind"]
    assert document["example"]["inputs"] == {"carrier": first, "origin": first, "distance": None, "wind": None}
    assert 0 < document["example"]["answer"]["probability"] < 1


def test_a_model_of_whole_tensors_says_how_the_protocol_calls_it(tmp_path: Path) -> None:
    spec = spec_for(tmp_path, mixed())
    document = described(spec, model=load_model(spec), answers=lambda _outputs: [])
    assert (document["fields"], document["example"]) == (None, None)
    assert "predict" not in document["links"]
    assert document["links"]["infer"] == "/endpoints/tensors/v2/models/m/infer"
    assert {tensor["name"]: tuple(tensor["shape"]) for tensor in document["tensors"]["inputs"]}["x"] == (-1, 3)


@pytest.mark.parametrize(
    "text", ["[", "[]", '"text"', '{"x": 1}', '{"x": {"example": {"y": 1}}}', '{"x": {"example": true}}']
)
def test_nothing_in_a_file_is_believed(text: str) -> None:
    assert examples_of({INPUTS: text}, known={}) == {}
    assert examples_of({INPUTS: json.dumps({"x": {"example": "y" * 300}})}, known={}) == {}


def test_of_many_known_texts_the_first_are_shown_with_their_count() -> None:
    known = known_texts(frozenset({"", "z" * 300, *(f"{n:04}" for n in range(1_000))}))["known"]
    assert (known["count"], len(known["values"]), known["values"][0]) == (1_001, MOST_VALUES, "0000")
