"""Clients of the Open Inference Protocol infer as their users call them: tritonclient itself, and KServe's client,
whose requests are written here as its source writes them: it needs a tree of packages that nothing else does."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.http import web
from tests.serving.model_server.tensor_models import listening, mixed, spec_for

ROWS = {
    "x": np.array([[1, 2, 3], [4, 5, 6.5]], dtype=np.float32),
    "id": np.array([[7], [2**24]], dtype=np.int64),
    "text": np.array([["é"], [""]], dtype=object),
    "flag": np.array([[True], [False]]),
}
DATATYPES = {"x": "FP32", "id": "INT64", "text": "BYTES", "flag": "BOOL"}
SCORES = [[6.0, 7.0], [-15.5, 2.0**24]]
KSERVE_HEAD = "inference-header-content-length"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(spec_for(tmp_path_factory.mktemp("clients"), mixed())) as address:
        yield address


def triton_inputs(*, is_binary: bool) -> list[Any]:
    inputs = []
    for name, values in ROWS.items():
        inputs.append(triton.InferInput(name, list(values.shape), DATATYPES[name]))
        inputs[-1].set_data_from_numpy(values, binary_data=is_binary)
    return inputs


def labels_of(values: np.ndarray) -> list[str]:
    """Texts come back as bytes in binary, and as texts in JSON."""
    return [text.decode() if isinstance(text, bytes) else text for text in values.ravel().tolist()]


@pytest.mark.parametrize("is_binary", [True, False])
def test_tritonclient_infers_with_what_it_does_unless_it_is_told_otherwise(address: str, is_binary: bool) -> None:
    """Without outputs it asks for all of them in binary."""
    with triton.InferenceServerClient(address) as client:
        answer = client.infer("m", triton_inputs(is_binary=is_binary), request_id="r-1")
    assert answer.get_response()["id"] == "r-1"
    assert answer.as_numpy("scores").tolist() == SCORES
    assert labels_of(answer.as_numpy("label")) == ["é", ""]


@pytest.mark.parametrize("is_binary", [True, False])
def test_tritonclient_gets_the_outputs_that_it_asks_for(address: str, is_binary: bool) -> None:
    outputs = [triton.InferRequestedOutput("label", binary_data=is_binary)]
    with triton.InferenceServerClient(address) as client:
        answer = client.infer("m", triton_inputs(is_binary=True), model_version="1", outputs=outputs)
    assert [output["name"] for output in answer.get_response()["outputs"]] == ["label"]
    assert labels_of(answer.as_numpy("label")) == ["é", ""]


def test_tritonclient_reads_what_the_server_and_its_model_are(address: str) -> None:
    with triton.InferenceServerClient(address) as client:
        assert (client.is_server_live(), client.is_server_ready(), client.is_model_ready("m")) == (True, True, True)
        assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
        metadata = client.get_model_metadata("m")
        with pytest.raises(InferenceServerException, match="There is nothing at this path"):
            client.infer("other", triton_inputs(is_binary=True))
    assert metadata["inputs"][0] == {"name": "x", "datatype": "FP32", "shape": [-1, 3]}
    assert metadata["outputs"][1] == {"name": "label", "datatype": "BYTES", "shape": [-1, 1]}


def kserve_request(*, is_binary: bool) -> tuple[bytes, dict[str, str]]:
    """As InferRequest.to_rest and InferenceRESTClient.infer of kserve 0.21 write it: a name of the model and an id that
    nobody asked for, `data` flat, and binary tensors behind the JSON."""
    inputs, raw = [], []
    for name, values in ROWS.items():
        tensor: dict[str, Any] = {"name": name, "shape": list(values.shape), "datatype": DATATYPES[name]}
        if is_binary:
            data = values.tobytes() if name != "text" else b"\x02\0\0\0\xc3\xa9\0\0\0\0"
            raw.append(data)
            tensor["parameters"] = {"binary_data_size": len(data)}
        else:
            tensor["data"] = values.ravel().tolist()
        inputs.append(tensor)
    request = {"id": "b1d0", "model_name": "m", "inputs": inputs}
    if not is_binary:
        return orjson.dumps(request), {"content-type": "application/json"}
    head = orjson.dumps({**request, "parameters": {"binary_data_output": True}})
    return b"".join([head, *raw]), {KSERVE_HEAD: str(len(head)), "content-type": "application/octet-stream"}


def kserve_values(answer: httpx.Response) -> dict[str, list[Any]]:
    """As InferResponse.from_bytes reads it."""
    length = int(answer.headers.get(KSERVE_HEAD, len(answer.content)))
    document, at, values = orjson.loads(answer.content[:length]), length, {}
    assert (document["id"], document["model_name"], document["model_version"]) == ("b1d0", "m", "1")
    for output in document["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size", 0)
        data, at = answer.content[at : at + size], at + size
        values[output["name"]] = output.get("data") or data
    return values


@pytest.mark.parametrize("is_binary", [True, False])
def test_the_client_of_kserve_infers(address: str, is_binary: bool) -> None:
    content, headers = kserve_request(is_binary=is_binary)
    answer = web.post(f"http://{address}/v2/models/m/infer", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    values = kserve_values(answer)
    flat = [number for row in SCORES for number in row]
    scores, label = values["scores"], values["label"]
    assert (np.frombuffer(scores, np.float32).tolist() if is_binary else scores) == flat  # type: ignore[call-overload]
    assert label == (b"\x02\0\0\0\xc3\xa9\0\0\0\0" if is_binary else ["é", ""])


def test_answers_come_in_the_order_of_the_requests_though_some_wait_for_their_turn(address: str) -> None:
    """A question of the model waits for the end of the turn, and what was asked behind it does not overtake it."""
    content, _headers = kserve_request(is_binary=False)
    infer = b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(content), content)
    last = b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    host, port = address.split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(infer + b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n" + infer + last)
        while more := caller.recv(65_536):
            received += more
    bodies = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"200", b"404"]
    assert [b'"outputs"' in body for body in bodies] == [True, False, True, False]


@pytest.mark.parametrize("depth", [900, 1_020, 100_000])
def test_json_that_is_nested_deeply_is_refused_in_words(address: str, depth: int) -> None:
    body = b'{"inputs":' + b"[" * depth + b"]" * depth + b"}"
    answer = web.post(f"http://{address}/v2/models/m/infer", content=body)
    assert answer.status_code == 422, answer.text
