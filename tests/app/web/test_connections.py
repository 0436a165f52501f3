"""Callers who leave something unfinished, or send more than anyone should: the portal ends it, in words where somebody
may still read them."""

import json
import select
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from app.web.connections import MOST_ADDRESS_BYTES, MOST_HEADER_BYTES, MOST_HEADERS, Connection
from core.portal import Portal
from tests.installed import People
from tests.served import Served

WHOAMI = "/api/v1/identity/whoami"
SECONDS = 20.0
SHORT = 0.05


class Hasty(Connection):
    """Ends what is unfinished soon; a byte of a body earns a minute."""

    header_seconds = body_seconds = linger_seconds = SHORT
    body_rate = 1 / 60


@pytest.fixture
def secret(portal: Portal, people: People) -> str:
    """That of a session, which is there before anybody waits for a request with it."""
    return portal.sessions.begin(people.engineer.person_id)


@pytest.fixture
def line(portal: Portal, secret: str) -> Iterator[socket.socket]:
    """A connection to a portal that does not wait for long."""
    with Served(portal, http=Hasty) as address, connected(address) as connection:
        yield connection


def connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS)


def answer_of(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """The status and the document of the answer, once the connection has been ended."""
    data = b""
    while part := connection.recv(65_536):
        data += part
    head, _blank, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_who_sends_nothing_is_told_nothing(line: socket.socket) -> None:
    assert line.recv(1) == b""


@pytest.mark.parametrize("begun", [b"G", b"GET /api/v1/identity/whoami HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_headers_that_do_not_come_to_their_end_are_ended(line: socket.socket, begun: bytes) -> None:
    line.sendall(begun)
    assert answer_of(line) == (
        408,
        {"error": "The request did not come to its end in time", "hint": "Send it again."},
    )


def post(secret: str, *, length: int, connection: str = "close") -> bytes:
    lines = ("Host: a", f"Authorization: Bearer {secret}", f"Content-Length: {length}", f"Connection: {connection}")
    return "\r\n".join((f"POST {WHOAMI} HTTP/1.1", *lines, "", "")).encode()


def test_a_body_that_does_not_come_is_ended(secret: str, line: socket.socket) -> None:
    line.sendall(post(secret, length=2))
    assert answer_of(line)[0] == 408


def test_a_body_that_comes_fast_enough_is_awaited(secret: str, line: socket.socket) -> None:
    line.sendall(post(secret, length=2) + b"{")
    assert select.select([line], [], [], 6 * SHORT)[0] == []
    line.sendall(b"}")
    assert answer_of(line)[1]["handle"] == "mei"


def test_a_body_that_nobody_reads_is_not_awaited_for_long(line: socket.socket) -> None:
    line.sendall(f"POST {WHOAMI} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n".encode() + b"x" * 100_000)
    assert answer_of(line)[0] == 401


def test_a_connection_serves_one_request_after_the_other(secret: str, line: socket.socket) -> None:
    request = post(secret, length=2, connection="keep-alive") + b"{}"
    line.sendall(request)
    first = line.recv(65_536)
    line.sendall(request[:20])
    assert (first[:15], answer_of(line)[0]) == (b"HTTP/1.1 200 OK", 408)


LONG = {
    "an address": (414, f"GET /api/{'a' * MOST_ADDRESS_BYTES} HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an address longer than any library reads": (414, f"GET /api/{'a' * 70_000}?b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an address without an end": (414, f"GET /api/{'a' * 2 * MOST_HEADER_BYTES}"),
    "a header": (431, f"GET /api/ HTTP/1.1\r\nHost: a\r\nX: {'a' * MOST_HEADER_BYTES}\r\n\r\n"),
    "a header without an end": (431, f"GET /api/ HTTP/1.1\r\nHost: a\r\nX: {'a' * 2 * MOST_HEADER_BYTES}"),
    "many headers": (431, "GET /api/ HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * MOST_HEADERS + "\r\n"),
    "no request": (400, "\x00\x01\x02 rubbish\r\n\r\n"),
}


@pytest.mark.parametrize("what", LONG)
def test_what_is_too_long_is_refused_in_json_and_the_connection_ended(portal: Portal, what: str) -> None:
    status, request = LONG[what]
    with Served(portal) as address, connected(address) as connection:
        connection.sendall(request.encode())
        seen, document = answer_of(connection)
    assert (seen, set(document)) == (status, {"error", "hint"})
