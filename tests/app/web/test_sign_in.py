"""Sign-in and sign-out, outside Streamlit."""

from http.cookies import SimpleCookie

import pytest

from app.session import COOKIE
from core.portal import Portal
from tests.app.web.asgi_client import ADDRESS, Client
from tests.app.web.test_guard import client
from tests.conftest import People

__all__ = ["client"]
FROM_US = {"origin": ADDRESS}


def test_the_page_offers_every_development_identity(client: Client, people: People) -> None:
    page = client.get("/sign-in").text
    assert all(
        name in page for name in ("Mei Lin", "Engineer, Flights", "Sofia Park", "Approver", "Development identity")
    )
    assert "<script" not in page


def test_choosing_one_begins_a_session_and_leads_to_the_page_that_was_wanted(
    client: Client, portal: Portal, people: People
) -> None:
    form = {"person": people.sre.person_id, "next": "/load-test?id=LT-2"}
    answer = client.post("/sign-in", data=form, headers=FROM_US)
    assert (answer.status_code, answer.headers["location"]) == (303, "/load-test?id=LT-2")
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert portal.sessions.actor_of_session(cookie.value) == people.sre


@pytest.mark.parametrize(
    "target", ["//evil.example", "https:evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_sign_in_leads_to_no_foreign_place(client: Client, people: People, target: str) -> None:
    assert target == "" or target not in client.get("/sign-in", params={"next": target}).text
    form = {"person": people.sre.person_id, "next": target}
    assert client.post("/sign-in", data=form, headers=FROM_US).headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ADDRESS, "sec-fetch-site": "cross-site"}],
)
def test_a_form_from_another_site_is_refused(client: Client, people: People, headers: dict[str, str]) -> None:
    for path in ("/sign-in", "/sign-out"):
        assert client.post(path, data={"person": people.sre.person_id}, headers=headers).status_code == 403


@pytest.mark.parametrize("person", ["", "P-999", "' OR 1=1 --", "SA-1", "\x00"])
def test_nobody_else_can_be_chosen(client: Client, person: str) -> None:
    answer = client.post("/sign-in", data={"person": person}, headers=FROM_US)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "cannot choose" in answer.text


def test_a_new_sign_in_ends_the_old_session(client: Client, portal: Portal, people: People) -> None:
    old = portal.sessions.begin(people.engineer.person_id)
    client.post("/sign-in", data={"person": people.sre.person_id}, headers=FROM_US, cookies={COOKIE: old})
    assert portal.sessions.actor_of_session(old) is None


def test_signing_out_ends_the_session_on_the_server(client: Client, portal: Portal, people: People) -> None:
    secret = portal.sessions.begin(people.engineer.person_id)
    answer = client.post("/sign-out", headers=FROM_US, cookies={COOKIE: secret})
    assert answer.headers["location"] == "/sign-in"
    assert portal.sessions.actor_of_session(secret) is None


def test_a_form_that_never_ends_is_not_read_to_its_end(client: Client) -> None:
    assert client.post("/sign-in", data={"person": "x" * 50_000}, headers=FROM_US).status_code == 403


def test_names_are_escaped(client: Client, portal: Portal, people: People) -> None:
    portal.identity.create_person(people.admin, handle="quote", name='O"Neil & sons')
    assert "O&quot;Neil &amp; sons" in client.get("/sign-in").text
