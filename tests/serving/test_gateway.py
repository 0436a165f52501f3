"""The gateway with a real Envoy and real model servers: who is let in, what is answered, and what dies."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from core.foundation.errors import Conflict
from core.gateway import alone
from core.portal import Portal
from core.serving.gateway.filters import PLACE_HEADER
from core.serving.tickets import TicketIssuer, place_of
from core.serving.values import Endpoint
from tests.compute.running import wait_until
from tests.http import web
from tests.registry.attack_models import failing_far
from tests.registry.onnx_files import register_tiny, tiny_model
from tests.serving.running import (
    DISTANCE,
    ROOT,
    ROW,
    CutOff,
    Stage,
    answering,
    answers,
    endpoint_now,
    file_of,
    gateway_over,
    portal_in,
    processes_of,
    route_to,
    settled,
    stage_in,
    ticket_header,
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("stage") / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(stage: Stage) -> Endpoint:
    """An endpoint that serves one version, for what needs no more."""
    return stage.endpoint("plain", stage.low)


def bearer(
    stage: Stage, endpoint_id: str, *, subject: str = "SA-1", seconds: float = 60, now: datetime | None = None
) -> dict[str, str]:
    issuer = TicketIssuer(stage.portal.foundation.settings.home)
    token, _ends = issuer.issue(endpoint_id, subject=subject, now=now or datetime.now(UTC), seconds=seconds)
    return {"Authorization": f"Bearer {token}"}


def test_an_endpoint_says_what_it_takes_to_whoever_has_a_ticket_for_it(stage: Stage, plain: Endpoint) -> None:
    for address in (plain.url, f"{plain.url}/"):
        assert web.get(address).status_code == 401
        document = web.get(address, headers=stage.ticket(plain)).json()
        assert document["version_id"] == stage.low.id
        assert web.get(
            f"{plain.url.removesuffix(document['links']['self'])}{document['links']['ready']}",
            headers=stage.ticket(plain),
        ).is_success


def test_an_answer_names_the_version_and_the_digest_that_gave_it(stage: Stage, plain: Endpoint) -> None:
    answer = stage.ask(plain)
    assert answer.json()["predictions"][0]["probability"] == pytest.approx(0.1)
    assert answer.headers["x-causeway-version"] == stage.low.id
    assert answer.headers["x-causeway-digest"] == stage.low.digest


def test_callers_need_a_ticket_of_this_very_endpoint(stage: Stage, plain: Endpoint) -> None:
    refused = web.post(f"{plain.url}/predict", json={"rows": [ROW]})
    assert refused.status_code == 401
    assert refused.json()["hint"] == "Send a ticket of this endpoint as Authorization: Bearer."
    assert stage.ask(plain, **bearer(stage, stage.endpoint("elsewhere").id)).status_code == 403
    assert stage.ask(plain, **bearer(stage, plain.id)).status_code == 200


def test_tickets_that_ended_or_were_not_signed_here_are_refused(stage: Stage, plain: Endpoint, tmp_path: Path) -> None:
    ended = bearer(stage, plain.id, now=datetime.now(UTC) - timedelta(hours=1), seconds=60)
    assert stage.ask(plain, **ended).status_code == 401
    forged, _ends = TicketIssuer(tmp_path).issue(plain.id, subject="x", now=datetime.now(UTC), seconds=60)
    assert stage.ask(plain, Authorization=f"Bearer {forged}").status_code == 401
    head, claims, _signature = forged.split(".")
    none = "eyJhbGciOiJub25lIn0"
    for token in (f"{head}.{claims}.", f"{none}.{claims}.", "x"):
        assert stage.ask(plain, Authorization=f"Bearer {token}").status_code == 401


def test_a_ticket_that_was_good_a_moment_ago_ends_when_it_says(stage: Stage, plain: Endpoint) -> None:
    """Envoy remembers that a signature is good; it must not forget the end of the ticket over it."""
    ticket = bearer(stage, plain.id, seconds=1.5)
    assert stage.ask(plain, **ticket).status_code == 200
    wait_until(lambda: stage.ask(plain, **ticket).status_code == 401, seconds=6, what="the end of the ticket")


def test_the_health_of_a_model_server_is_asked_with_a_ticket_too(stage: Stage, plain: Endpoint) -> None:
    assert web.get(f"{plain.url}/v2/health/ready").status_code == 401
    assert web.get(f"{plain.url}/v2/health/ready", headers=stage.ticket(plain)).status_code == 200


def test_an_endpoint_that_is_not_there_is_not_found(stage: Stage, plain: Endpoint) -> None:
    for path in ("/endpoints/nothing/predict", "/endpoints/plai/predict", "/endpoints/plain2/predict", "/", "/predict"):
        answer = web.post(plain.url.replace("/endpoints/plain", path), json={}, headers=stage.ticket(plain))
        assert answer.status_code == 404
        assert set(answer.json()) == {"error", "hint"}


@pytest.mark.parametrize(
    "name", ["../x", "%2e%2e%2fx", "%2e%2e/x", "a/b", "", "x" * 10_000, "%E2%80%AE", "a%00", "//x"]
)
def test_b018_no_name_of_a_model_leads_anywhere_else(stage: Stage, plain: Endpoint, name: str) -> None:
    """Sent on a bare connection, so that no client tidies the path up."""
    address = httpx.URL(plain.url)
    head = f"POST {address.path}/v2/models/{name}/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n"
    authorization = stage.ticket(plain)["Authorization"]
    answer = raw(address, f"{head}connection: close\r\nauthorization: {authorization}\r\n\r\n{{}}")
    # A NUL is no letter of a path at all: Envoy itself turns it away.
    assert answer.split(b" ")[1] == (b"400" if "%00" in name else b"404")
    assert b'"error"' in answer


def raw(address: httpx.URL, request: str) -> bytes:
    import socket

    with socket.create_connection((address.host, address.port or 80), timeout=10) as caller:
        caller.sendall(request.encode())
        received = b""
        while more := caller.recv(65_536):
            received += more
    return received


def test_a_body_over_the_limit_never_reaches_a_model_server(stage: Stage, plain: Endpoint) -> None:
    answer = web.post(f"{plain.url}/predict", content=b" " * 4_300_000, headers=stage.ticket(plain))
    assert (answer.status_code, answer.json()["hint"]) == (413, "Send fewer rows at a time.")


def test_traffic_is_shared_by_the_weights(stage: Stage) -> None:
    endpoint = stage.endpoint("shared")
    endpoint = stage.serve(endpoint.id, (stage.low, 75), (stage.high, 25))
    assert endpoint.actual == {stage.low.id: 75, stage.high.id: 25}
    ticket = stage.ticket(endpoint)
    with httpx.Client(headers=ticket) as client:
        answers = [client.post(f"{endpoint.url}/predict", json={"rows": [ROW]}) for _request in range(400)]
    share = Counter(answer.headers["x-causeway-version"] for answer in answers)[stage.high.id] / 400
    assert 0.15 < share < 0.35


def test_an_endpoint_may_go_back_to_serving_nothing(stage: Stage) -> None:
    endpoint = stage.endpoint("emptied", stage.low)
    stage.serve(endpoint.id)
    answer = stage.ask(endpoint)
    assert answer.status_code == 503
    assert answer.json()["error"].startswith("emptied serves nothing since ")
    assert answer.json()["error"].endswith(" by Causeway because: test")


def test_a_first_version_answers_its_share_of_callers(stage: Stage) -> None:
    endpoint = stage.serve(stage.endpoint("opening").id, (stage.low, 10))
    callers = {f"SA-{number}": place_of(f"SA-{number}", endpoint_id=endpoint.id) for number in range(40)}
    for caller, place in callers.items():
        # The place is the ticket's, whatever the caller says.
        answer = stage.ask(endpoint, **bearer(stage, endpoint.id, subject=caller), **{PLACE_HEADER: "0"})
        assert answer.status_code == (200 if place < 10 else 503)
    assert (answer.json()["error"], answer.headers["retry-after"]) == ("opening: 10 %", "60")


def test_a_version_that_fails_on_every_request_loses_its_share_and_the_other_one_none(stage: Stage) -> None:
    """Its graph answers NaN wherever the distance is above 1000, which no warm-up row is."""
    broken = register_tiny(
        stage.portal, stage.people.engineer, model=failing_far(features=DISTANCE), features=DISTANCE, rows=50
    )
    endpoint = stage.endpoint("ejecting", stage.low, broken)
    ticket, row = stage.ticket(endpoint), {**ROW, "distance": 2_000.0}
    with httpx.Client(headers=ticket) as client:
        statuses = [client.post(f"{endpoint.url}/predict", json={"rows": [row]}).status_code for _request in range(200)]
    assert Counter(statuses) == {200: 195, 503: 5}
    assert set(statuses[-50:]) == {200}


def test_the_last_version_is_never_thrown_out(stage: Stage) -> None:
    broken = register_tiny(
        stage.portal, stage.people.engineer, model=failing_far(features=DISTANCE), features=DISTANCE, rows=50
    )
    endpoint = stage.endpoint("last", broken)
    ticket, bad = stage.ticket(endpoint), {**ROW, "distance": 2_000.0}
    with httpx.Client(headers=ticket) as client:
        for _request in range(20):
            answer = client.post(f"{endpoint.url}/predict", json={"rows": [bad]})
            assert (answer.status_code, answer.json()["error"]) == (503, "The model gave no usable answer")
        assert client.post(f"{endpoint.url}/predict", json={"rows": [ROW]}).status_code == 200


def test_a_model_server_that_dies_is_started_again(stage: Stage) -> None:
    endpoint = stage.endpoint("mortal", stage.low)
    victim = server_process(stage, endpoint)
    victim.kill()
    wait_until(lambda: not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE, what="its death")
    began = time.monotonic()
    wait_until(lambda: stage.ask(endpoint).status_code == 200, seconds=10, what="an answer")
    assert time.monotonic() - began < 8
    assert server_process(stage, endpoint).pid != victim.pid


def server_process(stage: Stage, endpoint: Endpoint) -> psutil.Process:
    prefix = f"{stage.gateway.folder}/servers/{endpoint.name}_"
    return next(
        process for process in psutil.process_iter(["cmdline"]) if prefix in " ".join(process.info["cmdline"] or [])
    )


def test_f37_f39_a_damaged_or_swapped_file_is_refused_and_the_old_version_serves_on(stage: Stage) -> None:
    endpoint = stage.endpoint("swapped", stage.low)
    fresh = register_tiny(
        stage.portal, stage.people.engineer, model=tiny_model(features=DISTANCE), features=DISTANCE, rows=50
    )
    original = file_of(stage.portal, fresh).read_bytes()
    file_of(stage.portal, fresh).write_bytes(file_of(stage.portal, stage.high).read_bytes())
    route_to(stage.portal, endpoint.id, (fresh, 100))
    wait_until(lambda: endpoint_now(stage.portal, endpoint.id).cause, what="a cause")
    seen = endpoint_now(stage.portal, endpoint.id)
    assert "damaged" in seen.cause
    assert (seen.settled, seen.actual) == (False, {stage.low.id: 100})
    assert {server.version_id: server.state for server in seen.servers}[fresh.id] == "refused"
    assert stage.ask(endpoint).headers["x-causeway-version"] == stage.low.id
    file_of(stage.portal, fresh).write_bytes(original)
    route_to(stage.portal, endpoint.id, (stage.low, 100))
    assert settled(stage.portal, endpoint.id).cause == ""


def test_a_refusal_is_told_again_for_every_new_wish(stage: Stage) -> None:
    """Deploying the same damaged bytes again must not look as if nothing had been found wrong."""
    endpoint = stage.endpoint("insisting", stage.low)
    model = tiny_model(features=DISTANCE, weight=3.0)
    fresh = register_tiny(stage.portal, stage.people.engineer, model=model, features=DISTANCE, rows=50)
    file_of(stage.portal, fresh).write_bytes(b"no model")
    for _attempt in range(2):
        route_to(stage.portal, endpoint.id, (fresh, 100))
        wait_until(lambda: endpoint_now(stage.portal, endpoint.id).cause, what="a cause")
    route_to(stage.portal, endpoint.id, (stage.low, 100))
    settled(stage.portal, endpoint.id)


def test_envoy_is_started_again_on_its_port_when_it_dies(tmp_path: Path) -> None:
    with stage_in(tmp_path / "home") as stage:
        endpoint = stage.endpoint("proxied", stage.low)
        ticket = stage.ticket(endpoint)
        envoy = next(process for process in processes_of(str(stage.gateway.folder)) if "envoy" in process.cmdline()[0])
        envoy.kill()
        wait_until(lambda: not envoy.is_running() or envoy.status() == psutil.STATUS_ZOMBIE, what="its death")
        wait_until(lambda: answers(endpoint.url, ticket), what="an answer of the next one")


def test_a_gateway_that_starts_again_adopts_what_the_killed_one_left(tmp_path: Path) -> None:
    """For the second one even the database is gone."""
    with portal_in(tmp_path / "home") as (portal, people), gateway_process(portal) as killed:
        version = register_tiny(portal, people.engineer, model=answering(0.1), features=DISTANCE, rows=50)
        endpoint = portal.endpoints.create_endpoint(
            people.engineer, project="PROJ-1", name="adopted", environment="staging"
        )
        route_to(portal, endpoint.id, (version, 100))
        endpoint, ticket = settled(portal, endpoint.id), ticket_header(portal, people.engineer, endpoint.id)
        killed.kill()
        killed.wait()
        assert answers(endpoint.url, ticket)
        folder = f"{portal.foundation.settings.home}/gateway"
        before = {process.pid for process in processes_of(folder)}
        with gateway_over(portal.foundation.settings, CutOff()) as gateway:
            wait_until(lambda: gateway.servers_ready(), what="an adopted server")
            assert {process.pid for process in processes_of(folder)} == before
            next(process for process in processes_of(folder) if "model_server" in " ".join(process.cmdline())).kill()
            wait_until(lambda: answers(endpoint.url, ticket), what="an answer of a new server")
        assert processes_of(folder) == []


@contextmanager
def gateway_process(portal: Portal) -> Iterator["subprocess.Popen[bytes]"]:
    """The gateway as it is really started."""
    home = portal.foundation.settings.home
    ports = dict.fromkeys(("PORTAL_PORT", "GATEWAY_PORT", "GATEWAY_ADMIN_PORT"), "0")
    chosen = {f"CAUSEWAY_{name}": value for name, value in {**ports, "HOME": str(home)}.items()}
    with (home / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.gateway"], env={**os.environ, **chosen}, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_stopping_leaves_no_process_and_a_retired_version_is_ended(tmp_path: Path) -> None:
    with stage_in(tmp_path / "home", linger_seconds=0.0) as stage:
        endpoint = stage.endpoint("ending", stage.low)
        stage.serve(endpoint.id, (stage.high, 100))
        wait_until(lambda: len(endpoint_now(stage.portal, endpoint.id).servers) == 1, what="the end of the old server")
        assert server_process(stage, endpoint).cmdline()[-1].endswith(stage.high.id)
        folder = str(stage.gateway.folder)
        assert len(processes_of(folder)) == 2
    assert processes_of(folder) == []


def test_f30_without_the_database_the_last_known_routes_serve(tmp_path: Path) -> None:
    with stage_in(tmp_path / "home") as stage:
        endpoint = stage.endpoint("cut-off", stage.low)
        ticket = stage.ticket(endpoint)
    with gateway_over(stage.portal.foundation.settings, CutOff()):
        wait_until(lambda: answers(endpoint.url, ticket), what="an answer without the database")


def test_there_is_one_gateway_for_an_installation(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(Conflict), alone(tmp_path):
        pass
