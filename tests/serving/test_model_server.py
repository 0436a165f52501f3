"""The model server by itself: what it takes, what it refuses, and how it ends."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.foundation.storage import Store
from core.serving.server_spec import REFUSED_EXIT, SOCKET_FILE, Limits
from tests.registry.attack_models import expanding
from tests.registry.onnx_files import holdout_table, predict, tiny_model
from tests.serving.running import GOOD_ROW, TENSORS, RunningServer, model_server, refusal_of, spec_of

SMALL = Limits(body_bytes=20_000, rows=100, cells=300, text=50, grace_seconds=0.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    spec = spec_of(Store(home / "store"), model=tiny_model(), online=home / "online.sqlite", limits=SMALL)
    with model_server(home / "servers" / "EP-1.MV-1", spec) as running:
        yield running


def infer(server: RunningServer, *inputs: Any, **extra: Any) -> tuple[int, dict[str, Any]]:
    answer = server.post("/v2/models/late/infer", {"inputs": list(inputs), **extra})
    return answer.status_code, answer.json()


def changed(at: int, **fields: Any) -> list[dict[str, Any]]:
    return [{**tensor, **(fields if number == at else {})} for number, tensor in enumerate(TENSORS)]


def test_v2_answers_what_the_model_file_answers(server: RunningServer) -> None:
    table = holdout_table(rows=75, seed=3)
    inputs = [
        {"name": name, "datatype": kind, "shape": [75], "data": [None if cell != cell else cell for cell in cells]}
        for name, kind, cells in (
            (name, "FP64" if name in ("distance", "wind") else "BYTES", table.column(name).to_pylist())
            for name in ("wind", "origin", "distance", "carrier")
        )
    ]
    answer = server.post("/v2/models/late/versions/1/infer", {"id": "a-1", "inputs": inputs})
    document = answer.json()
    assert document["id"] == "a-1"
    assert document["model_version"] == "1"
    assert document["outputs"][0]["shape"] == [75]
    assert np.array_equal(document["outputs"][0]["data"], predict(tiny_model(), table))
    assert answer.headers["x-causeway-version"] == "MV-1"
    assert len(answer.headers["x-causeway-digest"]) == 64
    assert int(answer.headers["x-causeway-compute-us"]) > 0
    assert answer.headers["x-causeway-queue-us"].isdecimal()


def test_predict_takes_rows_of_an_entity_and_explains_what_the_model_was_given(server: RunningServer) -> None:
    rows = [{**GOOD_ROW, "row_id": "f-1"}, {**GOOD_ROW, "carrier": None, "wind": -2}]
    plain = server.post("/predict", {"rows": rows}).json()["predictions"]
    explained = server.post("/predict", {"rows": rows, "explain": True}).json()["predictions"]
    assert [row["row_id"] for row in plain] == ["f-1", None]
    assert [row["probability"] for row in plain] == [row["probability"] for row in explained]
    assert "features" not in plain[0]
    assert explained[0]["features"] == {"carrier": "AA", "origin": "EWR", "distance": 0.5, "wind": None}
    assert explained[1]["features"] == {"carrier": None, "origin": "EWR", "distance": 0.5, "wind": -2.0}


def test_what_the_model_does_not_know_is_said_in_the_answer_and_its_head(server: RunningServer) -> None:
    """It answers all the same. What is missing is no unknown category, and a time of today is near."""
    far = {"event_time": "1913-11-01T00:00:00Z"}
    rows = [GOOD_ROW, {**GOOD_ROW, "carrier": "banana"}, {**GOOD_ROW, "carrier": None}, {**GOOD_ROW, **far}]
    answer = server.post("/predict", {"rows": rows})
    document = answer.json()
    assert (document["unknown"], document["missing"]) == ({"carrier": 1, "event_time": 1}, {})
    assert (answer.headers["x-causeway-unknown"], answer.headers["x-causeway-missing"]) == ("2", "0")
    assert len(document["predictions"]) == 4
    explained = server.post("/predict", {"rows": rows[:2], "explain": True}).json()
    assert [prediction["unknown"] for prediction in explained["predictions"]] == [[], ["carrier"]]
    clean = server.post("/predict", {"rows": [GOOD_ROW]})
    assert (clean.json()["unknown"], clean.json()["missing"]) == ({}, {})
    assert "x-causeway-unknown" not in clean.headers
    measuring = {"x-causeway-caller": "JOB-1"}
    replayed = server.client.post("/predict", json={"rows": [{**GOOD_ROW, **far}]}, headers=measuring)
    assert replayed.json()["unknown"] == {}


def test_an_inference_request_counts_unknown_texts_too(server: RunningServer) -> None:
    status, document = infer(server, *changed(0, data=["banana", "apple"]))
    assert (status, document["parameters"]) == (200, {"unknown.carrier": 2})
    assert "parameters" not in infer(server, *TENSORS)[1]


def test_the_server_describes_itself(server: RunningServer) -> None:
    assert server.client.get("/v2").json()["name"] == "causeway"
    assert server.client.get("/v2/health/live").status_code == 200
    assert server.client.get("/v2/health/ready").status_code == 200
    assert server.client.get("/v2/models/late/ready").status_code == 200
    document = server.client.get("/v2/models/late").json()
    assert document["versions"] == ["1"]
    assert {spec["name"]: spec["datatype"] for spec in document["inputs"]}["wind"] == "FP64"


@pytest.mark.parametrize(
    ("value", "place"),
    [("1.5", "distance.data[1]"), (True, "distance.data[1]"), ([1.0], "distance.data[1]"), ({}, "distance.data[1]")],
)
def test_b003_nothing_is_coerced_to_a_number(server: RunningServer, value: Any, place: str) -> None:
    status, document = infer(server, *changed(2, data=[0.5, value]))
    assert status == 422
    assert document["error"].startswith(place)
    row = server.post("/predict", {"rows": [GOOD_ROW, {**GOOD_ROW, "wind": value}]})
    assert (row.status_code, row.json()["error"].partition(":")[0]) == (422, "rows[1].wind")


@pytest.mark.parametrize("value", [1, 1.5, False, ["AA"]])
def test_b003_nothing_is_coerced_to_a_text(server: RunningServer, value: Any) -> None:
    assert infer(server, *changed(0, data=["AA", value]))[0] == 422


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "01", "0x1"])
def test_b001_literals_that_are_no_json_numbers_are_refused(server: RunningServer, literal: str) -> None:
    body = f'{{"inputs": [{{"name": "distance", "datatype": "FP64", "shape": [1], "data": [{literal}]}}]}}'
    answer = server.client.post("/v2/models/late/infer", content=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"data": [0.5]}, "distance.data"),
        ({"data": [0.5, 1.0, 2.0]}, "distance.data"),
        ({"data": [[0.5], [1.0]]}, "distance.data[0]"),
        ({"data": 0.5}, "distance.data"),
        ({"data": "0.5"}, "distance.data"),
        ({"shape": [2, 1]}, "distance.shape"),
        ({"shape": [1]}, "distance"),
        ({"shape": []}, "distance.shape"),
    ],
)
def test_b004_what_is_ragged_or_of_another_rank_is_refused_with_its_place(
    server: RunningServer, fields: dict[str, Any], place: str
) -> None:
    status, document = infer(server, *changed(2, **fields))
    assert (status, document["error"].partition(":")[0]) == (422, place)


ODD = [None, True, 0, -1.5, 2**63, "x", "\0", [], [None], {}, {"name": []}]
WHOLE = {
    "/v2/models/late/infer": {"id": "a", "parameters": {}, "inputs": TENSORS, "outputs": [{"name": "probability"}]},
    "/predict": {"rows": [{**GOOD_ROW, "row_id": "f-1"}], "explain": True},
    "/features": {"view": "late", "keys": [["AA"]], "at_us": [0]},
}


def places(document: Any, *place: Any) -> Iterator[tuple[Any, ...]]:
    yield place
    parts = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for name, part in parts:
        yield from places(part, *place, name)


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = document.copy()
    copy[place[0]] = replaced(document[place[0]], place[1:], value)
    return copy


@pytest.mark.parametrize("path", WHOLE)
def test_whatever_stands_anywhere_in_a_request_is_no_failure_of_the_server(server: RunningServer, path: str) -> None:
    """The gateway throws servers out for their failures, which no caller may cause."""
    bodies = [replaced(WHOLE[path], place, value) for place in places(WHOLE[path]) for value in ODD]
    assert {server.post(path, body).status_code for body in bodies} <= {200, 422}


def test_b004_missing_and_unknown_columns_are_named(server: RunningServer) -> None:
    assert infer(server, *TENSORS[:3]) == (422, {"error": "inputs: wind missing", "hint": ""})
    assert "speed unknown" in infer(server, *TENSORS, {**TENSORS[2], "name": "speed"})[1]["error"]
    assert "twice" in infer(server, *TENSORS, TENSORS[2])[1]["error"]
    without = {name: value for name, value in GOOD_ROW.items() if name != "origin"}
    assert server.post("/predict", {"rows": [without]}).json()["error"] == "rows[0]: origin missing"
    assert "speed unknown" in server.post("/predict", {"rows": [{**GOOD_ROW, "speed": 1}]}).json()["error"]


def test_b004_the_order_of_columns_does_not_matter(server: RunningServer) -> None:
    assert infer(server, *TENSORS) == infer(server, *reversed(TENSORS))


@pytest.mark.parametrize("rows", [-1, 0, 4_294_967_296, 1.0, True, None, "2", 101])
def test_b006_shapes_that_cannot_be_are_refused_before_anything_is_allocated(server: RunningServer, rows: Any) -> None:
    wrong = [{**tensor, "shape": [rows]} for tensor in TENSORS]
    assert infer(server, *wrong)[0] == 422
    assert infer(server, *({**tensor, "shape": [rows, 4_294_967_296]} for tensor in TENSORS))[0] == 422


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"rows": []}', b"\xff", b'{"rows": [1]}', b"[" * 100_000]
)
def test_b008_bodies_that_are_no_request_are_refused(server: RunningServer, body: bytes) -> None:
    for path in ("/predict", "/v2/models/late/infer"):
        expected = 422 if len(body) < SMALL.body_bytes else 413
        assert server.client.post(path, content=body).status_code == expected


def test_a_name_that_stands_twice_is_refused_wherever_it_stands(server: RunningServer) -> None:
    row = json.dumps(GOOD_ROW)
    name, value = next(iter(GOOD_ROW.items()))
    doubled = f'{{"{name}" : {json.dumps(value)}, {row[1:]}'
    escaped = doubled.replace(f'"{name}" :', f'"\\u{ord(name[0]):04x}{name[1:]}" :')
    for body in (f'{{"rows": [{doubled}]}}', f'{{"rows": [{escaped}]}}', f'{{"rows": [], "rows": [{row}]}}'):
        answer = server.client.post("/predict", content=body.encode())
        assert answer.status_code == 422
        assert answer.json()["error"].endswith("is there twice")
    assert server.client.post("/predict", content=f'{{"rows": [{row}]}}'.encode()).status_code == 200


def test_more_rows_than_the_limit_are_refused(server: RunningServer) -> None:
    status = server.post("/predict", {"rows": [GOOD_ROW] * 76}).status_code
    assert status == 422


@pytest.mark.parametrize("moment", [None, 5, "yesterday", "2013-11-01T00:00:00", ""])
def test_an_event_time_is_an_instant(server: RunningServer, moment: Any) -> None:
    answer = server.post("/predict", {"rows": [{**GOOD_ROW, "event_time": moment}]})
    assert (answer.status_code, answer.json()["error"].partition(":")[0]) == (422, "rows[0].event_time")


@pytest.mark.parametrize(
    "name", ["../x", "%2e%2e%2fx", "a/b", "", "x" * 10_000, "%E2%80%AE", "late%00", "late/../late/infer", "LATE"]
)
def test_b018_names_of_models_that_are_not_there_are_not_found(server: RunningServer, name: str) -> None:
    answer = server.client.post(f"/v2/models/{name}/infer", json={})
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "hint"}


def test_another_method_is_refused_by_name(server: RunningServer) -> None:
    assert server.client.get("/predict").status_code == 405
    assert server.client.post("/v2", json={}).status_code == 405


def test_b010_a_body_over_the_limit_is_refused_while_it_arrives(server: RunningServer) -> None:
    with connection(server) as caller:
        caller.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 30_000)
        assert caller.recv(65_536).startswith(b"HTTP/1.1 413 ")
        assert caller.recv(65_536) == b""


@pytest.mark.parametrize(
    "head", [b"rubbish\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /v2 HTTP/1.1\r\ncontent-length: -1\r\n\r\n"]
)
def test_b015_what_is_no_http_is_refused_and_hung_up_on(server: RunningServer, head: bytes) -> None:
    with connection(server) as caller:
        caller.sendall(head + b"\r\n\r\n")
        assert caller.recv(65_536).startswith(b"HTTP/1.1 400 ")
        assert caller.recv(65_536) == b""


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    with connection(server) as caller:
        caller.sendall(
            b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\nGET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        received = b""
        while more := caller.recv(65_536):
            received += more
    assert received.index(b"HTTP/1.1 200 ") < received.index(b"HTTP/1.1 404 ")


def test_callers_that_vanish_cost_nobody_an_answer(server: RunningServer) -> None:
    body = b'{"rows": [' + b"1," * 2_000
    for _round in range(20):
        callers = [connection(server) for _caller in range(20)]
        for caller in callers:
            caller.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n" + body)
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            caller.close()
        assert server.post("/predict", {"rows": [GOOD_ROW]}).status_code == 200


def connection(server: RunningServer) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)
    caller.settimeout(10)
    handle = os.open(server.folder, os.O_RDONLY)
    caller.connect(f"/proc/self/fd/{handle}/{SOCKET_FILE}")
    os.close(handle)
    return caller


def test_f48_a_model_that_answers_nan_answers_nothing(tmp_path: Path) -> None:
    """A version that cannot answer even a row of missing values never gets as far as to be asked."""

    spec = spec_of(Store(tmp_path / "store"), model=tiny_model(poison=True), online=tmp_path / "online.sqlite")
    assert refusal_of(tmp_path / "server", spec) == (3, "The model gave no usable answer")


def test_a_server_that_is_told_to_stop_says_so_and_finishes_what_has_begun(tmp_path: Path) -> None:
    limits = Limits(grace_seconds=0.5)
    spec = spec_of(Store(tmp_path / "store"), model=tiny_model(), online=tmp_path / "online.sqlite", limits=limits)
    with model_server(tmp_path / "server", spec) as server, connection(server) as caller:
        body = b'{"rows": [%s]}' % str(GOOD_ROW).replace("'", '"').replace("None", "null").encode()
        head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        caller.sendall(head + body[:10])
        assert server.client.get("/v2/health/ready").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        while server.client.get("/v2/health/ready").status_code == 200:
            pass
        assert server.post("/predict", {"rows": [GOOD_ROW]}).status_code == 200
        caller.sendall(body[10:])
        assert caller.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        assert server.process.wait(timeout=10) == 0


def test_a_model_that_needs_more_memory_than_a_server_may_use_is_refused_in_words(tmp_path: Path) -> None:
    """300 million doubles, out of a file of a few hundred bytes."""
    limits = Limits(memory_mb=512)
    spec = spec_of(
        Store(tmp_path / "store"), model=expanding(300_000_000), online=tmp_path / "online.sqlite", limits=limits
    )
    refusal = "The model needs more memory than a model server may use"
    assert refusal_of(tmp_path / "server", spec) == (REFUSED_EXIT, refusal)
