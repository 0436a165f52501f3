"""A worker or a job that is killed in the middle of an import: nothing is lost and nothing is there twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.compute.processes import kill_all, marked_with
from core.compute.values import JobState
from core.foundation.settings import Settings
from core.lake.import_values import Import, ImportChoices, ImportState
from core.lake.values import TimeZoneRule
from core.portal import Portal
from tests.compute.running import real_processes, wait_for_job, worker_for
from tests.conftest import ROOT, People
from tests.lake.imports.test_imports import CSV


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {"portal_port": 0, "gateway_port": 0, "gateway_admin_port": 0}
    return Settings(home=tmp_path / "home", allow_failpoints=True, cpus=2, memory_mb=4096, **ports)


@pytest.fixture
def begun(portal: Portal, people: People) -> Iterator[Import]:
    """An import that nobody has read yet, confirmed in advance."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings")
    yield portal.imports.start_upload(
        people.engineer,
        dataset_id=dataset.id,
        filename="t.csv",
        content=CSV,
        mode="append",
        choices=ImportChoices(zones=(TimeZoneRule(column="at", zone="UTC"),)),
        confirm=True,
    )
    for path in (portal.foundation.settings.home / "jobs").glob("*/*/started-*.json"):
        token = path.stem.removeprefix("started-")
        kill_all(lambda token=token: marked_with(token))


def killed_worker(home: Path, failpoint: str) -> int:
    """Runs a worker as a process of its own until its fail-point kills it; returns how it ended."""
    values = {"HOME": str(home), "ALLOW_FAILPOINTS": "true", "FAILPOINTS": failpoint, "CPUS": "2", "MEMORY_MB": "4096"}
    environment = {**os.environ, **{f"CAUSEWAY_{name}": value for name, value in values.items()}}
    command = [sys.executable, "-m", "core.worker"]
    with (home / "worker.log").open("wb") as log:
        return subprocess.run(command, env=environment, cwd=ROOT, stdout=log, stderr=log, timeout=90).returncode


@pytest.mark.parametrize("moment", ["compute.after_spawn", "compute.before_ingest", "compute.after_ingest"])
def test_a_worker_killed_at_any_moment_makes_one_snapshot(
    portal: Portal, people: People, begun: Import, moment: str
) -> None:
    assert killed_worker(portal.foundation.settings.home, f"{moment}=kill") == -signal.SIGKILL
    with worker_for(portal, loops=(), executor=real_processes(portal)):
        assert wait_for_job(portal, begun.job_id).state is JobState.SUCCEEDED
    finished = portal.imports.get_import(people.engineer, import_id=begun.id)
    assert finished.state is ImportState.CONFIRMED
    (snapshot,) = portal.datasets.list_snapshots(people.engineer, dataset_id=begun.dataset_id).items
    assert (snapshot.id, snapshot.rows) == (finished.snapshot_id, 3)
