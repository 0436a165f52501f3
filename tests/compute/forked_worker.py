"""Worker processes like those of an installation, but forked from one that has loaded their modules: a test may kill
them, and does not wait for their imports."""

import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path

from core.portal import Portal
from core.worker import Worker, serve
from tests.compute.demo_kind import KINDS

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


class ForkedWorker:
    """A worker over the settings of its environment, whose standard streams are the log. It is asked as `subprocess`
    would be."""

    def __init__(self, environment: Mapping[str, str], *, log: Path) -> None:
        self._process = CONTEXT.Process(target=run, args=(dict(environment), log))
        self._process.start()

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, or the number of the signal that ended it, negative."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, f"it did not end within {timeout} s"
        return self._process.exitcode


def run(environment: dict[str, str], log: Path) -> None:
    """In the new process."""
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    raise SystemExit(serve(build))


def build(portal: Portal) -> Worker:
    """With the demo kind among its kinds."""
    return Worker(portal.foundation, kinds=KINDS)
