"""REST: typed answers to everything, and an OpenAPI document that is one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.web.api import refusal
from app.web.bodies import BODY_LIMIT
from core.foundation.errors import Conflict, InProgress, Unavailable
from core.portal import Portal
from tests.http import web
from tests.installed import People
from tests.served import Served

CREATE = "/api/v1/requirements/create_requirement"
GOAL = {
    "project": "PROJ-1",
    "title": "On time",
    "criteria": [{"metric": "auc", "comparison": "at_least", "limit": 0.6}],
}
BAD_BODIES: dict[str, bytes] = {
    "no JSON": b"{",
    "no object": b"[1, 2]",
    "a missing field": b'{"project": "PROJ-1"}',
    "an extra field": b'{"project": "PROJ-1", "title": "On time", "criteria": [], "approved_by": "P-1"}',
    "not a number": b'{"project": "PROJ-1", "title": "On time", "criteria": [{"limit": NaN}]}',
    "infinite": b'{"project": "PROJ-1", "title": "On time", "criteria": [{"limit": 1e999}]}',
    "deep": b"[" * 100_000,
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "a lone surrogate": b'{"title": "\\ud800"}',
    "a long number": b'{"title": ' + b"9" * 100_000 + b"}",
}


@pytest.fixture
def client(portal: Portal, people: People) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {portal.sessions.begin(people.engineer.person_id)}"}
    with Served(portal) as address, httpx.Client(base_url=address, headers=headers) as http:
        yield http


def test_an_action_is_called_with_json_and_read_by_query(client: httpx.Client) -> None:
    requirement = client.post(CREATE, json=GOAL).json()
    read = client.get("/api/v1/requirements/get_requirement", params={"requirement_id": requirement["id"]})
    assert read.json() == requirement
    listed = client.get("/api/v1/requirements/list_requirements", params={"limit": 1}).json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, requirement["id"])


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("POST", "v1/lake/list-datasets", "Send GET or POST /api/v1/lake/list_datasets."),
        ("GET", "v1/lake/list-datasets", "Send GET or POST /api/v1/lake/list_datasets."),
        ("POST", "v1/lake/list_dataset", "Send GET or POST /api/v1/lake/list_datasets."),
        ("PROPFIND", "v1/lake/list_dataset/", "Send GET or POST /api/v1/lake/list_datasets."),
        ("DELETE", "v1/nowhere/at-all", "All of them are in /api/openapi.json."),
        ("GET", "", "All of them are in /api/openapi.json."),
        ("OPTIONS", "v2", "All of them are in /api/openapi.json."),
    ],
)
def test_an_address_of_no_action_is_answered_with_the_one_that_may_be_meant(
    client: httpx.Client, method: str, path: str, hint: str
) -> None:
    answer = client.request(method, f"/api/{path}")
    assert answer.status_code == 404
    assert answer.json() == {"error": f"{method} /api/{path} is no action", "hint": hint}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "v1/requirements/create_requirement", "POST"),
        ("PUT", "v1/lake/list_datasets", "GET, HEAD, POST"),
        ("TRACE", "v1/lake/list_datasets", "GET, HEAD, POST"),
        ("POST", "v1/files/split/TS-1/train", "GET, HEAD"),
        ("POST", "openapi.json", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_answered_with_those_that_it_does(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, f"/api/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["hint"] == f"Send {allowed.replace(', HEAD', '').replace(', ', ' or ')} /api/{path}."


@pytest.mark.parametrize(
    ("body", "error", "field"),
    [
        (b'{"limit": 1, "limit": 2}', "'limit' is there twice", "limit"),
        (b'{"limit": true}', "Limit takes a number; true was given", "limit"),
        (b'{"offset": false}', "Offset takes a number; false was given", "offset"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(client: httpx.Client, body: bytes, error: str, field: str) -> None:
    answer = client.post("/api/v1/requirements/list_requirements", content=body)
    assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (422, error, field)


def test_what_could_be_read_in_two_ways_is_refused_deep_inside(client: httpx.Client) -> None:
    criterion = '{"metric": "auc", "comparison": "at_least", "limit": %s}'
    goal = '{"project": "PROJ-1", "title": "On time", "criteria": [%s]}'
    for limit, field in (("true", "criteria.0.limit"), ('0.5, "limit": 0.6', "limit")):
        answer = client.post(CREATE, content=goal % criterion % limit)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert client.get("/api/v1/requirements/list_requirements").json()["total"] == 0


def test_who_is_not_signed_in_reads_how_to(client: httpx.Client, portal: Portal, people: People) -> None:
    ended = portal.sessions.begin(people.engineer.person_id)
    portal.sessions.sign_out(ended)
    errors = {"made-up": "This token is not known", ended: "This session has ended"}
    for secret, error in errors.items():
        answer = client.get("/api/v1/requirements/list_requirements", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["error"]) == (401, error)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_hint_that_asks_ends_with_its_question_mark() -> None:
    assert Conflict("It has no zone", hint="Is it UTC?").in_full == "It has no zone. Is it UTC?"


@pytest.mark.parametrize("why", BAD_BODIES)
def test_a_bad_body_gets_a_typed_answer_without_a_trace(client: httpx.Client, why: str) -> None:
    answer = client.post(CREATE, content=BAD_BODIES[why])
    assert answer.status_code == 422
    body = answer.json()
    assert body.pop("error")
    assert body.keys() <= {"hint", "field"}
    assert "Traceback" not in answer.text
    assert client.post(CREATE, json=GOAL).status_code == 200


def test_whoever_may_not_act_is_refused_whatever_they_send_and_it_is_written_down(
    portal: Portal, people: People, client: httpx.Client
) -> None:
    headers = {"Authorization": f"Bearer {portal.sessions.begin(people.sre.person_id)}"}
    for body in (b"{", b"[]", b"{}"):
        assert client.post(CREATE, content=body, headers=headers).status_code == 403
    denied = portal.audit.list_events(people.admin, outcome="denied", action="requirements.create_requirement")
    assert [event.actor for event in denied.items] == [people.sre.person_id] * 3


def test_extra_fields_change_nothing(client: httpx.Client) -> None:
    for extra in ("role", "owner_id", "approved_by", "state", "created_at"):
        assert client.post(CREATE, json={**GOAL, extra: "x"}).json()["field"] == extra


def test_a_body_over_the_limit_is_refused_while_it_is_read(client: httpx.Client) -> None:
    parts = (b"x" * 1024 * 1024 for _part in range(BODY_LIMIT // 1024 // 1024 + 2))
    assert client.post(CREATE, content=parts).status_code == 413


def test_the_token_is_read_from_the_header_only(client: httpx.Client, portal: Portal, people: People) -> None:
    secret = portal.sessions.begin(people.engineer.person_id)
    whoami = f"{client.base_url}/api/v1/identity/whoami"
    assert web.get(whoami, params={"token": secret}).status_code == 401
    assert web.get(whoami, headers={"Cookie": f"cw_session={secret}"}).status_code == 401
    assert web.get(f"{client.base_url}/health").json() == {"status": "ok"}


def test_errors_say_what_to_do(client: httpx.Client) -> None:
    missing = client.get("/api/v1/requirements/get_requirement", params={"requirement_id": "R-99"})
    assert (missing.status_code, missing.json()["error"]) == (404, "There is no object called 'R-99'")
    for strange, status in (("../../etc\u202e", 404), ("R-1\x00", 422)):
        answer = client.get("/api/v1/requirements/get_requirement", params={"requirement_id": strange})
        assert answer.status_code == status


def test_equal_posts_at_once_make_one_object_and_say_which_of_them_did(client: httpx.Client) -> None:
    def post(_number: int) -> httpx.Response:
        return client.post(CREATE, json=GOAL, headers={"Idempotency-Key": "f9b1"})

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("idempotency-replayed", "") for answer in answers) == [""] + ["true"] * 9
    assert client.get("/api/v1/requirements/list_requirements").json()["total"] == 1
    other = client.post(CREATE, json={**GOAL, "title": "Late"}, headers={"Idempotency-Key": '"f9b1"'})
    assert (other.status_code, "Send another key" in other.json()["hint"]) == (409, True)
    assert "idempotency-replayed" not in other.headers


@pytest.mark.parametrize("key", ["", '""', "two words", "k" * 256, 'a"b', "\u00e4"])
def test_a_key_that_is_none_is_refused(client: httpx.Client, key: str) -> None:
    answer = client.post(CREATE, json=GOAL, headers={"Idempotency-Key": key.encode("latin-1")})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert client.get("/api/v1/requirements/list_requirements", headers={"Idempotency-Key": ""}).json()["total"] == 0


def test_two_keys_are_none(client: httpx.Client) -> None:
    keys = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    assert client.post(CREATE, json=GOAL, headers=keys).status_code == 422


def test_what_is_under_way_or_away_says_when_to_send_it_again() -> None:
    answers = [refusal(error) for error in (InProgress("wait"), Unavailable("away"), Conflict("no"))]
    assert [(answer.status_code, answer.headers.get("retry-after")) for answer in answers] == [
        (409, "1"),
        (503, "5"),
        (409, None),
    ]
