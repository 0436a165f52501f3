"""The portal as a process: what it says to an operator before anything is installed, and that its log is one."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.foundation.settings import LogSettings
from tests.compute.running import wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **LogSettings(log_format="json", access_log=True).log_environment(),
        "CAUSEWAY_HOME": str(tmp_path / "home"),
        "CAUSEWAY_PORTAL_PORT": str(port),
    }
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "app.server"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(timeout=30) in (0, -15)


def test_a_portal_without_tables_lives_is_not_ready_and_logs_every_line_in_one_form(
    address: str, tmp_path: Path
) -> None:
    wait_until(lambda: answers(f"{address}/health"), seconds=60, what="the portal")
    assert httpx.get(f"{address}/health/live").json() == {"status": "ok"}
    ready = httpx.get(f"{address}/health/ready", headers={"x-request-id": "0123-abcd"})
    assert ready.status_code == 503
    empty = "The database has no tables yet"
    assert ready.json()["checks"] == {
        "database": empty,
        "store": "ok",
        "disk": "ok",
        "audit": empty,
        "parts": "ok",
        "model_servers": empty,
    }
    wait_until(lambda: "0123-abcd" in (tmp_path / "log").read_text(), what="the line of the request")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["process"] for line in lines} == {"portal"}
    assert [line["event"] for line in lines if line.get("request") == "0123-abcd"] == ["GET /health/ready 503"]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False
