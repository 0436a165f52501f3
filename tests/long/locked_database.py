"""Fifty writers at a database that somebody else holds locked, while others read and ask for the portal's health and
for predictions: what each of them waits for, and that what was acknowledged is there afterwards.

scripts/long locked_database [--seconds 60] [--writers 50]
"""

import argparse
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from core.portal import Portal
from tests.e2e.installation import Running
from tests.long.asking import SECONDS, Asking
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

# Writers come back sooner than they are told to, and later than clients that do not wait at all.
EVERY, PAUSE = 0.1, 0.5


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


def run(running: Running, *, seconds: float, count: int) -> int:
    headers = session_headers(running)
    questions = [*reads(running, headers), ("prediction", prediction(running))]
    writers = Writers(running, count=count, pause=PAUSE)
    with Asking(running.address, questions, every=EVERY) as asking, locked(running.portal), writers:
        time.sleep(seconds)
    print(f"{count} writers, locked for {seconds:.0f} s, each question every {EVERY} s")
    for answers in (*asking.answers, writers.answers):
        print(answers.report())
    with httpx.Client(base_url=running.address, headers=headers, timeout=SECONDS) as client:
        again = seconds_until(lambda: client.post(WRITE, json=requirement("Afterwards")).is_success)
    wrong = wrong_afterwards(running, writers.acknowledged)
    print(f"written again {again:.2f} s after the lock was gone; {len(writers.acknowledged)} acknowledged; {wrong=}")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--writers", type=int, default=50)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, supervised(Path(folder) / "home") as running:
        return run(running, seconds=options.seconds, count=options.writers)


if __name__ == "__main__":
    raise SystemExit(main())
