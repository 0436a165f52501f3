"""Programs of the product as processes of their own, forked from one that has imported them: it takes them milliseconds
to start instead of seconds. For tests in which it does not matter how the process came to be."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Self

from tests.conftest import ROOT

PROGRAMS = ("core.worker", "core.gateway", "tests.compute.worker_process")
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([*PROGRAMS])


class ForkedProcess:
    """`python -m program` in all but its birth, with what tests use of `subprocess.Popen`. Its output goes to `log`."""

    def __init__(self, program: str, *, environment: Mapping[str, str], log: Path) -> None:
        self._process = CONTEXT.Process(target=run, args=(program, dict(environment), log))
        self._process.start()
        self.pid, self.kill, self.terminate = self._process.pid, self._process.kill, self._process.terminate

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for the signal that ended it. TimeoutExpired while it runs."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.wait()


def run(program: str, environment: Mapping[str, str], log: Path) -> None:
    """The program's whole life, in the new process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.exit(import_module(program).main())
