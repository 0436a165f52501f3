"""The warm worker as the process it is, without any portal: told by files, telling by events."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.compute.folders import AttemptFolder, place_once, write_json
from core.sweeps.job import WorkerSpec
from tests.compute.running import wait_until
from tests.sweeps.running import SHORT
from tests.training.flights import contract, write_splits


class RunningWorker:
    """A worker process and its folder."""

    def __init__(self, folder: AttemptFolder, process: "subprocess.Popen[bytes]") -> None:
        self.folder, self.process, self._sent = folder, process, len(list(folder.job.inbox.iterdir()))

    def send(self, **message: Any) -> None:
        self._sent += 1
        place_once(self.folder.job.inbox / f"{self._sent:06d}.json", message)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        lines = self.folder.events.read_text().splitlines() if self.folder.events.exists() else []
        return [event for line in lines if (event := json.loads(line))["kind"] in kinds]


@contextmanager
def worker(tmp_path: Path, attempt: int = 1, **base: Any) -> Iterator[RunningWorker]:
    """A worker for `log_loss` over a few thousand real flights."""
    folder = AttemptFolder(tmp_path / "JOB-1" / str(attempt))
    folder.prepare()
    spec = WorkerSpec(recipe="tabular", base_params={**SHORT, **base}, metric="log_loss", seed=1, contract=contract())
    inputs = {name: str(path) for name, path in write_splits(tmp_path / "splits").items() if name != "test"}
    job_spec = {"payload": spec.model_dump(mode="json"), "inputs": inputs, "attempt": attempt, "cpus": 1}
    write_json(folder.job_spec, job_spec)
    with (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "core.sweeps.job", str(folder.path)], stdout=log, stderr=log)
    try:
        yield RunningWorker(folder, process)
    finally:
        process.kill()
        process.wait()


def test_a_worker_runs_trial_after_trial_and_ends_when_told(tmp_path: Path) -> None:
    with worker(tmp_path) as process:
        process.send(kind="trial", number=0, params={"learning_rate": 0.01})
        process.send(kind="trial", number=0, params={"learning_rate": 0.01})
        process.send(kind="trial", number=1, params={"learning_rate": 0.0, "dropout": 0.1})
        process.send(kind="trial", number=2, params={"dropout": 0.2})
        process.send(kind="end", number=-1)
        assert process.process.wait(timeout=90) == 0
        ended = [(event["kind"], event["number"]) for event in process.events("complete", "pruned", "failed")]
        # A trial that the recipe refuses fails alone; one that was sent twice ran once.
        assert ended == [("complete", 0), ("failed", 1), ("complete", 2)]
        assert all(0 <= event["ran_seconds"] < 90 for event in process.events("complete", "failed"))
        (failed,) = process.events("failed")
        assert "learning rate must be more than 0" in failed["cause"]
        steps = [(event["number"], event["step"]) for event in process.events("step")]
        assert steps == [(0, 1), (0, 2), (0, 3), (0, 4), (2, 1), (2, 2), (2, 3), (2, 4)]
        values = {event["number"]: event["value"] for event in process.events("complete")}
        assert values[0] == min(event["value"] for event in process.events("step") if event["number"] == 0)


def test_a_trial_that_is_not_worth_its_time_is_stopped_and_a_later_attempt_does_not_run_it_again(
    tmp_path: Path,
) -> None:
    with worker(tmp_path, epochs=900, batch_size=64, patience=1000) as process:
        process.send(kind="trial", number=0, params={})
        wait_until(lambda: process.events("step"), seconds=60)
        process.send(kind="prune", number=0)
        wait_until(lambda: process.events("pruned"), seconds=30)
        process.send(kind="trial", number=1, params={})
        wait_until(lambda: [event for event in process.events("step") if event["number"] == 1], seconds=60)
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(timeout=20) == 143
    with worker(tmp_path, attempt=2, epochs=2, batch_size=64) as other:
        other.send(kind="end", number=-1)
        assert other.process.wait(timeout=60) == 0
        assert {event["number"] for event in other.events("started", "complete")} == {1}
