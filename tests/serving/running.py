"""Runs model servers and gateways in tests: real processes, a real Envoy, ports that the system chooses."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import httpx
import psutil

from core.foundation.actors import Actor
from core.foundation.errors import Unavailable
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.gateway import Gateway, PortalOverDatabase, Report
from core.gateway import Portal as GatewayPortal
from core.identity.permissions import Permission
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.admissions import Admission
from core.serving.plans import EndpointPlan
from core.serving.server_spec import READY_FILE, REFUSED_FILE, SOCKET_FILE, SPEC_FILE, Limits, ServerSpec
from core.serving.values import Endpoint, Route
from tests.compute.running import wait_until
from tests.http import web
from tests.installed import People, installed, settings_in
from tests.registry.onnx_files import Kind, calling, put_version_folder, register_tiny, tiny_model

LIMITS = Limits()
ROOT = Path(__file__).resolve().parents[2]
DISTANCE: dict[str, Kind] = {"distance": "number"}
ROW = {"event_time": "2013-11-01T00:00:00Z", "distance": 0.5}
GOOD_ROW = {"event_time": "2013-11-01T00:00:00Z", "carrier": "AA", "origin": "EWR", "distance": 0.5, "wind": None}
TENSORS = [
    {"name": "carrier", "datatype": "BYTES", "shape": [2], "data": ["AA", "B6"]},
    {"name": "origin", "datatype": "BYTES", "shape": [2], "data": ["EWR", None]},
    {"name": "distance", "datatype": "FP64", "shape": [2], "data": [0.5, -1]},
    {"name": "wind", "datatype": "FP64", "shape": [2], "data": [None, 2.0]},
]


def spec_of(
    store: Store,
    *,
    model: bytes,
    online: Path,
    environment: str = "staging",
    admission: Admission | None = None,
    public_key: str = "",
    limits: Limits = LIMITS,
) -> ServerSpec:
    """An order for a model server over a version's folder in the store."""
    manifest = put_version_folder(store, model=model)
    return ServerSpec.model_validate(
        {
            "endpoint_id": "EP-1",
            "endpoint": "late-arrival",
            "environment": environment,
            "version_id": "MV-1",
            "model": "late",
            "version": 1,
            "digest": manifest.digest,
            "model_digest": next(file.sha256 for file in manifest.files if file.path == "model.onnx"),
            "store": store.root,
            "online": online,
            "admission": admission,
            "public_key": public_key,
            "limits": limits,
        }
    )


@dataclass(frozen=True)
class RunningServer:
    """A model server and a client of it."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    client: httpx.Client

    def post(self, path: str, document: Any) -> httpx.Response:
        return self.client.post(path, json=document)


@contextmanager
def model_server(folder: Path, spec: ServerSpec) -> Iterator[RunningServer]:
    """A model server that is ready."""
    process = start_server(folder, spec)
    # The socket's own path may be longer than the system takes.
    handle = os.open(folder, os.O_RDONLY)
    try:
        wait_until((folder / READY_FILE).exists, what="a ready model server")
        transport = httpx.HTTPTransport(uds=f"/proc/self/fd/{handle}/{SOCKET_FILE}", verify=False)
        with httpx.Client(transport=transport, base_url="http://server", timeout=10) as client:
            yield RunningServer(folder=folder, process=process, client=client)
    finally:
        os.close(handle)
        process.terminate()
        process.wait(timeout=30)


def start_server(folder: Path, spec: ServerSpec) -> "subprocess.Popen[bytes]":
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-P", "-m", "core.serving.model_server.process", str(folder)]
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)


def refusal_of(folder: Path, spec: ServerSpec) -> tuple[int, str]:
    """The exit status of a server that must not start, and its cause."""
    status = start_server(folder, spec).wait(timeout=30)
    file = folder / REFUSED_FILE
    return status, file.read_text() if file.exists() else ""


@contextmanager
def gateway_for(portal: Portal, *, linger_seconds: float = 30.0) -> Iterator[Gateway]:
    """A gateway over the portal's database, in a thread, with all that it starts."""
    endpoints = PortalOverDatabase(portal.endpoints)
    with gateway_over(portal.foundation.settings, endpoints, linger_seconds=linger_seconds) as gateway:
        yield gateway


@contextmanager
def gateway_over(settings: Settings, portal: GatewayPortal, *, linger_seconds: float = 30.0) -> Iterator[Gateway]:
    gateway = Gateway(settings, portal=portal, linger_seconds=linger_seconds)
    thread = threading.Thread(target=gateway.run, name="gateway")
    thread.start()
    try:
        yield gateway
    finally:
        gateway.stop()
        thread.join()


def settled(portal: Portal, endpoint_id: str, *, seconds: float = 20.0) -> Endpoint:
    """The endpoint once the gateway has made it serve what it is wanted to."""
    wait_until(lambda: endpoint_now(portal, endpoint_id).settled, seconds=seconds, what=f"a settled {endpoint_id}")
    return endpoint_now(portal, endpoint_id)


def endpoint_now(portal: Portal, endpoint_id: str) -> Endpoint:
    return portal.endpoints.get_endpoint(Actor.system("test"), endpoint_id=endpoint_id)


def ticket_header(portal: Portal, actor: Actor, endpoint_id: str) -> dict[str, str]:
    ticket = portal.endpoints.issue_test_ticket(actor, endpoint_id=endpoint_id)
    return {"Authorization": f"Bearer {ticket.token}"}


def answering(probability: float) -> bytes:
    """A model that gives every row this probability."""
    return tiny_model(weight=0.0, bias=log(probability / (1 - probability)), features=DISTANCE)


@dataclass(frozen=True)
class Stage:
    """An installation with a gateway, its people, and versions that answer 0.1 and 0.9 whatever they are asked."""

    portal: Portal
    people: People
    gateway: Gateway
    low: ModelVersion
    high: ModelVersion

    def endpoint(self, name: str, *versions: ModelVersion) -> Endpoint:
        """A staging endpoint that serves the versions in equal shares, or nothing yet."""
        endpoint = self.portal.endpoints.create_endpoint(
            self.people.engineer, project="PROJ-1", name=name, environment="staging"
        )
        return (
            self.serve(endpoint.id, *((version, 100 // len(versions)) for version in versions))
            if versions
            else endpoint
        )

    def serve(self, endpoint_id: str, *shares: tuple[ModelVersion, int]) -> Endpoint:
        """Routes an endpoint and waits until that is true."""
        route_to(self.portal, endpoint_id, *shares)
        return settled(self.portal, endpoint_id)

    def ticket(self, endpoint: Endpoint) -> dict[str, str]:
        return ticket_header(self.portal, self.people.engineer, endpoint.id)

    def ask(self, endpoint: Endpoint, **headers: str) -> httpx.Response:
        """One prediction, with a ticket unless headers say otherwise."""
        sent = headers or self.ticket(endpoint)
        return web.post(f"{endpoint.url}/predict", json={"rows": [ROW]}, headers=sent, timeout=10)


@contextmanager
def stage_in(home: Path, *, linger_seconds: float = 30.0, **others: Any) -> Iterator[Stage]:
    """`others` are settings."""
    with portal_in(home, **others) as (portal, people):
        low, high = (
            register_tiny(portal, people.engineer, model=answering(p), features=DISTANCE, rows=50) for p in (0.1, 0.9)
        )
        with gateway_for(portal, linger_seconds=linger_seconds) as gateway:
            yield Stage(portal=portal, people=people, gateway=gateway, low=low, high=high)


@contextmanager
def portal_in(home: Path, **others: Any) -> Iterator[tuple[Portal, People]]:
    """An installation with its people and no gateway; `others` are settings."""
    with installed(settings_in(home, **others)) as opened:
        yield opened


def route_to(portal: Portal, endpoint_id: str, *shares: tuple[ModelVersion, int], promotion_id: str = "") -> None:
    """Changes what an endpoint is wanted to serve, as a promotion does."""
    routes = tuple(
        Route(
            version_id=version.id,
            model=version.model,
            version=version.version,
            digest=version.digest,
            weight=weight,
            promotion_id=promotion_id,
        )
        for version, weight in shares
    )
    with calling(portal, Actor.system("test"), permission=Permission.DEPLOY) as call:
        portal.endpoints.route(call, endpoint_id, routes, reason="test", promotion_id=promotion_id)


def admit(portal: Portal, endpoint_id: str, version: ModelVersion, promotion_id: str = "PR-1") -> None:
    with calling(portal, Actor.system("test"), permission=Permission.DEPLOY) as call:
        portal.endpoints.allow(call, endpoint_id, digest=version.digest, promotion_id=promotion_id)


def file_of(portal: Portal, version: ModelVersion) -> Path:
    """The version's ONNX file in the store, made writable for whoever wants to tamper with it."""
    path = portal.foundation.store.path(version.model_digest)
    path.chmod(0o600)
    return path


class CutOff:
    """A portal whose database is gone."""

    def wanted(self) -> tuple[EndpointPlan, ...]:
        raise Unavailable("gone")

    def confirm(self, endpoint_id: str, *, report: Report) -> None:
        raise Unavailable("gone")


def processes_of(folder: str) -> list[psutil.Process]:
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if any(word.startswith(folder) for word in process.info["cmdline"] or [])]


def answers(url: str, ticket: dict[str, str]) -> bool:
    try:
        return web.post(f"{url}/predict", json={"rows": [ROW]}, headers=ticket).status_code == 200
    except httpx.TransportError:
        return False
