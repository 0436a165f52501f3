"""Predictions of an endpoint, with tickets that renew themselves; nothing is sent again that may have been done."""

import json
from typing import Any

import httpx
import pandas as pd
import pytest

from core.client import Client, connect
from core.client.errors import Invalid, Unavailable
from core.client.serving import Tickets
from core.client.transport import Transport, new_client

ANSWER = {"model_name": "m", "model_version": "3", "predictions": [{"row_id": "r", "probability": 0.25}]}


class Doors:
    """A portal and an endpoint that takes the tickets which are `valid`, of which each number is one."""

    def __init__(self) -> None:
        self.issued = 0
        self.sent: list[tuple[str, Any]] = []
        self.valid: set[str] = {"1", "2"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/serving/get_endpoint":
            return httpx.Response(200, json={"id": "EP-1", "environment": "production"})
        if request.url.path == "/api/v1/serving/issue_ticket":
            self.issued += 1
            ticket = {"endpoint_id": "EP-1", "url": "http://gateway/churn", "token": str(self.issued)}
            return httpx.Response(200, json=ticket | {"expires_at": "2026-11-30T14:05:00Z"})
        token, body = request.headers["authorization"].removeprefix("Bearer "), json.loads(request.content)
        self.sent.append((token, body))
        if token not in self.valid:
            return httpx.Response(401, text="Jwt is expired")
        if body["rows"] == []:
            return httpx.Response(422, json={"error": "There are no rows", "hint": "Send some."})
        return httpx.Response(200, json=ANSWER)


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
def client(doors: Doors) -> Client:
    return connect("http://portal", "t", transport=httpx.MockTransport(doors))


def test_rows_and_frames_are_answered_with_one_ticket(doors: Doors, client: Client) -> None:
    endpoint = client.endpoint("churn")
    assert endpoint.predict([{"distance": 100}]).probabilities == [0.25]
    answer = endpoint.predict(pd.DataFrame({"distance": [100.0, None]}), explain=True)
    assert (answer.model_version, answer.unknown, doors.issued) == ("3", {}, 1)
    assert doors.sent[1] == ("1", {"rows": [{"distance": 100.0}, {"distance": None}], "explain": True})


def test_a_ticket_that_the_endpoint_refuses_is_renewed_once(doors: Doors, client: Client) -> None:
    doors.valid = {"2"}
    assert client.endpoint("churn").predict([{"distance": 100}]).probabilities == [0.25]
    assert [token for token, _body in doors.sent] == ["1", "2"]
    doors.valid = set()
    with pytest.raises(Unavailable):
        client.endpoint("churn").predict([{"distance": 100}])
    assert [token for token, _body in doors.sent] == ["1", "2", "3", "4"]


def test_a_ticket_is_renewed_a_minute_before_it_ends(doors: Doors) -> None:
    now = [100.0]
    http = new_client(transport=httpx.MockTransport(doors))
    tickets = Tickets(Transport("http://portal", token="t", http=http), "EP-1", "serving.issue_ticket", lambda: now[0])
    seen = []
    for now[0] in (100.0, 100.0 + 14 * 60, 100.5 + 14 * 60):
        seen.append(tickets.current().token)
    assert seen == ["1", "1", "2"]


def test_the_endpoints_refusals_come_with_their_hints(client: Client) -> None:
    with pytest.raises(Invalid, match="no rows") as refusal:
        client.endpoint("churn").predict([])
    assert refusal.value.hint == "Send some."


def test_what_is_lost_on_the_way_to_an_endpoint_is_not_sent_again(doors: Doors) -> None:
    calls = []

    def losing(request: httpx.Request) -> httpx.Response:
        if request.url.host == "gateway":
            calls.append(request)
            raise httpx.ReadError("lost", request=request)
        return doors(request)

    with pytest.raises(Unavailable, match="EP-1 does not answer"):
        connect("http://portal", "t", transport=httpx.MockTransport(losing)).endpoint("churn").predict([{"n": 1}])
    assert len(calls) == 1
