"""A file that comes by REST: as base64 in JSON, in a form or alone beside the address it is the same call, on disk
while it arrives and never larger than it may be."""

import asyncio
import base64
import json
import tracemalloc
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from app.web.bodies import BODY_LIMIT, TooLarge, arguments_of, closing
from core.foundation.actions.content import Content
from core.foundation.actions.spec import ActionSpec
from core.foundation.errors import Invalid
from core.portal import Portal
from tests.http import web
from tests.installed import People
from tests.served import Served

CSV = b"n\n1\n2\n"
RAW = "application/octet-stream"
Sent = dict[str, Any]


@pytest.fixture
def upload(portal: Portal) -> ActionSpec:
    return portal.catalog()["imports.start_upload"][1]


@pytest.fixture
def door(portal: Portal, people: People) -> Iterator[tuple[str, dict[str, str], str]]:
    """The address, who calls, and a dataset."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="numbers")
    secret = portal.sessions.begin(people.engineer.person_id)
    with Served(portal) as address:
        yield f"{address}/api/v1", {"Authorization": f"Bearer {secret}"}, dataset.id


def ways(dataset_id: str) -> dict[str, Sent]:
    """One call, sent in each way."""
    choices = {"missing": ["", "NA"]}
    named = {"dataset_id": dataset_id, "filename": "n.csv"}
    encoded = base64.b64encode(CSV).decode()
    return {
        "json": {"json": {**named, "choices": choices, "content": encoded}},
        "form": {
            "data": {"dataset_id": dataset_id, "choices": json.dumps(choices)},
            "files": {"content": ("n.csv", CSV)},
        },
        "raw": {
            "params": {**named, "choices": json.dumps(choices)},
            "content": CSV,
            "headers": {"content-type": RAW},
        },
    }


def test_a_file_is_the_same_call_however_it_is_sent(portal: Portal, door: tuple[str, dict[str, str], str]) -> None:
    address, caller, dataset_id = door
    answers = []
    for sent in ways(dataset_id).values():
        headers = {**caller, **sent.pop("headers", {}), "Idempotency-Key": "the-same"}
        answers.append(web.post(f"{address}/imports/start_upload", headers=headers, **sent))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true"]
    source = answers[2].json()["source"]
    assert (source["name"], portal.foundation.store.read(source["digest"])) == ("n.csv", CSV)
    assert answers[1].json()["choices"]["missing"] == ["", "NA"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"files": [("content", ("n.csv", CSV)), ("content", ("m.csv", CSV))]}, ""),
        ({"files": {"content": ("n.csv", CSV), "dataset_id": ("x", b"DS-1")}}, ""),
        ({"files": {"content": ("n.csv", CSV)}, "data": {"mode": ["append", "replace"]}}, "mode"),
        ({"files": {"content": ("n.csv", CSV)}, "data": {"choices": "{"}}, "choices"),
        ({"files": {"content": ("n.csv", CSV)}, "data": {"nothing": "x"}}, "dataset_id"),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, ""),
        ({"content": CSV, "headers": {"content-type": RAW}, "params": {"dataset_id": "DS-1"}}, "filename"),
        ({"content": b"  ", "headers": {"content-type": RAW}, "params": {"filename": "n.csv"}}, "dataset_id"),
    ],
)
def test_what_is_wrong_with_a_form_is_said(door: tuple[str, dict[str, str], str], sent: Sent, field: str) -> None:
    address, caller, _dataset_id = door
    sent = {**sent, "headers": {**caller, **sent.get("headers", {})}}
    answer = web.post(f"{address}/imports/start_upload", **sent)
    assert (answer.status_code, answer.json().get("field", "")) == (422, field), answer.text


def test_who_may_not_send_a_file_learns_nothing_of_how_it_is_sent(
    portal: Portal, people: People, door: tuple[str, dict[str, str], str]
) -> None:
    address, _caller, _dataset_id = door
    viewer = {"Authorization": f"Bearer {portal.sessions.begin(people.viewer.person_id)}", "content-type": RAW}
    answer = web.post(f"{address}/imports/start_upload", headers=viewer, content=CSV, params={"nothing": "x"})
    assert (answer.status_code, "field" in answer.json()) == (403, False)


def request_of(parts: int, *, media_type: str, head: bytes = b"", tail: bytes = b"") -> Request:
    """A request with so many megabytes."""
    bodies = chain([head], (b"x" * 2**20 for _part in range(parts)), [tail])

    async def receive() -> Message:
        body = next(bodies, None)
        return {"type": "http.request", "body": body or b"", "more_body": body is not None}

    headers = [(b"content-type", media_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive)


HEAD = b'--b\r\nContent-Disposition: form-data; name="content"; filename="n.csv"\r\n\r\n'


@pytest.mark.parametrize(
    ("media_type", "head", "tail"), [(RAW, b"", b""), ("multipart/form-data; boundary=b", HEAD, b"\r\n--b--\r\n")]
)
def test_a_large_file_is_never_in_memory_as_a_whole(
    portal: Portal, upload: ActionSpec, media_type: str, head: bytes, tail: bytes
) -> None:
    tracemalloc.start()
    arguments = asyncio.run(arguments_of(request_of(24, media_type=media_type, head=head, tail=tail), upload))
    with closing(arguments):
        content = arguments["content"]
        stored = portal.foundation.store.put_content(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (content.size, content.digest) == (24 * 2**20, stored)
    assert peak < 8 * 2**20
    with pytest.raises(ValueError, match="closed"):
        content.read()


@pytest.mark.parametrize("media_type", [RAW, "application/json"])
def test_a_body_beyond_its_bounds_is_refused_while_it_arrives(portal: Portal, media_type: str) -> None:
    spec = portal.catalog()["registry.upload_version"][1]
    with pytest.raises(TooLarge, match="70 MB"):
        asyncio.run(arguments_of(request_of(BODY_LIMIT // 2**20 + 1, media_type=media_type), spec))


def test_what_takes_no_file_takes_no_form(portal: Portal) -> None:
    spec = portal.catalog()["lake.create_dataset"][1]
    with pytest.raises(Invalid):
        asyncio.run(arguments_of(request_of(1, media_type=RAW), spec))


def test_content_is_what_it_was_made_of() -> None:
    content = Content.of(b" \n a")
    assert (content.size, content.is_blank, content.read(), b"".join(content.parts())) == (4, False, b" \n a", b" \n a")
    assert Content.of(b" \n").is_blank
