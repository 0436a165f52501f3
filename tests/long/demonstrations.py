"""Each short demonstration from nothing to an answer, on real processes, and a second time, which makes nothing twice.

scripts/long demonstrations [names]
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from app.demonstration.catalog import DEMONSTRATIONS
from core.client.transport import http_client
from tests.e2e.installation import free_port

TWO_MINUTES, START_SECONDS = 120, 120
SHORT = [demonstration.name for demonstration in DEMONSTRATIONS if not demonstration.takes_first_project]
CAUSEWAY = [sys.executable, "-m", "app.cli.commands"]


@contextmanager
def running(home: Path) -> Iterator[dict[str, str]]:
    """What `causeway up --empty` starts, and the environment that finds it."""
    ports = {f"CAUSEWAY_{name}_PORT": str(free_port()) for name in ("PORTAL", "GATEWAY", "GATEWAY_ADMIN")}
    environment = {**os.environ, **ports, "CAUSEWAY_HOME": str(home)}
    process = subprocess.Popen([*CAUSEWAY, "up", "--empty"], env=environment)
    try:
        _wait_for(f"http://127.0.0.1:{ports['CAUSEWAY_PORTAL_PORT']}/health")
        yield environment
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if http_client().get(address, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(1)
    raise SystemExit(f"nothing answers at {address}")


def walked(name: str, environment: dict[str, str]) -> str:
    """What it failed in, or nothing."""
    began = time.monotonic()
    first = subprocess.run([*CAUSEWAY, "demo", name], env=environment, check=False)
    seconds = time.monotonic() - began
    again = subprocess.run([*CAUSEWAY, "demo", name], env=environment, check=False, capture_output=True, text=True)
    print(f"{name}: {seconds:.0f} s, load {os.getloadavg()[0]:.1f}")
    if first.returncode or again.returncode:
        return f"{name} failed"
    if "nothing is made twice" not in " ".join(again.stdout.split()):
        return f"{name} was walked twice"
    return f"{name} took {seconds:.0f} s" if seconds > TWO_MINUTES else ""


def main() -> int:
    with TemporaryDirectory() as folder, running(Path(folder) / "home") as environment:
        failures = [failure for name in sys.argv[1:] or SHORT if (failure := walked(name, environment))]
    print("\n".join(failures) or "All of them answer, within two minutes each.")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
