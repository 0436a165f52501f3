"""Fifty writers at a database that somebody else holds locked, while others read and ask for the portal's health and
for predictions: what each of them waits for, and that what was acknowledged is there afterwards.

scripts/long locked_database [--seconds 60] [--writers 50]
"""

import argparse
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from core.portal import Portal
from tests.e2e.installation import Running, installation
from tests.long.asking import SECONDS, Answers, Ask, Asking, question
from tests.registry.onnx_files import register_tiny
from tests.serving.running import DISTANCE, ROW, answering, route_to, settled, ticket_header

EVERY = 0.1
TITLE = "Written {writer} {number}"
WRITE = "/api/v1/requirements/create_requirement"


@contextmanager
def locked(portal: Portal) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    holder = sqlite3.connect(portal.foundation.settings.home / "causeway.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


class Writers:
    """Each writes one thing after the other, and goes on at once after an answer or a refusal."""

    def __init__(self, running: Running, *, headers: dict[str, str], count: int) -> None:
        self.answers = Answers("writers")
        self.acknowledged: list[str] = []
        self._ended = threading.Event()
        self._address, self._headers = running.address, headers
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
            while not self._ended.is_set():
                number += 1
                self._write_once(client, TITLE.format(writer=writer, number=number))

    def _write_once(self, client: httpx.Client, title: str) -> None:
        answer = self.answers.ask(client, question(WRITE, method="POST", json=requirement(title)))
        if answer is not None and answer.is_success:
            self.acknowledged.append(answer.json()["id"])
        else:
            # Longer than a client that does not wait at all, far shorter than one that does as it is told.
            self._ended.wait(0.5)


def requirement(title: str) -> dict[str, object]:
    criteria = [{"metric": "auc", "comparison": "at_least", "limit": 0.6}]
    return {"project": "PROJ-1", "title": title, "criteria": criteria}


def questions(running: Running) -> list[tuple[str, Ask]]:
    portal, engineer = running.portal, running.people.engineer
    headers = {"Authorization": f"Bearer {portal.sessions.begin(engineer.person_id)}"}
    version = register_tiny(portal, engineer, model=answering(0.9), features=DISTANCE, rows=50)
    endpoint = portal.endpoints.create_endpoint(engineer, project="PROJ-1", name="late", environment="staging")
    route_to(portal, endpoint.id, (version, 100))
    url, ticket = settled(portal, endpoint.id).url, ticket_header(portal, engineer, endpoint.id)
    return [
        ("whoami", question("/api/v1/identity/whoami", headers=headers)),
        ("list of datasets", question("/api/v1/lake/list_datasets", headers=headers)),
        ("sign-in page", question("/sign-in")),
        ("page of a visitor", question("/", headers={"Cookie": f"cw_session={headers['Authorization'][7:]}"})),
        ("health/live", question("/health/live")),
        ("health/ready", question("/health/ready")),
        ("prediction", question(f"{url}/predict", method="POST", json={"rows": [ROW]}, headers=ticket)),
    ]


def lost(portal: Portal, acknowledged: list[str]) -> list[str]:
    """What was acknowledged and is not there."""
    with portal.foundation.database.read() as session:
        there = {row[0] for row in session.connection().exec_driver_sql("SELECT id FROM requirements").all()}
    return [requirement_id for requirement_id in acknowledged if requirement_id not in there]


def run(running: Running, *, seconds: float, count: int) -> int:
    secret = running.portal.sessions.begin(running.people.engineer.person_id)
    headers = {"Authorization": f"Bearer {secret}"}
    to_ask = questions(running)
    with (
        Asking(running.address, to_ask, every=EVERY) as asking,
        locked(running.portal),
        Writers(running, headers=headers, count=count) as writers,
    ):
        time.sleep(seconds)
    print(f"{count} writers, locked for {seconds:.0f} s, each question every {EVERY} s")
    for answers in (*asking.answers, writers.answers):
        print(answers.report())
    began = time.monotonic()
    with httpx.Client(base_url=running.address, headers=headers, timeout=SECONDS) as client:
        while not client.post(WRITE, json=requirement("Afterwards")).is_success:
            time.sleep(0.05)
    missing = lost(running.portal, writers.acknowledged)
    print(f"written again {time.monotonic() - began:.2f} s after the lock was gone; {len(missing)} lost")
    return 1 if missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--writers", type=int, default=50)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, installation(Path(folder) / "home") as running:
        return run(running, seconds=options.seconds, count=options.writers)


if __name__ == "__main__":
    raise SystemExit(main())
