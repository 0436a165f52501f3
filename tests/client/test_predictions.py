"""Predictions of an endpoint, with tickets that renew themselves; nothing is sent again that may have been done."""

import json
from typing import Any

import httpx
import pandas as pd
import pytest

from core.client import Client, connect
from core.client.errors import Invalid, NoSpace, NotSignedIn, Unavailable
from core.client.serving import Predictions, Tickets
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
        token = request.headers["authorization"].removeprefix("Bearer ")
        if request.method == "GET" and token in self.valid:
            return httpx.Response(200, json={"model": "m", "address": str(request.url)})
        body = json.loads(request.content or b"null")
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


def test_answers_of_any_task_are_read_by_their_parts() -> None:
    about = {"model_name": "m", "model_version": "1"}
    shares = {"red": 0.25, "blue": 0.75}
    classes = Predictions(**about, predictions=({"row_id": None, "predicted": "blue", "probabilities": shares},))
    assert (classes.part("predicted"), classes.probabilities) == (["blue"], [shares])
    numbers = Predictions(**about, predictions=({"row_id": None, "value": 2.5},))
    assert numbers.part("value") == [2.5]
    with pytest.raises(Invalid, match="have no 'probability'") as refusal:
        numbers.probabilities  # noqa: B018 - reading it is what is refused.
    assert refusal.value.hint == "They have: row_id, value."


def test_a_ticket_that_the_endpoint_refuses_is_renewed_once(doors: Doors, client: Client) -> None:
    doors.valid = {"2"}
    assert client.endpoint("churn").predict([{"distance": 100}]).probabilities == [0.25]
    assert [token for token, _body in doors.sent] == ["1", "2"]
    doors.valid = set()
    with pytest.raises(Unavailable):
        client.endpoint("churn").predict([{"distance": 100}])
    assert [token for token, _body in doors.sent] == ["1", "2", "3", "4"]


def test_an_endpoint_describes_itself_with_the_same_ticket(doors: Doors, client: Client) -> None:
    doors.valid = {"2"}
    assert client.endpoint("churn").describe() == {"model": "m", "address": "http://gateway/churn"}
    assert doors.sent == [("1", None)]
    doors.valid = set()
    with pytest.raises(Unavailable):
        client.endpoint("churn").describe()


def tokens_at(doors: Any, *moments: float) -> list[str]:
    """The tickets that are current at these minutes, one after the other."""
    now = [0.0]
    http = new_client(transport=httpx.MockTransport(doors))
    tickets = Tickets(Transport("http://portal", token="t", http=http), "EP-1", "serving.issue_ticket", lambda: now[0])
    tokens = []
    for minute in moments:
        now[0] = minute * 60
        tokens.append(tickets.current().token)
    return tokens


def test_a_ticket_is_renewed_when_half_of_its_life_is_gone(doors: Doors) -> None:
    assert tokens_at(doors, 0, 14.9, 15, 29.9, 30) == ["1", "1", "2", "2", "3"]


@pytest.mark.parametrize("status", [503, 507])
def test_ten_minutes_of_a_full_disk_stop_no_predictions_of_who_had_a_ticket(doors: Doors, status: int) -> None:
    """Whenever they begin: here just before the ticket would have been renewed. It is asked for now and then."""
    asked_for = []

    def full(request: httpx.Request) -> httpx.Response:
        asked_for.append(request.extensions["timeout"]["read"])
        if 1 < len(asked_for) < 4:
            refusal = {"error": "The disk is full", "hint": "Free some space."}
            return httpx.Response(status, json=refusal, headers={"Retry-After": "5"})
        return doors(request)

    tokens = tokens_at(full, 0, 15, 15.1, 15.2, 20, 24.9, 25, 29.9)
    assert tokens == ["1", "1", "1", "1", "1", "2", "2", "2"]
    assert asked_for == [600.0, 5.0, 5.0, 5.0]


def test_a_ticket_that_has_ended_serves_no_longer_and_a_person_who_may_no_more_gets_none(doors: Doors) -> None:
    answers = {"status": 200}

    def changing(request: httpx.Request) -> httpx.Response:
        if answers["status"] != 200:
            return httpx.Response(answers["status"], json={"error": "No", "hint": ""})
        return doors(request)

    now = [0.0]
    http = new_client(transport=httpx.MockTransport(changing))
    tickets = Tickets(Transport("http://portal", token="t", http=http), "EP-1", "serving.issue_ticket", lambda: now[0])
    assert tickets.current().token == "1"
    now[0], answers["status"] = 16 * 60.0, 401
    with pytest.raises(NotSignedIn):
        tickets.current()
    now[0], answers["status"] = 30 * 60.0, 507
    with pytest.raises(NoSpace):
        tickets.current()


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
