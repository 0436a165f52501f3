"""Runs model servers and gateways in tests: real processes, a real Envoy, ports that the system chooses."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from core.foundation.actors import Actor
from core.foundation.storage import Store
from core.gateway import Gateway, PortalOverDatabase
from core.portal import Portal
from core.serving.admissions import Admission
from core.serving.server_spec import READY_FILE, REFUSED_FILE, SOCKET_FILE, SPEC_FILE, Limits, ServerSpec
from core.serving.values import Endpoint
from tests.compute.running import wait_until
from tests.registry.onnx_files import put_version_folder, tiny_model

LIMITS = Limits()
ROOT = Path(__file__).resolve().parents[2]
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
        transport = httpx.HTTPTransport(uds=f"/proc/self/fd/{handle}/{SOCKET_FILE}")
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
        command = [sys.executable, "-P", "-m", "core.serving.model_server", str(folder)]
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)


def refusal_of(folder: Path, spec: ServerSpec) -> tuple[int, str]:
    """The exit status of a server that must not start, and its cause."""
    status = start_server(folder, spec).wait(timeout=30)
    file = folder / REFUSED_FILE
    return status, file.read_text() if file.exists() else ""


@contextmanager
def gateway_for(portal: Portal, *, linger_seconds: float = 30.0) -> Iterator[Gateway]:
    """A gateway over the portal's database, in a thread, with all that it starts."""
    gateway = Gateway(
        portal.foundation.settings, portal=PortalOverDatabase(portal.serving), linger_seconds=linger_seconds
    )
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
    return portal.serving.get_endpoint(Actor.system("test"), endpoint_id=endpoint_id)


def ticket_header(portal: Portal, actor: Actor, endpoint_id: str) -> dict[str, str]:
    ticket = portal.serving.issue_test_ticket(actor, endpoint_id=endpoint_id)
    return {"Authorization": f"Bearer {ticket.token}"}


def answering(probability: float) -> bytes:
    """A model that gives every row almost exactly this probability: its terms drown in the bias."""
    from math import log

    return tiny_model(weight=0.0, bias=log(probability / (1 - probability)), features={"distance": "number"})
