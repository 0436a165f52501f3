"""Kills every process of an installation in turn at random while predictions, reads, changes and imports go on: what
was killed how often, how long each was missed, and that nothing is lost that was acknowledged.

scripts/long kills [--seconds 600] [--every 12] [--seed 1]
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
import psutil

from app.cli.processes import processes_of
from core.foundation.actors import Actor
from core.foundation.errors import PortalError
from core.portal import Portal
from tests.e2e.installation import Running
from tests.lake.imports.full_disk import started
from tests.long.asking import SECONDS, Asking
from tests.long.stage import (
    UP,
    WRITE,
    Writers,
    prediction,
    reads,
    requirement,
    seconds_until,
    session_headers,
    supervised,
    wrong_afterwards,
)

EVERY, PAUSE, IMPORT_SECONDS = 0.1, 0.5, 2.0
# What a process of each kind has among the words of its command.
KINDS = {
    "portal": "app.server",
    "worker": "core.worker",
    "gateway": "core.gateway",
    "proxy": "envoy",
    "model server": "core.serving.model_server.process",
    "job": "core.compute.supervisor",
}
OVER = ("confirmed", "failed", "refused", "cancelled")


class Imports(threading.Thread):
    """Begins an import again and again, and keeps the ids of those that were acknowledged."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.refused = Counter[str]()
        self._running, self._ended = running, threading.Event()
        create = running.portal.datasets.create_dataset
        self._dataset = create(running.people.engineer, project="PROJ-1", name="killed").id

    def run(self) -> None:
        rows = 100
        while not self._ended.wait(IMPORT_SECONDS):
            rows += 1
            try:
                begun = started(self._running.portal, self._running.people, self._dataset, rows=rows)
                self.acknowledged.append(begun.id)
            except PortalError as error:
                self.refused[error.message] += 1

    def stop(self) -> None:
        self._ended.set()
        self.join()


def victims(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Every process of the installation but the one that looks after the others, with what it is."""
    (up,) = (child for child in psutil.Process().children() if UP in child.cmdline())
    for process in (*up.children(), *processes_of(home)):
        with suppress(psutil.Error):
            words = " ".join(process.cmdline())
            kind = next((kind for kind, word in KINDS.items() if word in words), "")
            if kind:
                yield kind, process


class Killer(threading.Thread):
    """Kills one process after the other, each kind as often as the next."""

    def __init__(self, home: Path, *, every: float, random: Random) -> None:
        super().__init__()
        self.killed = Counter[str]()
        self._home, self._every, self._random = home, every, random
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._every * self._random.uniform(0.5, 1.5)):
            by_kind: dict[str, list[psutil.Process]] = {}
            for kind, process in victims(self._home):
                by_kind.setdefault(kind, []).append(process)
            if not by_kind:
                continue
            fewest = min(self.killed[kind] for kind in by_kind)
            kind = self._random.choice([kind for kind in by_kind if self.killed[kind] == fewest])
            with suppress(psutil.Error):
                self._random.choice(by_kind[kind]).kill()
                self.killed[kind] += 1

    def stop(self) -> None:
        self._ended.set()
        self.join()


def states_of(portal: Portal, ids: list[str]) -> Counter[str]:
    reader = Actor.system("test")
    return Counter(portal.imports.get_import(reader, import_id=import_id).state for import_id in ids)


def run(running: Running, *, seconds: float, every: float, seed: int) -> int:
    portal, home = running.portal, running.portal.foundation.settings.home
    headers = session_headers(running)
    questions = [("prediction", prediction(running, shares=(0.1, 0.9))), *reads(running, headers)]
    imports, killer = Imports(running), Killer(home, every=every, random=Random(seed))
    with Asking(running.address, questions, every=EVERY) as asking, Writers(running, count=4, pause=PAUSE) as writers:
        imports.start()
        killer.start()
        time.sleep(seconds)
        killer.stop()
        imports.stop()
        well = seconds_until(lambda: is_well(running, headers))
    done = well + seconds_until(lambda: set(states_of(portal, imports.acknowledged)) <= set(OVER))
    print(f"killed in {seconds:.0f} s: {dict(killer.killed)}")
    for answers in (*asking.answers, writers.answers):
        print(f"{answers.report()}\n    longest time without an answer {answers.longest_gap:.2f} s")
    states = states_of(portal, imports.acknowledged)
    print(f"imports acknowledged: {len(imports.acknowledged)}, which became {dict(states)}; refused {imports.refused}")
    wrong = wrong_afterwards(running, writers.acknowledged)
    print(
        f"{len(writers.acknowledged)} changes acknowledged; well after {well:.1f} s, done after {done:.1f} s; {wrong=}"
    )
    return 1 if wrong or set(states) - {"confirmed"} else 0


def is_well(running: Running, headers: dict[str, str]) -> bool:
    try:
        with httpx.Client(base_url=running.address, headers=headers, timeout=SECONDS) as client:
            written = client.post(WRITE, json=requirement("Afterwards"))
            return written.is_success and client.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, supervised(Path(folder) / "home") as running:
        return run(running, seconds=options.seconds, every=options.every, seed=options.seed)


if __name__ == "__main__":
    raise SystemExit(main())
