"""The model servers of this machine: one process for each version that an endpoint needs. Started, found again,
started anew when they end, and stopped when no endpoint needs them."""

import logging
import shutil
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from core.compute.folders import write_if_changed
from core.compute.own_files import read_own
from core.foundation.text import _
from core.serving.gateway.daemons import Daemon, end_all
from core.serving.server_spec import READY_FILE, REFUSED_FILE, SOCKET_FILE, SPEC_FILE, ServerSpec
from core.serving.values import Server

MODULE = "core.serving.model_server.process"
logger = logging.getLogger(__name__)
State = Literal["starting", "ready", "unresponsive", "draining", "stopped", "refused"]
FIRST_PAUSE, LONGEST_PAUSE, REFUSED_PAUSE = 0.25, 4.0, 15.0
# After so many starts in a row of which none became ready, a server rests: each start takes what others need.
MOST_FAILURES, FIRST_REST, LONGEST_REST = 5, 60.0, 600.0
STOP_SECONDS = 30.0
# Envoy believes two health checks in a row; so long it takes until it says whether a server answers again.
UNBELIEVED_SECONDS = 1.5


def server_name(spec: ServerSpec) -> str:
    """The name of a server's folder and cluster: no two endpoints share a server, and no two versions do. It has no
    dot, which would part the names of Envoy's figures, and says in its parts what they are figures of."""
    return f"{spec.endpoint}_{spec.version}_{spec.version_id}"


def version_of(name: str) -> str:
    """The id of the version that a server of this name serves."""
    return name.rpartition("_")[2]


@dataclass
class ModelServer:
    """One server. Times are seconds of the monotonic clock; `failures` counts the deaths since it was last ready,
    `silent_since` is when it was first seen to answer no health check, and `fault` why it had to be ended."""

    spec: ServerSpec
    folder: Path
    daemon: Daemon
    started_at: datetime
    clock: Callable[[], float] = time.monotonic
    begun: float = field(init=False)
    next_start: float = 0.0
    failures: int = 0
    stopping: bool = False
    cause: str = ""
    fault: str = ""
    silent_since: float | None = None
    rests_until: datetime | None = None

    def __post_init__(self) -> None:
        self.begun = self.clock()

    @property
    def state(self) -> State:
        if self.stopping:
            return "draining" if self.daemon.is_alive() else "stopped"
        if self.rests_until or (self.folder / REFUSED_FILE).exists():
            return "refused"
        if not self.is_started:
            return "starting"
        return "unresponsive" if self.silent_for() > UNBELIEVED_SECONDS else "ready"

    @property
    def is_started(self) -> bool:
        """Whether it has loaded its model and listens."""
        return self.daemon.is_alive() and self._says_ready()

    def silent_for(self) -> float:
        """For how many seconds it has answered no health check."""
        return 0.0 if self.silent_since is None else self.clock() - self.silent_since

    def try_again(self) -> None:
        """What it failed at may have been put right: it starts now, and is given as much time as a new one."""
        self.next_start, self.failures, self.rests_until = self.clock(), 0, None

    def start(self, *, environment: Mapping[str, str]) -> None:
        """Starts the process anew in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The file that says who was ready stays: the next process writes into it, for which there is always space.
        (self.folder / REFUSED_FILE).unlink(missing_ok=True)
        write_if_changed(self.folder / SPEC_FILE, self.spec.model_dump_json().encode())
        self.daemon.start([sys.executable, "-P", "-m", MODULE, str(self.folder)], environment=environment)
        self.begun, self.started_at = self.clock(), datetime.now(UTC)
        self.fault, self.silent_since, self.rests_until = "", None, None

    def seen(self) -> Server:
        address = f"unix:{self.folder.name}/{SOCKET_FILE}"
        return Server(
            version_id=self.spec.version_id,
            state=self.state,
            address=address,
            cause=self._why(),
            started_at=self.started_at,
            rests_until=self.rests_until,
        )

    def _why(self) -> str:
        return {"ready": "", "unresponsive": _("The model server does not answer")}.get(self.state, self.cause)

    def _says_ready(self) -> bool:
        who = self.daemon.identity
        file = self.folder / READY_FILE
        return who is not None and file.exists() and file.read_text() == str(who.pid)


@dataclass(frozen=True)
class Patience:
    """How long a server may take to start, and to answer a health check once it has, in seconds."""

    start: float = 60.0
    answer: float = 10.0


PATIENCE = Patience()


class Fleet:
    """Makes the wanted servers the ones that run."""

    def __init__(
        self,
        root: Path,
        *,
        environment: Mapping[str, str],
        patience: Patience = PATIENCE,
        daemons: Callable[[Path], Daemon] = Daemon,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root, self._environment, self._patience = root, environment, patience
        self._daemons, self._clock = daemons, clock
        self._servers: dict[str, ModelServer] = {}
        # Folders of servers that have lost their spec: those that are wanted go on as they are.
        self._nameless: list[Path] = []
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in sorted(root.iterdir()):
            self._adopt(folder)

    def want(self, specs: Mapping[str, ServerSpec], *, in_use: frozenset[str]) -> None:
        """Starts what is missing of the wanted servers, and starts again what has died of those or of the ones in
        use."""
        self._name(specs, in_use)
        for name, spec in specs.items():
            server = self._servers.get(name) or self._add(name, spec)
            if server.spec != spec and server.state == "refused":
                # What it was refused for may have been put right: an admission, a new key.
                server.spec = spec
                server.try_again()
        for name in (specs.keys() | in_use) & self._servers.keys():
            # One that was told to stop can no longer be trusted with requests: it ends, and another one takes its
            # place.
            if not self._servers[name].stopping:
                self._keep_alive(self._servers[name])

    def try_again(self, names: Collection[str]) -> None:
        """Somebody wants these servers anew: those that failed do not wait for their turn."""
        for name in names:
            if name in self._servers and self._servers[name].state == "refused":
                self._servers[name].try_again()

    def hear(self, silent: Collection[str]) -> None:
        """Takes in which servers answer no health check."""
        now = self._clock()
        for name, server in self._servers.items():
            is_silent = name in silent and server.is_started
            server.silent_since = (server.silent_since or now) if is_silent else None

    def servers_of(self, endpoint_id: str) -> tuple[Server, ...]:
        servers = (server for server in self._servers.values() if server.spec.endpoint_id == endpoint_id)
        return tuple(sorted((server.seen() for server in servers), key=lambda server: server.version_id))

    def ready(self) -> frozenset[str]:
        return frozenset(name for name, server in self._servers.items() if server.state == "ready")

    def names(self) -> frozenset[str]:
        return frozenset(self._servers)

    def retire(self, name: str) -> None:
        """Ends a server that no endpoint needs, without waiting for it; `bury` removes it once it is gone."""
        server = self._servers[name]
        if not server.stopping:
            server.stopping, server.begun = True, self._clock()
            server.daemon.terminate()
        elif self._clock() - server.begun > STOP_SECONDS:
            server.daemon.kill()

    def bury(self) -> None:
        """Forgets the servers that have ended as they should, with their folders."""
        for name, server in tuple(self._servers.items()):
            if server.state == "stopped":
                shutil.rmtree(server.folder, ignore_errors=True)
                del self._servers[name]

    def stop(self) -> None:
        """Ends all of them and waits for it."""
        for server in self._servers.values():
            server.stopping = True
        end_all([server.daemon for server in self._servers.values()], seconds=STOP_SECONDS)

    def _add(self, name: str, spec: ServerSpec) -> ModelServer:
        folder = self.root / name
        daemon, now = self._daemons(folder), datetime.now(UTC)
        server = ModelServer(spec=spec, folder=folder, daemon=daemon, started_at=now, clock=self._clock)
        self._servers[name] = server
        return server

    def _adopt(self, folder: Path) -> None:
        """A server that another gateway has left, alive or not."""
        spec = read_own(folder / SPEC_FILE, ServerSpec)
        if spec is not None:
            self._add(folder.name, spec)
        else:
            self._nameless.append(folder)

    def _name(self, specs: Mapping[str, ServerSpec], in_use: frozenset[str]) -> None:
        """Takes on those of the nameless that are wanted, and ends those that nobody needs."""
        for folder in self._nameless:
            if (spec := specs.get(folder.name)) is not None:
                write_if_changed(folder / SPEC_FILE, spec.model_dump_json().encode())
                self._add(folder.name, spec)
            elif folder.name not in in_use:
                self._daemons(folder).kill()
                shutil.rmtree(folder, ignore_errors=True)
        self._nameless = [folder for folder in self._nameless if folder.exists() and folder.name not in self._servers]

    def _keep_alive(self, server: ModelServer) -> None:
        now = self._clock()
        if server.state == "ready":
            server.failures, server.cause = 0, ""
        elif server.daemon.is_alive():
            self._end_if_stuck(server)
        elif not server.next_start:
            self._note_death(server, now)
        elif now >= server.next_start:
            server.start(environment=self._environment)
            server.next_start = 0.0

    def _note_death(self, server: ModelServer, now: float) -> None:
        """Decides when it starts again: at once for the first time, then after longer and longer pauses."""
        refused, has_run = server.folder / REFUSED_FILE, (server.folder / SPEC_FILE).exists()
        server.failures += has_run
        ended = _("The model server has ended and is started again") if has_run else ""
        server.cause = refused.read_text() if refused.exists() else server.fault or ended
        if server.failures >= MOST_FAILURES:
            self._rest(server, now)
        elif refused.exists():
            server.next_start = now + REFUSED_PAUSE
        else:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**server.failures) if server.failures > 1 else 0.0
            server.next_start = now + pause or now

    def _rest(self, server: ModelServer, now: float) -> None:
        seconds = min(LONGEST_REST, FIRST_REST * 2 ** (server.failures - MOST_FAILURES))
        server.next_start, server.rests_until = now + seconds, datetime.now(UTC) + timedelta(seconds=seconds)
        words = _("{cause}. {n} starts failed; it rests until {time} UTC, or until it is deployed again")
        server.cause = words.format(
            cause=server.cause.rstrip("."), n=server.failures, time=f"{server.rests_until:%H:%M:%S}"
        )

    def _end_if_stuck(self, server: ModelServer) -> None:
        """Ends a server that does not become ready, or does not answer any more. Another one takes its place."""
        if server.is_started and server.silent_for() > self._patience.answer:
            server.fault = _("The model server did not answer for {seconds} s").format(
                seconds=f"{self._patience.answer:g}"
            )
        elif not server.is_started and self._clock() - server.begun > self._patience.start:
            words = _("The model server did not become ready in {seconds} s")
            server.fault = words.format(seconds=f"{self._patience.start:g}")
        else:
            return
        logger.warning("%s", server.fault, extra={"server": server.folder.name})
        server.cause = server.fault
        server.daemon.kill()
