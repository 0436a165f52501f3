"""What the long runs share: an installation that `causeway up` keeps going, a version that answers, writers that keep
what was acknowledged to them, and what must hold afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from core.foundation.actors import Actor
from core.foundation.migrations import migrate
from core.foundation.settings import Settings
from core.portal import build_portal
from tests.e2e.installation import Running, answers, end_the_rest, free_port, log_of, process, wait_for
from tests.installed import enroll
from tests.long.asking import SECONDS, Answers, Ask, question
from tests.registry.onnx_files import register_tiny
from tests.serving.running import DISTANCE, ROW, answering, route_to, settled

WRITE = "/api/v1/requirements/create_requirement"
MINUTES = 60
UP = "app.cli.commands"


@contextmanager
def supervised(home: Path, *, least_free_mb: int = 500) -> Iterator[Running]:
    """Portal, worker and gateway under `causeway up`, with the people of the tests."""
    ports = {"portal_port": free_port(), "gateway_port": free_port(), "gateway_admin_port": free_port()}
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.toml").write_text(f"least_free_mb = {least_free_mb}\n")
    settings = Settings(home=home, least_free_mb=least_free_mb, **ports)  # type: ignore[arg-type]
    portal = build_portal(settings)
    migrate(portal.foundation.database)
    people = enroll(portal)
    with ExitStack() as ending:
        ending.callback(portal.foundation.database.close)
        ending.callback(end_the_rest, home)
        up = ending.enter_context(process(settings, UP, "up", "--empty"))
        wait_for(lambda: answers(f"{settings.address}/health"), up, log_of(home, UP))
        wait_for(lambda: gateway_is_ready(settings), up, log_of(home, UP))
        yield Running(settings.address, portal, people)


def gateway_is_ready(settings: Settings) -> bool:
    return answers(f"http://127.0.0.1:{settings.gateway_admin_port}/ready")


def session_headers(running: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.portal.sessions.begin(running.people.engineer.person_id)}"}


def prediction(running: Running, *, shares: tuple[float, ...] = (0.9,)) -> Ask:
    """A question to an endpoint that serves versions which answer these probabilities, in equal shares."""
    portal, engineer = running.portal, running.people.engineer
    versions = [register_tiny(portal, engineer, model=answering(share), features=DISTANCE, rows=50) for share in shares]
    endpoint = portal.endpoints.create_endpoint(engineer, project="PROJ-1", name="late", environment="staging")
    route_to(portal, endpoint.id, *((version, 100 // len(versions)) for version in versions))
    url = settled(portal, endpoint.id, seconds=90).url
    # Longer than any run: what records nothing can issue no other one meanwhile.
    ticket = portal.endpoints.issue_test_ticket(engineer, endpoint_id=endpoint.id, minutes=MINUTES)
    headers = {"Authorization": f"Bearer {ticket.token}"}
    return question(f"{url}/predict", method="POST", json={"rows": [ROW]}, headers=headers)


def reads(running: Running, headers: dict[str, str]) -> list[tuple[str, Ask]]:
    """What people and operators ask without changing anything."""
    cookie = {"Cookie": f"cw_session={headers['Authorization'].partition(' ')[2]}"}
    return [
        ("whoami", question("/api/v1/identity/whoami", headers=headers)),
        ("list of datasets", question("/api/v1/lake/list_datasets", headers=headers)),
        ("sign-in page", question("/sign-in")),
        ("page of a visitor", question("/", headers=cookie)),
        ("health/live", question("/health/live")),
        ("health/ready", question("/health/ready")),
    ]


def requirement(title: str) -> dict[str, Any]:
    criteria = [{"metric": "auc", "comparison": "at_least", "limit": 0.6}]
    return {"project": "PROJ-1", "title": title, "criteria": criteria}


class Writers:
    """Each writes one thing after the other, with a pause between them."""

    def __init__(self, running: Running, *, count: int, pause: float) -> None:
        self.answers = Answers("writers")
        self.acknowledged: list[str] = []
        self._ended = threading.Event()
        self._address, self._headers, self._pause = running.address, session_headers(running), pause
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        number = 0
        with httpx.Client(base_url=self._address, headers=self._headers, timeout=SECONDS) as client:
            while not self._ended.wait(self._pause):
                number += 1
                self._write_once(client, f"Written {writer} {number}")

    def _write_once(self, client: httpx.Client, title: str) -> None:
        answer = self.answers.ask(client, question(WRITE, method="POST", json=requirement(title)))
        if answer is not None and answer.is_success:
            self.acknowledged.append(answer.json()["id"])


def seconds_until(condition: Callable[[], bool], *, most: float = 300.0) -> float:
    """How long it took; AssertionError where it never came true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < most, "it never came true"
        time.sleep(0.05)
    return time.monotonic() - began


def wrong_afterwards(running: Running, acknowledged: list[str]) -> list[str]:
    """What was lost, torn or left behind; nothing where all is well."""
    portal, home = running.portal, running.portal.foundation.settings.home
    with portal.foundation.database.read() as session:
        there = {row[0] for row in session.connection().exec_driver_sql("SELECT id FROM requirements").all()}
    wrong = [f"{written} was acknowledged and is lost" for written in acknowledged if written not in there]
    wrong += [f"audit: {problem}" for problem in portal.audit.verify(Actor.system("test")).problems]
    report = portal.store_verification.verify(Actor.system("test"))
    wrong += [f"store: {problem}" for problem in (*report.damaged, *report.problems)]
    wrong += [f"half-written: {path}" for path in sorted((home / "store" / "incoming").glob("*"))]
    return wrong + [f"half-written: {path}" for path in sorted((home / "gateway").rglob(".*.????????????"))]
