"""Runs the job of a load test as the process it is, against a target that is a process too."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from core.compute.folders import AttemptFolder, write_json
from core.features.values import FeatureContract, RequestField
from core.loadtests.values import LoadTestSpec, Plan, SeriesPoint, Slo, Target, Window
from tests.loadtests.windows import DIGEST, SLO

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = FeatureContract(
    event_time="due_at",
    row_id="flight",
    request=(
        RequestField(name="carrier", kind="category", is_model_input=True),
        RequestField(name="distance", kind="number", is_model_input=True),
        RequestField(name="tailnum", kind="category", is_model_input=False),
    ),
    views=(),
)


def write_rows(path: Path, rows: int = 500) -> Path:
    """The Parquet file of a split, as a training set has it."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    first = datetime(2013, 11, 1, 5, tzinfo=UTC)
    columns = {
        "row_id": [f"F{number}" for number in range(rows)],
        "event_time": [first + timedelta(minutes=number) for number in range(rows)],
        "label": [number % 2 for number in range(rows)],
        "carrier": ["UA" if number % 3 else None for number in range(rows)],
        "distance": [100.5 + number if number % 5 else None for number in range(rows)],
        "tailnum": [f"N{number}" for number in range(rows)],
        "wind_speed": [1.5] * rows,
    }
    parquet.write_table(arrow.table(columns), path)
    return path


@dataclass(frozen=True)
class Server:
    """A running target."""

    port: int
    process: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/endpoints/delays/predict"

    def seen(self) -> dict[str, Any]:
        """Every arrival, in seconds of a monotonic clock, and the last bodies."""
        with urllib.request.urlopen(self.url, timeout=20) as answer:
            behavior: dict[str, Any] = json.load(answer)
            return behavior


@contextmanager
def target_server(**options: object) -> Iterator[Server]:
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in {"digest": DIGEST, **options}.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.loadtests.target", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Server(port=int(process.stdout.readline()), process=process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass(frozen=True)
class RunningJob:
    """A job process and its folder."""

    folder: AttemptFolder
    process: "subprocess.Popen[bytes]"

    def points(self) -> list[SeriesPoint]:
        events = self.folder.events.read_text().splitlines() if self.folder.events.exists() else []
        seconds = [event for line in events if (event := json.loads(line))["kind"] == "second"]
        return [SeriesPoint(**{name: of for name, of in event.items() if name != "kind"}) for event in seconds]

    def windows(self) -> tuple[Window, ...]:
        return TypeAdapter(tuple[Window, ...]).validate_json((self.folder.outputs / "windows.json").read_bytes())

    def finish(self, seconds: float = 60) -> int:
        return self.process.wait(timeout=seconds)


def target_of(url: str, *, slo: Slo = SLO) -> Target:
    return Target(
        endpoint_id="EP-1",
        endpoint="delays",
        environment="staging",
        url=url,
        version_id="MV-1",
        digest=DIGEST,
        slo=slo,
        headers={"authorization": "Bearer a-ticket"},
    )


@contextmanager
def running_job(folder: Path, *, plan: Plan, url: str, slo: Slo = SLO, rows: int = 500) -> Iterator[RunningJob]:
    """The job as a supervisor would start it: its own process with its own folder."""
    files = AttemptFolder(folder / "JOB-1" / "1")
    files.prepare()
    spec = LoadTestSpec(plan=plan, target=target_of(url, slo=slo), contract=CONTRACT, bodies=200)
    inputs = {"rows": str(write_rows(folder / "rows.parquet", rows))}
    write_json(
        files.job_spec,
        {"payload": spec.model_dump(mode="json"), "inputs": inputs, "attempt": 1, "cpus": 1, "id": "JOB-1"},
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.loadtests.job", str(files.path)], cwd=folder, stdout=log, stderr=log
        )
    try:
        yield RunningJob(folder=files, process=process)
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Returns once the condition is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
