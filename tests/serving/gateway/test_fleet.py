"""When model servers are started, found silent, replaced and given up for a while; with processes that only seem to
run and a clock that the test moves, and once with real ones."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core.foundation.storage import Store
from core.serving.gateway.fleet import LONGEST_REST, MOST_FAILURES, Fleet, Patience, server_name
from core.serving.server_spec import READY_FILE, REFUSED_FILE, ServerSpec
from core.serving.values import Server
from tests.compute.running import wait_until
from tests.http import web
from tests.registry.attack_models import endless_when_asked
from tests.registry.onnx_files import register_tiny, tiny_model
from tests.serving.running import DISTANCE, ROW, endpoint_now, settled, spec_of, stage_in
from tests.serving.test_gateway import server_process


class Process:
    """A model server that does as it is told; it counts how often it was started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.identity, self.starts = folder, SimpleNamespace(pid=os.getpid()), 0
        self.alive = False
        self.is_ready_at_once, self.refusal = True, ""

    def start(self, _command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        self.alive, self.starts = not self.refusal, self.starts + 1
        if self.refusal:
            (self.folder / REFUSED_FILE).write_text(self.refusal)
        elif self.is_ready_at_once:
            (self.folder / READY_FILE).write_text(str(self.identity.pid))

    def is_alive(self) -> bool:
        return self.alive

    def terminate(self) -> None:
        self.alive = False

    kill = terminate


class Scene:
    """A fleet of one server, and the time."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_000.0
        self.processes: list[Process] = []
        self.spec = spec_of(Store(folder / "store"), model=tiny_model(), online=folder / "online")
        self.name = server_name(self.spec)
        self.fleet = Fleet(
            folder / "servers",
            environment={},
            patience=Patience(start=60, answer=10),
            daemons=self._process,  # type: ignore[arg-type]
            clock=lambda: self.now,
        )
        self.look()

    @property
    def process(self) -> Process:
        return self.processes[0]

    @property
    def server(self) -> Server:
        return self.fleet.servers_of("EP-1")[0]

    def look(self, *, seconds: float = 0.0, silent: bool = False, spec: ServerSpec | None = None) -> Server:
        """What is seen `seconds` later, at a look each second."""
        for _second in range(max(1, int(seconds))):
            self.now += seconds and 1
            self.fleet.hear([self.name] if silent else [])
            # A death is noticed at one look, and the start follows at the next.
            for _turn in range(2):
                self.fleet.want({self.name: spec or self.spec}, in_use=frozenset())
        return self.server

    def _process(self, folder: Path) -> Any:
        self.processes.append(Process(folder))
        return self.processes[-1]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_server_that_listens_and_answers_is_ready(scene: Scene) -> None:
    assert (scene.look().state, scene.server.cause) == ("ready", "")
    assert scene.fleet.ready() == {scene.name}


def test_a_server_that_does_not_answer_is_not_ready_and_is_replaced(scene: Scene) -> None:
    assert scene.look(seconds=1, silent=True).state == "ready"
    seen = scene.look(seconds=3, silent=True)
    assert (seen.state, seen.cause) == ("unresponsive", "The model server does not answer")
    assert scene.fleet.ready() == frozenset()
    assert scene.process.starts == 1
    scene.look(seconds=9, silent=True)
    assert scene.process.starts == 2
    assert (scene.look().state, scene.server.cause) == ("ready", "")


def test_a_server_that_answers_again_in_time_is_left_alone(scene: Scene) -> None:
    for _time in range(5):
        assert scene.look(seconds=9, silent=True).state == "unresponsive"
        assert scene.look(seconds=1).state == "ready"
    assert scene.process.starts == 1


def test_while_it_loads_nobody_expects_an_answer(scene: Scene) -> None:
    scene.process.is_ready_at_once, scene.process.alive = False, False
    (scene.process.folder / READY_FILE).unlink()
    seen = scene.look(seconds=50, silent=True)
    assert (seen.state, scene.process.starts) == ("starting", 2)
    assert scene.look(seconds=15, silent=True).cause == "The model server did not become ready in 60 s"


def test_after_starts_that_fail_it_rests_and_says_why_and_until_when(scene: Scene) -> None:
    scene.process.refusal, scene.process.alive = "The model needs more memory than a model server may use", False
    scene.look(seconds=75)
    seen = scene.look()
    assert (seen.state, scene.process.starts) == ("refused", MOST_FAILURES)
    assert seen.rests_until is not None
    assert seen.cause == (
        f"{scene.process.refusal}. {MOST_FAILURES} starts failed; it rests until {seen.rests_until:%H:%M:%S} UTC, or "
        "until it is deployed again"
    )
    scene.look(seconds=LONGEST_REST * 4)
    assert scene.process.starts == MOST_FAILURES + 6


def test_a_server_that_rests_starts_at_once_when_somebody_wants_it_anew(scene: Scene) -> None:
    scene.process.refusal, scene.process.alive = "no", False
    scene.look(seconds=75)
    scene.process.refusal = ""
    assert scene.look().state == "refused"
    scene.fleet.try_again([scene.name, "another"])
    assert (scene.look().state, scene.server.rests_until) == ("ready", None)
    scene.process.refusal, scene.process.alive = "no", False
    scene.look(seconds=75)
    scene.process.refusal = ""
    assert scene.look(spec=scene.spec.model_copy(update={"public_key": "00"})).state == "ready"


def test_a_model_server_that_answers_nothing_is_not_ready_and_is_replaced(tmp_path: Path) -> None:
    """One request makes it turn for ever, which it was not tried with."""
    with stage_in(tmp_path / "home", model_server_answer_seconds=0.5) as stage:
        looping = register_tiny(
            stage.portal, stage.people.engineer, model=endless_when_asked(features=DISTANCE), features=DISTANCE, rows=50
        )
        endpoint = stage.endpoint("looping", looping)
        victim = server_process(stage, endpoint)
        far = {"rows": [{**ROW, "distance": 2_000.0}]}
        with pytest.raises(httpx.TimeoutException):
            web.post(f"{endpoint.url}/predict", json=far, headers=stage.ticket(endpoint), timeout=0.1)
        wait_until(lambda: not endpoint_now(stage.portal, endpoint.id).settled, what="word of its silence")
        (server,) = endpoint_now(stage.portal, endpoint.id).servers
        assert server.state in ("unresponsive", "starting")
        assert "not answer" in server.cause
        assert settled(stage.portal, endpoint.id).cause == ""
        assert stage.ask(endpoint).status_code == 200
        assert server_process(stage, endpoint).pid != victim.pid
