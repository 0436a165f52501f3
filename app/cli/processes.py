"""`causeway up`: portal, worker and gateway on this machine, started together and stopped together."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.client import http_client
from core.foundation.errors import Conflict, PortalError, Unavailable
from core.foundation.settings import Settings
from core.foundation.text import _

if TYPE_CHECKING:
    import psutil

START_SECONDS = 60
STOP_SECONDS = 15
MOST_RESTARTS = 5
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Part:
    """A process of the portal: the module it runs, and the path that answers once it is ready ("" for none)."""

    name: str
    module: str
    address: str
    ready: str


def parts(settings: Settings) -> tuple[Part, ...]:
    gateway_admin = f"http://127.0.0.1:{settings.gateway_admin_port}"
    return (
        Part("portal", "app.server", settings.address, f"http://{settings.host}:{settings.portal_port}/health"),
        Part("worker", "core.worker", _("runs jobs, sweeps and rollouts"), ""),
        Part("gateway", "core.gateway", settings.gateway_address, f"{gateway_admin}/ready"),
    )


def run_all(settings: Settings, *, with_demonstration: bool) -> int:
    """Starts every part, walks the demonstration once, and waits for Ctrl-C. Returns the exit code."""
    refuse_taken_ports(settings)
    from core.installation import migrate

    click.echo(_("Preparing the database in {home} ...").format(home=settings.home))
    migrate(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _start_all(settings, running)
        if with_demonstration:
            _demonstrate(settings)
        _say_what_next(settings)
        return _keep_running(settings, running)
    except KeyboardInterrupt:
        click.echo("")
        return 0
    finally:
        _stop_all(settings, running)


def refuse_taken_ports(settings: Settings) -> None:
    """Conflict when someone listens on a port we need; says who."""
    for port in (settings.portal_port, settings.gateway_port, settings.gateway_admin_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _can_bind(probe, settings.host, port):
                continue
        raise Conflict(
            _("Port {port} is held by {holder}").format(port=port, holder=holder_of(port)),
            hint=_("Stop it, or set CAUSEWAY_PORTAL_PORT, CAUSEWAY_GATEWAY_PORT and CAUSEWAY_GATEWAY_ADMIN_PORT."),
        )


def holder_of(port: int) -> str:
    """The process that listens on a port, in words."""
    import psutil

    try:
        listening = (
            connection for connection in psutil.net_connections("tcp") if connection.status == psutil.CONN_LISTEN
        )
        pid = next(
            (connection.pid for connection in listening if connection.laddr.port == port and connection.pid), None
        )
        if pid is None:
            return _("a process of another user")
        process = psutil.Process(pid)
        return _("process {pid}: {command}").format(pid=pid, command=" ".join(process.cmdline())[:120])
    except psutil.Error:
        return _("a process that this user may not see")


def _can_bind(probe: socket.socket, host: str, port: int) -> bool:
    try:
        probe.bind((host, port))
    except OSError:
        return False
    return True


def _start_all(settings: Settings, running: dict[str, subprocess.Popen[bytes]]) -> None:
    for part in parts(settings):
        running[part.name] = _start(settings, part)
    for part in parts(settings):
        _wait_until_ready(part, running[part.name], log=_log_of(settings, part))
        click.echo(f"  {part.name:<9} {part.address}")


def _start(settings: Settings, part: Part) -> subprocess.Popen[bytes]:
    path = _log_of(settings, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        # A session of its own: Ctrl-C reaches the parts through us, in order, and not all at once.
        command = [sys.executable, "-m", part.module]
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


def _log_of(settings: Settings, part: Part) -> Path:
    return settings.home / "logs" / f"{part.name}.log"


def _wait_until_ready(part: Part, process: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while part.ready and not _answers(part.ready):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(
                _("The {part} did not start").format(part=part.name), hint=_("Read {log}.").format(log=log)
            )
        _pause(process)


def _pause(process: subprocess.Popen[bytes]) -> None:
    """A moment, cut short by the end of the process."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=POLL_SECONDS)


def _answers(url: str) -> bool:
    import httpx

    try:
        return http_client().get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def _demonstrate(settings: Settings) -> None:
    """Walks the chain. When a step is refused the portal stays up, so that one can look at why."""
    from app.demonstration.run import run_demonstration

    try:
        run_demonstration(settings)
    except PortalError as refusal:
        click.echo(f"{refusal.message}. {refusal.hint}", err=True)
        click.echo(_("The demonstration stops here; `causeway demo` goes on with it."), err=True)


def _say_what_next(settings: Settings) -> None:
    click.echo(_("\nOpen {address} and choose who to be. Ctrl-C stops everything.").format(address=settings.address))


def _keep_running(settings: Settings, running: dict[str, subprocess.Popen[bytes]]) -> int:
    """Starts again what has ended; gives up when that happens too often to be chance."""
    endings: list[float] = []
    for part in cycle(parts(settings)):
        _pause(running[part.name])
        if running[part.name].poll() is None:
            continue
        now = time.monotonic()
        endings = [*(moment for moment in endings if moment > now - 60), now]
        log = _log_of(settings, part)
        if len(endings) > MOST_RESTARTS:
            raise Unavailable(
                _("The {part} keeps ending").format(part=part.name), hint=_("Read {log}.").format(log=log)
            )
        click.echo(_("The {part} has ended and is started again; see {log}.").format(part=part.name, log=log))
        running[part.name] = _start(settings, part)
    return 0


def _stop_all(settings: Settings, running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Stops the parts, then the jobs, model servers and proxies that outlive them on purpose."""
    for process in running.values():
        process.terminate()
    for process in running.values():
        _end(process)
    import psutil

    processes = list(processes_of(settings.home))
    for process in processes:
        process.terminate()
    _gone, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def processes_of(home: Path) -> "Iterator[psutil.Process]":
    """Processes of this installation: our modules and the proxy, started on a folder below its home."""
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        is_ours = any(word.startswith("core.") for word in command) or "envoy" in Path((command or [""])[0]).name
        if is_ours and any(f"{home}/" in word for word in command):
            yield process


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
