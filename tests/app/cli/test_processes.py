"""`causeway up`: everything starts, what dies is started again, and Ctrl-C leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from app.cli.processes import processes_of
from core.foundation.settings import Settings
from tests.http import web

SECONDS = 90


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    portal, gateway, admin = free_ports(3)
    return Settings(home=tmp_path / "home", portal_port=portal, gateway_port=gateway, gateway_admin_port=admin)


@pytest.fixture
def up(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """`causeway up --empty` on ports of its own."""
    with start(settings) as started:
        yield started
        if started.poll() is None:
            started.send_signal(signal.SIGINT)


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _probe in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start(settings: Settings) -> subprocess.Popen[str]:
    names = ("home", "portal_port", "gateway_port", "gateway_admin_port")
    environment = {f"CAUSEWAY_{name.upper()}": str(getattr(settings, name)) for name in names}
    command = [sys.executable, "-m", "app.cli.commands", "up", "--empty"]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.1)


def is_healthy(settings: Settings) -> bool:
    try:
        return web.get(f"{settings.address}/health", timeout=2).is_success
    except httpx.TransportError:
        return False


def children(up: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    """The parts by their module. What is just born has no command line yet, what has just died none any more."""
    parts: dict[str, psutil.Process] = {}
    for child in psutil.Process(up.pid).children():
        with suppress(psutil.Error):
            parts |= dict.fromkeys(child.cmdline()[-1:], child)
    return parts


def test_up_starts_everything_restarts_what_dies_and_leaves_nothing_behind(
    settings: Settings, up: subprocess.Popen[str]
) -> None:
    assert up.stdout is not None
    output = read_until(iter(up.stdout.readline, ""), "Ctrl-C")
    assert settings.address in output
    assert is_healthy(settings)
    refuse_a_second(settings, holder=up)
    worker = children(up)["core.worker"]
    worker.kill()
    wait_until(lambda: (again := children(up).get("core.worker")) is not None and again.pid != worker.pid)
    parts = list(children(up).values())
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=SECONDS) == 0
    assert not [part for part in parts if part.is_running()]
    assert list(processes_of(settings.home)) == []


def read_until(lines: Iterator[str], word: str) -> str:
    output = ""
    for line in lines:
        output += line
        if word in line:
            return output
    raise AssertionError(output)


def refuse_a_second(settings: Settings, *, holder: subprocess.Popen[str]) -> None:
    second = start(settings)
    output, _nothing = second.communicate(timeout=SECONDS)
    assert second.returncode == 1
    assert f"Port {settings.portal_port} is held by process {children(holder)['app.server'].pid}" in output
