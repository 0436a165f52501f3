"""`causeway up`: portal, worker and gateway on this machine, started together and stopped together."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from app.cli.supervision import STOP_SECONDS, Part, PartProcess, Supervisor
from core.client.transport import http_client
from core.foundation.errors import Conflict, PortalError, Unavailable
from core.foundation.settings import Settings
from core.foundation.text import _

if TYPE_CHECKING:
    import psutil

START_SECONDS = 60
POLL_SECONDS = 0.2


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
    supervisor = Supervisor(settings.home, parts(settings))
    try:
        _start_all(supervisor)
        if with_demonstration:
            _demonstrate(settings)
        _say_what_next(settings)
        _keep_running(supervisor)
    except KeyboardInterrupt:
        click.echo("")
    finally:
        supervisor.stop()
        _stop_the_rest(settings.home)
    return 0


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


def _start_all(supervisor: Supervisor) -> None:
    """One that does not come up takes none of the others down: it is started again until it does."""
    supervisor.look(time.monotonic())
    for process in supervisor.processes:
        if _becomes_ready(supervisor, process):
            click.echo(f"  {process.part.name:<9} {process.part.address}")
        else:
            words = _("  {part:<9} does not answer yet and is started again until it does; see {log}")
            click.echo(words.format(part=process.part.name, log=process.log))


def _becomes_ready(supervisor: Supervisor, process: PartProcess) -> bool:
    """Waits until it answers, ends, or has had its time."""
    deadline = time.monotonic() + START_SECONDS
    while process.part.ready and not _answers(process.part.ready):
        supervisor.look(time.monotonic())
        if process.endings or time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _answers(url: str) -> bool:
    import httpx

    try:
        return http_client().get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def expect_portal(settings: Settings) -> None:
    """Unavailable where no portal of this machine answers."""
    if not _answers(f"{settings.address}/health"):
        raise Unavailable(
            _("No portal answers at {address}").format(address=settings.address),
            hint=_("Start it with `causeway up --empty`, in another terminal."),
        )


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


def _keep_running(supervisor: Supervisor) -> NoReturn:
    """Starts again what has ended, for ever."""
    while True:
        supervisor.look(time.monotonic())
        time.sleep(POLL_SECONDS)


def _stop_the_rest(home: Path) -> None:
    """Stops the jobs, model servers and proxies that outlive the parts on purpose, and a part that was being started
    when somebody pressed Ctrl-C, which nobody holds."""
    import psutil

    processes = {*processes_of(home), *psutil.Process().children()}
    for process in processes:
        process.terminate()
    _gone, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()


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
