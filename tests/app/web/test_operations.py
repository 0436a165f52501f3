"""What operators ask of the portal, through its guard: health for anyone, figures for a token with the scope."""

import logging
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.web.api import api_routes
from app.web.guard import Guard
from app.web.operations import operation_routes
from app.web.requests import Requests
from core.foundation.settings import Settings
from core.identity.permissions import Permission
from core.portal import Portal
from core.serving.counter_file import COUNTERS_FILE, CounterFile
from core.serving.model_server.counters import Counters
from tests.app.web.asgi_client import Client
from tests.conftest import People
from tests.log_lines import log_lines
from tests.registry.onnx_files import tiny_model
from tests.serving.running import spec_of


def client_of(portal: Portal, *, access_log: bool = False) -> Client:
    guard = Middleware(Guard, portal=lambda: portal, settings=portal.foundation.settings)
    routes = [*operation_routes(lambda: portal), *api_routes(lambda: portal)]
    return Client(Starlette(routes=routes, middleware=[Middleware(Requests, access_log=access_log), guard]))


@pytest.fixture
def client(portal: Portal) -> Client:
    return client_of(portal)


def token(portal: Portal, people: People, scope: Permission) -> dict[str, str]:
    account = portal.identity.create_service_account(
        people.admin, handle=f"prom-{scope.value}", name="Prometheus", project="PROJ-1"
    )
    minted = portal.identity.mint_service_token(people.admin, account_id=account.id, name="scrape", scopes=(scope,))
    return {"Authorization": f"Bearer {minted.secret}"}


def test_anyone_may_ask_whether_the_portal_lives_and_can_be_used(client: Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/health/live").json() == {"status": "ok"}
    ready = client.get("/health/ready")
    checks = dict.fromkeys(("database", "store", "disk", "audit", "parts", "model_servers"), "ok")
    assert (ready.status_code, ready.json()["checks"]) == (200, checks)


class TestOfAFullDisk:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"least_free_mb": 1 << 50})

    def test_a_portal_that_cannot_be_used_says_why(self, client: Client) -> None:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert ready.json()["checks"]["disk"].startswith("Only ")
        assert client.get("/health/live").status_code == 200


def test_figures_are_for_a_token_with_the_scope(client: Client, portal: Portal, people: People) -> None:
    unsigned = client.get("/metrics")
    assert (unsigned.status_code, unsigned.headers["www-authenticate"]) == (401, "Bearer")
    assert client.get("/metrics", headers={"Authorization": "Bearer cwt_made-up"}).status_code == 401
    assert client.get("/metrics", headers=token(portal, people, Permission.READ)).status_code == 403
    answer = client.get("/metrics", headers=token(portal, people, Permission.METRICS))
    assert answer.headers["content-type"].startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"causeway_http_requests", "causeway_jobs", "causeway_requests", "process_resident_memory_bytes"} <= names


def test_prometheus_takes_the_figures_as_they_are(client: Client, portal: Portal, people: People) -> None:
    spec = spec_of(portal.foundation.store, model=tiny_model(), online=portal.foundation.settings.home / "online")
    folder = portal.foundation.settings.home / "gateway" / "servers" / "one"
    folder.mkdir(parents=True)
    file, counters = CounterFile(folder / COUNTERS_FILE, spec=spec), Counters()
    counters.count(200, total_ns=2_000_000, waited_ns=10_000, compute_ns=1_000_000)
    file.copy(counters.counts())
    client.get("/health")
    text = portal.metrics.render(people.sre)
    for name in ("causeway_requests_total", "causeway_request_compute_seconds_bucket", "causeway_http_requests_total"):
        assert f"\n{name}{{" in text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_figures_of_another_project_are_not_shown(client: Client, portal: Portal, people: People) -> None:
    here = portal.endpoints.create_endpoint(people.engineer, project="PROJ-1", name="mine", environment="staging")
    there = portal.endpoints.create_endpoint(people.outsider, project="PROJ-2", name="theirs", environment="staging")
    spec = spec_of(portal.foundation.store, model=tiny_model(), online=portal.foundation.settings.home / "online")
    for endpoint in (here, there):
        folder = portal.foundation.settings.home / "gateway" / "servers" / endpoint.id
        folder.mkdir(parents=True)
        named = spec.model_copy(update={"endpoint_id": endpoint.id, "endpoint": endpoint.name})
        CounterFile(folder / COUNTERS_FILE, spec=named)
    of_account = client.get("/metrics", headers=token(portal, people, Permission.METRICS)).text
    assert 'endpoint="mine"' in of_account
    assert 'endpoint="theirs"' not in of_account
    assert 'endpoint="theirs"' in portal.metrics.render(people.sre)


def test_an_answer_says_what_its_request_is_called(client: Client) -> None:
    given = client.get("/health", headers={"x-request-id": "0123-abcd"})
    assert given.headers["x-request-id"] == "0123-abcd"
    for hostile in ("short", "a b c d e f g h", "x" * 65, 'quote"quote"'):
        request_id = client.get("/health", headers={"x-request-id": hostile}).headers["x-request-id"]
        assert request_id != hostile
        assert len(request_id) == 32


def test_requests_are_logged_where_the_settings_ask_for_it(portal: Portal) -> None:
    with log_lines("app") as lines:
        client_of(portal).get("/health")
        assert lines == []
        client_of(portal, access_log=True).get("/health?secret=x", headers={"x-request-id": "0123-abcd"})
    assert [(line["event"], line["request"]) for line in lines] == [("GET /health 200", "0123-abcd")]


def test_an_action_that_is_called_over_rest_is_logged_with_its_request(portal: Portal, people: People) -> None:
    bearer = {"Authorization": f"Bearer {portal.sessions.begin(people.sre.person_id)}", "x-request-id": "0123-abcd"}
    with log_lines("core", level=logging.DEBUG) as lines:
        assert client_of(portal).get("/api/v1/identity/whoami", headers=bearer).status_code == 200
    line = next(line for line in lines if line.get("action") == "identity.whoami")
    assert (line["event"], line["request"], line["actor"]) == ("action ok", "0123-abcd", people.sre.person_id)


def test_the_error_id_of_an_answer_is_found_in_the_log(portal: Portal, people: People) -> None:
    bearer = {"Authorization": f"Bearer {portal.sessions.begin(people.sre.person_id)}", "x-request-id": "0123-abcd"}
    client = client_of(portal)
    with portal.foundation.database.write() as session:
        damage = f"UPDATE role_grants SET role = 'nonsense' WHERE person_id = '{people.viewer.person_id}'"
        session.connection().exec_driver_sql(damage)
    with log_lines("app") as lines:
        answer = client.get("/api/v1/identity/list_people", headers=bearer)
    assert answer.status_code == 500
    error_id = answer.json()["hint"].rpartition(" ")[2]
    assert [(line["error"], line["request"]) for line in lines] == [(error_id, "0123-abcd")]
    assert "Traceback" in lines[0]["exception"]
