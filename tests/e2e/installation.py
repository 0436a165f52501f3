"""An installation as it runs on one machine: portal, worker and gateway as processes of their own over one home."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from app.cli.processes import processes_of
from core.foundation.migrations import migrate
from core.foundation.settings import Settings
from core.installation import prepare
from core.portal import Portal, build_foundation, build_portal
from core.serving.rows import ADDRESS_FILE
from tests.http import web
from tests.installed import People, enroll

START_SECONDS = 180
STOP_SECONDS = 15
PAUSE = 0.05
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Running:
    """A portal that answers at `address`; `portal` works on the same installation, from this process."""

    address: str
    portal: Portal
    people: People


@contextmanager
def installation(home: Path) -> Iterator[Running]:
    """Everything runs, with the people of the tests and nothing else. In the end no process is left, whatever became of
    the tests: jobs, model servers and Envoy too, which outlive those who started them."""
    settings = Settings(home=home, portal_port=free_port(), gateway_port=0, gateway_admin_port=0)
    base = build_foundation(settings)
    migrate(base.database)
    portal = build_portal(settings, foundation=base)
    people = enroll(portal)
    prepare(portal)
    with ExitStack() as parts:
        parts.callback(base.database.close)
        parts.callback(end_the_rest, home)
        start_all(settings, parts)
        yield Running(settings.address, portal, people)


def start_all(settings: Settings, parts: ExitStack) -> None:
    home = settings.home
    served = parts.enter_context(process(settings, "app.server"))
    gateway = parts.enter_context(process(settings, "core.gateway"))
    parts.enter_context(process(settings, "tests.e2e.worker"))
    wait_for(lambda: answers(f"{settings.address}/health"), served, log_of(home, "app.server"))
    wait_for((home / ADDRESS_FILE).exists, gateway, log_of(home, "core.gateway"))


def make_tables_of_mlflow(settings: Settings) -> None:
    """What `causeway migrate` adds to the tables that are there. It takes seconds, so only who trains waits for it."""
    with process(settings, "app.cli.commands", "migrate") as migration:
        assert migration.wait(timeout=START_SECONDS) == 0, log_of(settings.home, "app.cli.commands").read_text()


@contextmanager
def process(settings: Settings, module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module`, told about this installation only by its settings; ended with the block."""
    names = ("home", "portal_port", "gateway_port", "gateway_admin_port")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAUSEWAY_")}
    environment |= {f"CAUSEWAY_{name.upper()}": str(getattr(settings, name)) for name in names}
    command = [sys.executable, "-m", module, *arguments]
    with log_of(settings.home, module).open("wb") as log:
        started = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=end_with_us
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def end_with_us() -> None:
    """In a new process: it ends when the tests are killed, as far as Linux can see to that."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def log_of(home: Path, module: str) -> Path:
    return home / f"{module}.log"


def end_the_rest(home: Path) -> None:
    remaining = list(processes_of(home))
    for leftover in remaining:
        leftover.terminate()
    _gone, alive = psutil.wait_procs(remaining, timeout=STOP_SECONDS)
    for leftover in alive:
        leftover.kill()


def wait_for(ready: Callable[[], bool], started: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert started.poll() is None, log.read_text()
        if time.monotonic() > deadline:
            pytest.fail(f"nothing answered within {START_SECONDS} s: {log.read_text()}")
        time.sleep(PAUSE)


def answers(url: str) -> bool:
    try:
        return web.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
