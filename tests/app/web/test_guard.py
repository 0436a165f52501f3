"""The guard: what anonymous visitors, other sites and other hosts get."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app.session import COOKIE
from app.web.guard import Guard, content_policy
from app.web.mlflow_door import mlflow_routes
from app.web.sign_in import sign_in_routes
from core.portal import Portal
from tests.app.web.asgi_client import ADDRESS, Client
from tests.conftest import People

PAGE = {"accept": "text/html"}
REFUSED = {"type": "websocket.close", "code": 4403}
SECURED = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
)
PRIVATE = [
    "/_stcore/upload_file/a/b",
    "/media/a.png",
    "/component/x/index.html",
    "/_stcore/host-config",
    "/run?id=RUN-1",
]


async def _anything(request) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("inside")
    await websocket.close()


@pytest.fixture
def client(portal: Portal, people: People) -> Client:
    routes = [
        *sign_in_routes(lambda: portal),
        WebSocketRoute("/_stcore/stream", _socket),
        Route("/{rest:path}", _anything, methods=["GET", "POST", "PUT"]),
    ]
    guard = Middleware(Guard, portal=lambda: portal, settings=portal.foundation.settings)
    return Client(Starlette(routes=routes, middleware=[guard]))


@pytest.fixture
def secret(portal: Portal, people: People) -> str:
    return portal.sessions.begin(people.engineer.person_id)


@pytest.mark.parametrize("path", PRIVATE)
def test_anonymous_requests_are_refused(client: Client, path: str) -> None:
    assert client.get(path).status_code == 401


def test_an_anonymous_upload_is_refused_before_it_is_read(client: Client) -> None:
    read = []

    async def body():
        read.append(True)
        yield b"x"

    assert client.ask("PUT", "/_stcore/upload_file/a/b", content=body()).status_code == 401
    assert not read


@pytest.mark.parametrize("path", ["/static/js/index.js", "/app/static/favicon.svg", "/_stcore/health", "/health"])
def test_anonymous_visitors_load_static_files_and_the_health_check(client: Client, path: str) -> None:
    assert client.get(path).text == "inside"


def test_a_deep_link_leads_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/run?id=RUN-118", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Frun%3Fid%3DRUN-118"


@pytest.mark.parametrize("path", PRIVATE)
def test_a_session_opens_them(client: Client, secret: str, path: str) -> None:
    assert client.get(path, cookies={COOKIE: secret}).text == "inside"


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, "ü".encode().decode("latin-1"), "%00"])
def test_a_wrong_cookie_is_no_session(client: Client, cookie: str) -> None:
    answer = client.get("/media/a.png", headers={"cookie": f"{COOKIE}={cookie}".encode("latin-1")})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "page"),
    [("/models/late-arrival", "/late-arrival"), ("/run/", None), ("/media/a.png", None), ("/a/b?x=1", "/b")],
)
def test_an_address_below_a_page_leads_to_the_frame(client: Client, secret: str, path: str, page: str | None) -> None:
    answer = client.get(path, headers=PAGE, cookies={COOKIE: secret})
    assert (answer.status_code, answer.headers.get("location")) == ((303, page) if page else (200, None))


def test_an_ended_session_is_refused(client: Client, portal: Portal, secret: str) -> None:
    portal.sessions.sign_out(secret)
    assert client.get("/media/a.png", cookies={COOKIE: secret}).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/run/_stcore/metrics",
        "/_stcore/agent/interact",
        "/agent/mcp",
        "/_stcore/script-health-check",
        "/auth/login",
        "/oauth2callback",
    ],
)
def test_doors_of_streamlit_that_are_not_ours_are_closed_for_everyone(client: Client, secret: str, path: str) -> None:
    assert client.get(path, cookies={COOKIE: secret}).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "", "2130706433"])
def test_a_foreign_host_is_refused(client: Client, secret: str, host: str) -> None:
    assert client.get("/media/a.png", headers={"host": host}, cookies={COOKIE: secret}).status_code == 421


HOST = {"host": "127.0.0.1:8600"}


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null", ""])
def test_a_socket_from_elsewhere_is_refused(client: Client, secret: str, origin: str) -> None:
    headers = HOST | {"cookie": f"{COOKIE}={secret}"} | ({"origin": origin} if origin else {})
    assert client.socket("/_stcore/stream", headers=headers) == [REFUSED]


def test_a_socket_without_a_session_is_refused(client: Client) -> None:
    assert client.socket("/_stcore/stream", headers=HOST | {"origin": ADDRESS}) == [REFUSED]


def test_our_own_socket_is_opened(client: Client, secret: str) -> None:
    headers = HOST | {"cookie": f"{COOKIE}={secret}", "origin": ADDRESS}
    assert client.socket("/_stcore/stream", headers=headers)[0]["type"] == "websocket.accept"


@pytest.mark.parametrize("path", ["/sign-in", "/health", "/media/a.png", "/static/js/x.js", "/_stcore/metrics"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert not [name for name in SECURED if name not in headers]
    assert headers.get("cache-control") == ("no-store" if not path.startswith("/static") else None)


def test_the_policy_allows_no_inline_script_but_the_one_that_is_hashed() -> None:
    policy = dict(part.split(" ", 1) for part in content_policy().split("; "))
    assert "unsafe-inline" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert policy["script-src"].count("sha256-") == 1
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"


@pytest.mark.parametrize("path", ["/api/v1/imports/start_upload", "/sign-in", "/_stcore/upload_file/a/b", "/nowhere"])
def test_a_large_body_from_nobody_is_refused_before_any_of_it_is_read(client: Client, path: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    answer = client.post(path, content=body(), headers={"Content-Length": "65537"})
    assert (answer.status_code, "without signing in" in answer.text) == (413, True)
    assert ("json" in answer.headers["content-type"]) == path.startswith("/api/")


def test_the_door_for_mlflow_takes_tokens_and_no_cookie(portal: Portal, people: People, secret: str) -> None:
    guard = Middleware(Guard, portal=lambda: portal, settings=portal.foundation.settings)
    client = Client(Starlette(routes=mlflow_routes(lambda: portal), middleware=[guard]))
    place = "/mlflow/api/2.0/mlflow/runs/create"
    for options in ({}, {"cookies": {COOKIE: secret}}):
        answer = client.post(place, **options)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
    answer = client.post(place, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (403, "no-store")
