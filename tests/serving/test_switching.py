"""L07 in small: versions change places under load, and nobody notices but by the answer."""

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core.serving.values import Endpoint
from tests.compute.running import wait_until
from tests.http import web
from tests.serving.running import ROW, Stage, stage_in

SWITCHES = 20
CALLERS = 3
BODY = json.dumps({"rows": [ROW]})


@dataclass
class Load:
    """Callers that never pause. `seen` are the versions that answered, `wrong` whatever should not have happened."""

    endpoint: Endpoint
    headers: dict[str, str]
    expected: dict[str, float]
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    # From when on only this version may answer what is asked.
    only: tuple[float, str] = (float("inf"), "")
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self) -> None:
        url = httpx.URL(self.endpoint.url)
        connection = http.client.HTTPConnection(url.host, url.port, timeout=10)
        while not self.stop.is_set():
            since, version = self.only
            sent = time.monotonic()
            connection.request("POST", f"{url.path}/predict", BODY, self.headers)
            response = connection.getresponse()
            self._judge(response, response.read(), expected=version if sent >= since else "")
        connection.close()

    def _judge(self, response: http.client.HTTPResponse, body: bytes, *, expected: str) -> None:
        version = response.getheader("x-causeway-version", "")
        self.seen[version] += 1
        answered = json.loads(body)["predictions"][0]["probability"] if response.status == 200 else None
        if answered is None or abs(answered - self.expected[version]) > 1e-9:
            self.wrong.append(f"{response.status} {version} {body[:80]!r}")
        if expected and version != expected:
            self.wrong.append(f"{version} after the switch to {expected}")


def test_l07_versions_change_places_under_load_and_no_request_is_lost(tmp_path: Path) -> None:
    with stage_in(tmp_path / "home") as stage:
        endpoint = stage.endpoint("busy", stage.low)
        load = Load(endpoint, stage.ticket(endpoint), {stage.low.id: 0.1, stage.high.id: 0.9})
        callers = [threading.Thread(target=load.call) for _number in range(CALLERS)]
        for caller in callers:
            caller.start()
        try:
            switch(stage, endpoint, load)
        finally:
            load.stop.set()
            for caller in callers:
                caller.join()
    assert load.wrong == []
    assert min(load.seen.values()) > 50


def test_f44_a_gateway_that_stops_breaks_off_no_request(tmp_path: Path) -> None:
    """Its callers heed its readiness, as a balancer does for them."""
    with stage_in(tmp_path / "home") as stage:
        endpoint = stage.endpoint("stopping", stage.low)
        load = Load(endpoint, stage.ticket(endpoint), {stage.low.id: 0.1})
        callers = [threading.Thread(target=load.call) for _number in range(CALLERS)]
        for caller in callers:
            caller.start()
        wait_until(lambda: load.seen[stage.low.id] > 100, what="some load")
        stage.gateway.stop()
        probe = httpx.URL(endpoint.url).copy_with(path="/healthz")
        wait_until(lambda: web.get(probe).status_code == 503, what="the end of its readiness")
        load.stop.set()
        for caller in callers:
            caller.join()
    assert load.wrong == []


def switch(stage: Stage, endpoint: Endpoint, load: Load) -> None:
    for number in range(SWITCHES):
        version = (stage.high, stage.low)[number % 2]
        load.only = (float("inf"), "")
        assert stage.serve(endpoint.id, (version, 100)).actual == {version.id: 100}
        load.only = (time.monotonic(), version.id)
        before = load.seen[version.id]
        while load.seen[version.id] < before + 20:
            time.sleep(0.001)


def test_shares_move_step_by_step_under_load_and_no_request_is_lost(tmp_path: Path) -> None:
    """A rollout and its rollback: each step changes the arms that a version may fall back to."""
    with stage_in(tmp_path / "home", linger_seconds=0.0) as stage:
        endpoint = stage.endpoint("stepping", stage.low)
        load = Load(endpoint, stage.ticket(endpoint), {stage.low.id: 0.1, stage.high.id: 0.9})
        caller = threading.Thread(target=load.call)
        caller.start()
        try:
            for share in (10, 50, 100, 0, 50):
                stage.serve(endpoint.id, (stage.high, share), (stage.low, 100 - share))
        finally:
            load.stop.set()
            caller.join()
    assert load.wrong == []
    assert set(load.seen) == {stage.low.id, stage.high.id}
