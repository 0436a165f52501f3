"""Small logs, leases as a test wants them, and workers as real processes that a test may kill."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.compute.processes import kill_all, marked_with
from core.foundation.actions.call import Foundation
from core.foundation.settings import Settings
from tests.conftest import ROOT

StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def lease_seconds() -> float:
    """Long enough for a busy machine; a test of leases takes a shorter one."""
    return 30


@pytest.fixture
def settings(tmp_path: Path, lease_seconds: float) -> Settings:
    return Settings(
        home=tmp_path / "home",
        portal_port=0,
        gateway_port=0,
        gateway_admin_port=0,
        cpus=4,
        memory_mb=4096,
        lease_seconds=lease_seconds,
        job_log_bytes=100_000,
        allow_failpoints=True,
    )


@pytest.fixture
def start_worker(foundation: Foundation, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts a worker process over this installation; `failpoint` names where it dies. All are gone afterwards."""
    workers: list[subprocess.Popen[bytes]] = []

    def start(*, failpoint: str = "", module: str = "tests.compute.worker_process") -> "subprocess.Popen[bytes]":
        with (tmp_path / f"worker-{len(workers)}.log").open("wb") as log:
            environment = {
                **_environment(foundation.settings),
                **({"CAUSEWAY_FAILPOINTS": failpoint} if failpoint else {}),
            }
            workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", module], env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
                )
            )
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()
    _end_jobs_of(foundation.settings)


def _environment(settings: Settings) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAUSEWAY_")}
    chosen = settings.model_dump(mode="json", exclude_defaults=True, exclude_unset=True)
    return {**plain, **{f"CAUSEWAY_{name.upper()}": str(value) for name, value in chosen.items()}}


def _end_jobs_of(settings: Settings) -> None:
    for started in (settings.home / "jobs").glob("*/*/started-*.json"):
        token = started.stem.removeprefix("started-")
        kill_all(lambda token=token: marked_with(token))
