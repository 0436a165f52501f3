"""The model servers of this machine: one process for each version that an endpoint needs. Started, found again,
started anew when they end, and stopped when no endpoint needs them."""

import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.compute.folders import write_if_changed
from core.compute.own_files import read_own
from core.foundation.text import _
from core.serving.gateway.daemons import Daemon, end_all
from core.serving.server_spec import READY_FILE, REFUSED_FILE, SOCKET_FILE, SPEC_FILE, ServerSpec
from core.serving.values import Server

MODULE = "core.serving.model_server.process"
State = Literal["starting", "ready", "draining", "stopped", "refused"]
FIRST_PAUSE, LONGEST_PAUSE, REFUSED_PAUSE = 0.25, 4.0, 15.0
START_SECONDS, STOP_SECONDS = 60.0, 30.0


def server_name(spec: ServerSpec) -> str:
    """The name of a server's folder and cluster: no two endpoints share a server, and no two versions do. It has no
    dot, which would part the names of Envoy's figures, and says in its parts what they are figures of."""
    return f"{spec.endpoint}_{spec.version}_{spec.version_id}"


def version_of(name: str) -> str:
    """The id of the version that a server of this name serves."""
    return name.rpartition("_")[2]


@dataclass
class ModelServer:
    """One server. Times are seconds of the monotonic clock; `failures` counts the deaths since it was last ready."""

    spec: ServerSpec
    folder: Path
    daemon: Daemon
    started_at: datetime
    begun: float = field(default_factory=time.monotonic)
    next_start: float = 0.0
    failures: int = 0
    stopping: bool = False
    cause: str = ""

    @property
    def state(self) -> State:
        if self.stopping:
            return "draining" if self.daemon.is_alive() else "stopped"
        if (self.folder / REFUSED_FILE).exists():
            return "refused"
        return "ready" if self.daemon.is_alive() and self._says_ready() else "starting"

    def start(self, *, environment: Mapping[str, str]) -> None:
        """Starts the process anew in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (READY_FILE, REFUSED_FILE):
            (self.folder / name).unlink(missing_ok=True)
        write_if_changed(self.folder / SPEC_FILE, self.spec.model_dump_json().encode())
        self.daemon.start([sys.executable, "-P", "-m", MODULE, str(self.folder)], environment=environment)
        self.begun, self.started_at = time.monotonic(), datetime.now(UTC)

    def seen(self) -> Server:
        address = f"unix:{self.folder.name}/{SOCKET_FILE}"
        return Server(
            version_id=self.spec.version_id,
            state=self.state,
            address=address,
            cause=self._why(),
            started_at=self.started_at,
        )

    def _why(self) -> str:
        return self.cause if self.state != "ready" else ""

    def _says_ready(self) -> bool:
        who = self.daemon.identity
        file = self.folder / READY_FILE
        return who is not None and file.exists() and file.read_text() == str(who.pid)


class Fleet:
    """Makes the wanted servers the ones that run."""

    def __init__(self, root: Path, *, environment: Mapping[str, str]) -> None:
        self.root, self._environment = root, environment
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
                server.spec, server.next_start = spec, 0.0
        for name in (specs.keys() | in_use) & self._servers.keys():
            # One that was told to stop can no longer be trusted with requests: it ends, and another one takes its
            # place.
            if not self._servers[name].stopping:
                self._keep_alive(self._servers[name])

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
            server.stopping, server.begun = True, time.monotonic()
            server.daemon.terminate()
        elif time.monotonic() - server.begun > STOP_SECONDS:
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
        server = ModelServer(spec=spec, folder=folder, daemon=Daemon(folder), started_at=datetime.now(UTC))
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
                Daemon(folder).kill()
                shutil.rmtree(folder, ignore_errors=True)
        self._nameless = [folder for folder in self._nameless if folder.exists() and folder.name not in self._servers]

    def _keep_alive(self, server: ModelServer) -> None:
        now = time.monotonic()
        if server.state == "ready":
            server.failures, server.cause = 0, ""
        elif server.daemon.is_alive():
            self._end_if_stuck(server, now)
        elif not server.next_start:
            self._note_death(server, now)
        elif now >= server.next_start:
            server.start(environment=self._environment)
            server.next_start = 0.0

    def _note_death(self, server: ModelServer, now: float) -> None:
        """Decides when it starts again: at once for the first time, then after longer and longer pauses."""
        refused = server.folder / REFUSED_FILE
        if refused.exists():
            server.cause = refused.read_text()
            server.next_start = now + REFUSED_PAUSE
            return
        died = (server.folder / SPEC_FILE).exists()
        server.failures += died
        server.cause = _("The model server has ended and is started again") if died else ""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**server.failures) if server.failures > 1 else 0.0
        server.next_start = now + pause or now

    def _end_if_stuck(self, server: ModelServer, now: float) -> None:
        if now - server.begun > START_SECONDS:
            server.cause = _("The model server did not become ready")
            server.daemon.kill()
