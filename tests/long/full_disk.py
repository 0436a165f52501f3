"""A disk that is full for ten minutes, with portal, worker and gateway on it: whether predictions go on, what writing
says, what is lost, and how long it takes until all is well once there is space again.

scripts/long full_disk [--seconds 600] [--kill]

The disk is a small one in memory that nobody else sees, so this runs as root. `--kill` ends the model server and the
proxy in the middle.
"""

import argparse
import base64
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from app.cli.processes import processes_of
from tests.e2e.installation import Running
from tests.lake.imports.full_disk import started
from tests.long.asking import SECONDS, Ask, Asking, question
from tests.long.stage import (
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

INSIDE = "CAUSEWAY_TESTS_SMALL_DISK"
DISK_MB, LEAST_FREE_MB = 300, 40
EVERY, PAUSE, BEFORE_SECONDS = 0.1, 1.0, 5.0
CSV = "day,count\n2026-01-01,7\n"


class Ballast(threading.Thread):
    """Takes every byte that is free, again and again, until it is told to go."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self._file, self._ended = file, threading.Event()
        self.bytes = 0

    def run(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            while not self._ended.is_set():
                for size in (1 << 20, 1 << 12, 1):
                    self._fill(file.fileno(), size)
                self._ended.wait(0.2)
        self._file.unlink()

    def _fill(self, number: int, size: int) -> None:
        with suppress(OSError):
            while os.write(number, bytes(size)) == size:
                self.bytes += size

    def go(self) -> None:
        self._ended.set()
        self.join()


def upload(dataset_id: str, headers: dict[str, str]) -> Ask:
    body = {"dataset_id": dataset_id, "filename": "days.csv", "content": base64.b64encode(CSV.encode()).decode()}
    return question("/api/v1/imports/start_upload", method="POST", json=body, headers=headers)


def run(running: Running, *, seconds: float, kill: bool) -> int:
    portal, engineer = running.portal, running.people.engineer
    headers, home = session_headers(running), portal.foundation.settings.home
    dataset = portal.datasets.create_dataset(engineer, project="PROJ-1", name="days").id
    questions = [("prediction", prediction(running)), *reads(running, headers)]
    uploads = [("upload", upload(dataset, headers))]
    with (
        Asking(running.address, questions, every=EVERY) as asking,
        Asking(running.address, uploads, every=PAUSE) as uploading,
        Writers(running, count=4, pause=PAUSE) as writers,
    ):
        time.sleep(BEFORE_SECONDS)
        before = dict(writers.answers.statuses)
        ballast = Ballast(home / "ballast")
        ballast.start()
        time.sleep(seconds / 2)
        if kill:
            end_servers(home)
        time.sleep(seconds / 2)
        full = dict(writers.answers.statuses)
        ballast.go()
        well = until_well(running, headers, dataset)
        time.sleep(BEFORE_SECONDS)
    print(f"a disk of {DISK_MB} MB, full for {seconds:.0f} s by {ballast.bytes >> 20} MB; {kill=}")
    for answers in (*asking.answers, writers.answers, *uploading.answers):
        print(answers.report())
    gap = asking.answers[0].longest_gap
    print(f"longest time without a prediction {gap:.2f} s; writers before {before}, until there was space again {full}")
    wrong = wrong_afterwards(running, writers.acknowledged)
    print(f"{len(writers.acknowledged)} acknowledged; seconds until all was well: {well}; {wrong=}")
    return 1 if wrong or (asking.answers[0].failed and not kill) else 0


def end_servers(home: Path) -> None:
    for process in list(processes_of(home)):
        with suppress(psutil.Error):
            process.kill()


def until_well(running: Running, headers: dict[str, str], dataset: str) -> dict[str, float]:
    """Since there was space again, until something was written, the portal was ready, and an import was done."""
    with httpx.Client(base_url=running.address, headers=headers, timeout=SECONDS) as client:
        written = seconds_until(lambda: client.post(WRITE, json=requirement("Afterwards")).is_success)
        ready = written + seconds_until(lambda: client.get("/health/ready").is_success)
        begun = started(running.portal, running.people, dataset, rows=100)
        get = running.portal.imports.get_import
        imported = seconds_until(
            lambda: get(running.people.engineer, import_id=begun.id).state in ("confirmed", "failed")
        )
    state = get(running.people.engineer, import_id=begun.id).state
    return {"written": round(written, 2), "ready": round(ready, 2), f"import {state}": round(ready + imported, 2)}


def on_a_small_disk(arguments: list[str]) -> int:
    """Runs this again where a folder is a disk of its own."""
    if os.geteuid() != 0:
        print("A small disk can be made by root only: run this as root.", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="causeway-full-disk-") as folder:
        mount = f'mount -t tmpfs -o size={DISK_MB}m none "$0" && exec "$@"'
        command = [sys.executable, "-m", "tests.long.full_disk", *arguments]
        small = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, folder, *command]
        return subprocess.run(small, env={**os.environ, INSIDE: folder}, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        return on_a_small_disk(sys.argv[1:])
    with supervised(Path(os.environ[INSIDE]) / "home", least_free_mb=LEAST_FREE_MB) as running:
        return run(running, seconds=options.seconds, kill=options.kill)


if __name__ == "__main__":
    raise SystemExit(main())
