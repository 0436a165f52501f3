"""Moves traffic from what is served to what is wanted, without losing a request. First the new servers are made known
and found healthy, then the weights change, then the answer of the proxy itself says that they are in use, and only
then does what is no longer needed lose its place."""

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from core.compute.folders import write_atomically
from core.compute.own_files import read_own
from core.foundation.errors import Unavailable
from core.foundation.values import Value
from core.serving.gateway.config import CLUSTERS_FILE, ROUTES_FILE, Backend, Exposed, clusters, routes
from core.serving.gateway.envoy import Envoy
from core.serving.server_spec import SOCKET_FILE

STATE_FILE = "traffic.json"
CONFIRM_SECONDS, PAUSE_SECONDS = 2.0, 0.002
logger = logging.getLogger(__name__)


class Share(Value):
    """What an endpoint's callers get: weights by the names of servers, since `generation` of what was wanted;
    `closed` says why it is nothing."""

    endpoint_id: str
    name: str
    generation: int
    weights: dict[str, int]
    closed: str = ""

    def __hash__(self) -> int:
        return hash((self.endpoint_id, self.generation))

    def exposed(self) -> Exposed:
        return Exposed(endpoint_id=self.endpoint_id, name=self.name, weights=self.weights, closed=self.closed)


class State(Value):
    """What the files say; kept beside them, so that the next gateway goes on from there."""

    shares: tuple[Share, ...] = ()


class Traffic:
    """The files that Envoy routes by."""

    def __init__(self, envoy: Envoy, *, folder: Path, number: int) -> None:
        """`number` must be above any that an earlier gateway gave a file: files are told apart by it."""
        self._envoy, self._file, self._number = envoy, folder / STATE_FILE, number
        state = read_own(self._file, State) or State()
        self._shares = {share.endpoint_id: share for share in state.shares}
        self._clusters: tuple[frozenset[str], frozenset[Share]] | None = None

    @property
    def in_use(self) -> frozenset[str]:
        """Names of the servers that callers may reach."""
        return frozenset(name for share in self._shares.values() for name in share.weights)

    def share_of(self, endpoint_id: str) -> Share | None:
        return self._shares.get(endpoint_id)

    def prepare(self) -> None:
        """Writes the files as they were, before Envoy starts. On a full disk those that are there say the same."""
        try:
            self._write_clusters(self.in_use, self._shares.values())
            self._write_routes(self._shares)
        except OSError as error:
            logger.warning("Envoy starts by the files that are there: %s", error)

    def move(self, wanted: Iterable[Share], *, ready: frozenset[str], known: frozenset[str]) -> None:
        """One step towards the wanted shares whose servers are all `ready`; the others stay as they are. Envoy sees the
        servers that are `known` and those in use."""
        able = {share.endpoint_id: share for share in wanted if share.weights.keys() <= ready}
        following = {**self._shares, **able}
        self._write_clusters(known | self.in_use, {*self._shares.values(), *following.values()})
        if following != self._shares and self._are_known(following):
            self._switch(following)

    def _switch(self, following: Mapping[str, Share]) -> None:
        self._write_routes(following)
        deadline = time.monotonic() + CONFIRM_SECONDS
        while self._envoy.routes_in_use() != self._number:
            if time.monotonic() > deadline:
                raise Unavailable("Envoy does not take up the new routes")
            time.sleep(PAUSE_SECONDS)
        before, self._shares = self._shares, dict(following)
        self._keep()
        for share in following.values():
            if (old := before.get(share.endpoint_id)) != share:
                _log_switch(share, before=old.weights if old else {})

    def _are_known(self, following: Mapping[str, Share]) -> bool:
        needed = {name for share in following.values() for name in share.weights} - self.in_use
        return needed <= self._envoy.healthy()

    def _write_clusters(self, names: frozenset[str], shares: Collection[Share]) -> None:
        """Nothing is written when nothing changes: every version of the file makes Envoy look at all of them."""
        written = frozenset(shares)
        if (names, written) == self._clusters:
            return
        self._number += 1
        backends = [Backend(name=name, socket=f"./servers/{name}/{SOCKET_FILE}") for name in sorted(names)]
        exposed = [share.exposed() for share in written]
        self._envoy.write(CLUSTERS_FILE, clusters(backends, exposed=exposed, number=self._number))
        self._clusters = (names, written)

    def say_stopping(self) -> None:
        """Callers that ask whether to come are told not to; those that come all the same are served."""
        self._write_routes(self._shares, stopping=True)

    def _write_routes(self, shares: Mapping[str, Share], *, stopping: bool = False) -> None:
        self._number += 1
        exposed = [share.exposed() for share in shares.values()]
        self._envoy.write(ROUTES_FILE, routes(exposed, number=self._number, stopping=stopping))

    def _keep(self) -> None:
        state = State(shares=tuple(self._shares.values()))
        write_atomically(self._file, state.model_dump_json().encode())


def _log_switch(share: Share, *, before: Mapping[str, int]) -> None:
    fields = {"object": share.endpoint_id, "endpoint": share.name, "generation": share.generation}
    logger.info("traffic switched", extra={**fields, "weights": share.weights, "before": dict(before)})
