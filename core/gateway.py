"""The gateway: Envoy and the model servers behind it. It makes what endpoints are wanted to serve the actual thing,
and reports back. It may be killed at any moment: Envoy and the servers go on, and the next gateway adopts them. When
the database is gone, what was last wanted goes on being served."""

import fcntl
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from core import garbage
from core.compute.folders import write_atomically, write_if_changed
from core.compute.own_files import read_own, set_aside
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, PortalError, Unavailable
from core.foundation.settings import Settings, load_settings
from core.foundation.text import _
from core.foundation.values import Value
from core.portal import build_portal
from core.serving.gateway.config import Listening
from core.serving.gateway.envoy import Envoy
from core.serving.gateway.fleet import Fleet, Patience, server_name, version_of
from core.serving.gateway.traffic import Share, Traffic
from core.serving.plans import EndpointPlan
from core.serving.rows import ADDRESS_FILE
from core.serving.service import EndpointService
from core.serving.tickets import TicketIssuer
from core.serving.values import Server

GATEWAY = Actor.system("gateway")
TICK_SECONDS, RETRY_SECONDS, READY_SECONDS, START_SECONDS = 0.1, 0.5, 0.02, 20.0
# An answer comes in milliseconds; one that takes longer is awaited beside the rounds that follow.
CONFIRM_SECONDS = 0.2
LOOK_SECONDS = 1.0
LINGER_SECONDS, GRACE_SECONDS, DRAIN_SECONDS = 30.0, 1.0, 20.0
PLANS_FILE, LOCK_FILE = "plans.json", "lock"
logger = logging.getLogger(__name__)


class Plans(Value):
    """What was last wanted, for a start without the database."""

    plans: tuple[EndpointPlan, ...] = ()


class Report(Value):
    """What the gateway says about an endpoint: its traffic has reached `generation`, and it is after `wanted`."""

    wanted: int
    generation: int
    actual: dict[str, int]
    servers: tuple[Server, ...]
    cause: str


class Portal(Protocol):
    """What the gateway asks of the portal."""

    def wanted(self) -> tuple[EndpointPlan, ...]: ...

    def confirm(self, endpoint_id: str, *, report: Report) -> None: ...


class PortalOverDatabase:
    """The portal's own actions, as the gateway. What is wanted is read anew only after a commit."""

    def __init__(self, serving: EndpointService) -> None:
        self._serving = serving
        self._read_at = ""
        self._wanted: tuple[EndpointPlan, ...] = ()

    def wanted(self) -> tuple[EndpointPlan, ...]:
        mark = self._serving.foundation.database.mark()
        if mark != self._read_at:
            self._wanted = self._serving.wanted(GATEWAY)
            self._read_at = mark
        return self._wanted

    def confirm(self, endpoint_id: str, *, report: Report) -> None:
        self._serving.confirm(GATEWAY, endpoint_id=endpoint_id, **dict(report))


class Gateway:
    """The loop, until `stop` is called. A version that is no longer needed stays warm for `linger_seconds`, so that
    going back to it takes no start. Envoy has `start_seconds` to say that it is there."""

    def __init__(
        self,
        settings: Settings,
        *,
        portal: Portal,
        linger_seconds: float = LINGER_SECONDS,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.folder = (settings.home / "gateway").resolve()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._settings, self._portal = settings, portal
        self._linger, self._start_seconds = linger_seconds, start_seconds
        self._public_keys = TicketIssuer(settings.home).public_keys()
        self._envoy = Envoy(self.folder, admin_port=settings.gateway_admin_port)
        patience = Patience(start=settings.model_server_start_seconds, answer=settings.model_server_answer_seconds)
        environment = settings.log_environment()
        self._fleet = Fleet(self.folder / "servers", environment=environment, patience=patience)
        self._traffic = Traffic(self._envoy, folder=self.folder, number=time.time_ns() // 1_000_000)
        self._plans_file = self.folder / PLANS_FILE
        self._plans = self._stored = self._last_known()
        self._reported: dict[str, Report] = {}
        self._reporter = ThreadPoolExecutor(1, thread_name_prefix="reports")
        self._confirming: Future[None] | None = None
        self._unneeded: dict[str, float] = {}
        self._stop = threading.Event()
        self._cut_off = self._is_up = False
        self._next_look = 0.0

    def run(self) -> None:
        """Serves until told to stop, then ends Envoy and the servers."""
        try:
            while not self._stop.wait(TICK_SECONDS if self._try_tick() else RETRY_SECONDS):
                pass
        finally:
            self._end()

    def stop(self) -> None:
        self._stop.set()

    def servers_ready(self) -> int:
        """How many model servers are ready."""
        return len(self._fleet.ready())

    def tick(self) -> None:
        """One look at everything, and one step towards what is wanted."""
        if not self._is_up or not self._envoy.daemon.is_alive():
            self._start_envoy()
        before, self._plans = self._plans, self._ask()
        plans = self._plans
        self._fleet.try_again(_wanted_anew(plans, before=before or ()))
        self._listen()
        specs = {server_name(spec): spec for plan in plans for spec in plan.servers}
        needed = specs.keys() | self._traffic.in_use
        self._fleet.want(specs, in_use=self._traffic.in_use)
        leaving = self._leaving_of(frozenset(needed))
        ready = self._fleet.ready()
        self._traffic.move(map(share_of, plans), ready=ready, known=ready - leaving)
        self._retire(leaving - self._traffic.in_use)
        self._report(plans)

    def _listen(self) -> None:
        """Once a second: which servers answer, as Envoy has found on the way that callers take."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            # A proxy that does not answer says nothing about them.
            with suppress(Unavailable):
                self._fleet.hear(self._envoy.silent())

    def _try_tick(self) -> bool:
        """Whether all went well. Whatever did not, callers go on being served as before, and the next tick tries
        again."""
        try:
            self.tick()
        except Unavailable as error:
            logger.warning("%s", error.message)
        except Exception:
            logger.exception("a step failed")
        else:
            return True
        return False

    def _start_envoy(self) -> None:
        """Starts Envoy, or goes on with the one that runs. Unavailable when it does not come up."""
        self._is_up = False
        was_running = self._envoy.daemon.is_alive()
        if not was_running:
            self._traffic.prepare()
            host, port = self._settings.host, self._port()
            admin = self._settings.gateway_admin_port
            listening = Listening(host=host, port=port, admin_port=admin, access_log=self._settings.access_log)
            self._envoy.start(listening, public_keys=self._public_keys)
        deadline = time.monotonic() + self._start_seconds
        while not self._envoy.is_ready() and self._envoy.daemon.is_alive() and time.monotonic() < deadline:
            self._stop.wait(READY_SECONDS)
        if was_running and not self._envoy.is_ready():
            logger.error("Envoy runs and cannot be talked to: it is started anew")
            self._envoy.stop()
        bound_host, port = self._envoy.address()
        write_if_changed(self._settings.home / ADDRESS_FILE, f"http://{bound_host}:{port}".encode())
        self._is_up = True

    def _port(self) -> int:
        """The port of the settings; where that is any, the one that callers know already."""
        file = self._settings.home / ADDRESS_FILE
        if self._settings.gateway_port or not file.exists():
            return self._settings.gateway_port
        try:
            return int(file.read_text().rpartition(":")[2])
        except ValueError:
            set_aside(file)
            return 0

    def _last_known(self) -> tuple[EndpointPlan, ...] | None:
        """None where nothing says so."""
        plans = read_own(self._plans_file, Plans)
        return plans.plans if plans else None

    def _ask(self) -> tuple[EndpointPlan, ...]:
        """What is wanted now; what was last wanted while the database does not answer."""
        try:
            plans = self._portal.wanted()
        except Unavailable:
            self._say_cut_off(True)
            if self._plans is None:
                # Neither the database nor the file says what is wanted: what is served stays as it is.
                raise
            return self._plans
        self._say_cut_off(False)
        if plans != self._stored:
            self._keep(plans)
        return plans

    def _keep(self, plans: tuple[EndpointPlan, ...]) -> None:
        """For a start without the database, which a full disk does not stop from serving what is wanted now."""
        try:
            write_atomically(self._plans_file, Plans(plans=plans).model_dump_json().encode())
            self._stored = plans
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._plans_file.name, error)

    def _say_cut_off(self, cut_off: bool) -> None:
        if cut_off != self._cut_off:
            logger.warning("the database %s", "is gone; serving what was last wanted" if cut_off else "answers again")
            self._cut_off = cut_off

    def _leaving_of(self, needed: frozenset[str]) -> frozenset[str]:
        """The servers that nobody has needed for a while."""
        now = time.monotonic()
        self._unneeded = {name: self._unneeded.get(name, now) for name in self._fleet.names() - needed}
        return frozenset(name for name, since in self._unneeded.items() if now - since >= self._linger)

    def _retire(self, leaving: frozenset[str]) -> None:
        """Ends servers that Envoy no longer sends anything to, once they have answered what they had begun."""
        busy = self._envoy.under_way() if leaving else {}
        too_long = time.monotonic() - self._linger - DRAIN_SECONDS
        for name in leaving:
            if not busy.get(name) or self._unneeded[name] < too_long:
                self._fleet.retire(name)
        self._fleet.bury()

    def _report(self, plans: tuple[EndpointPlan, ...]) -> None:
        """In a thread of its own: whoever holds the database keeps nobody from looking after the servers."""
        reports = {plan.endpoint_id: self._report_on(plan) for plan in plans}
        news = {key: report for key, report in reports.items() if self._reported.get(key) != report}
        if self._confirming is None and news:
            self._confirming = self._reporter.submit(self._confirm, news)
        if self._confirming is not None and wait([self._confirming], timeout=CONFIRM_SECONDS).done:
            confirming, self._confirming = self._confirming, None
            confirming.result()

    def _confirm(self, news: Mapping[str, Report]) -> None:
        for endpoint_id, report in news.items():
            # Without the database the report waits; it is compared again at the next tick.
            with suppress(Unavailable):
                self._portal.confirm(endpoint_id, report=report)
                self._reported[endpoint_id] = report

    def _report_on(self, plan: EndpointPlan) -> Report:
        share = self._traffic.share_of(plan.endpoint_id)
        servers = self._fleet.servers_of(plan.endpoint_id)
        weights = share.weights if share else {}
        return Report(
            wanted=plan.generation,
            generation=share.generation if share else 0,
            actual={version_of(name): weight for name, weight in sorted(weights.items())},
            servers=servers,
            cause=_cause(plan, servers),
        )

    def _end(self) -> None:
        logger.info("stopping")
        with suppress(PortalError):
            self._traffic.say_stopping()
            _wait_while(self._envoy.callers_connected, seconds=GRACE_SECONDS)
            self._envoy.close_doors()
            _wait_while(self._envoy.callers_waiting, seconds=DRAIN_SECONDS)
        self._envoy.stop()
        self._fleet.stop()
        self._reporter.shutdown(cancel_futures=True)


def _wait_while(counted: Callable[[], int], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while counted() and time.monotonic() < deadline:
        time.sleep(READY_SECONDS)


def _wanted_anew(plans: Sequence[EndpointPlan], *, before: Sequence[EndpointPlan]) -> list[str]:
    """The servers of endpoints for which somebody has wanted something since."""
    generations = {plan.endpoint_id: plan.generation for plan in before}
    changed = (plan for plan in plans if generations.get(plan.endpoint_id) != plan.generation)
    return [server_name(spec) for plan in changed for spec in plan.servers]


def share_of(plan: EndpointPlan) -> Share:
    weights = {server_name(spec): plan.weights[spec.version_id] for spec in plan.servers}
    same = plan.model_dump(include={"endpoint_id", "name", "generation", "closed"})
    return Share(**same, weights=weights)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The one gateway of this installation. Conflict while another one runs."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(_("A gateway is running already"), hint=_("Stop it first.")) from error
        yield


def main() -> int:
    """Runs the gateway until SIGTERM or Ctrl-C; returns the exit status."""
    settings = load_settings()
    settings.start_logs("gateway")
    portal = build_portal(settings)
    with alone(settings.home / "gateway"):
        gateway = Gateway(settings, portal=PortalOverDatabase(portal.endpoints))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: gateway.stop())
        garbage.loaded()
        gateway.run()
    return 0


def _cause(plan: EndpointPlan, servers: Sequence[Server]) -> str:
    """Why what is wanted is not served, in words; empty while nothing is wrong."""
    names = {spec.version_id: f"{spec.model} v{spec.version}" for spec in plan.servers}
    wrong = (server for server in servers if server.cause and server.version_id in names)
    return "; ".join(f"{names[server.version_id]}: {server.cause}" for server in wrong)


if __name__ == "__main__":
    sys.exit(main())
