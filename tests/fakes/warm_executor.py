"""An executor whose jobs are forked from a process that has loaded the heavy libraries already: they keep every promise
of a job's folder, supervisor and exit status, and start in milliseconds instead of seconds. For tests in which it does
not matter how the process came to be; a job is found by its session here, since its command line is that of the warm
process."""

import atexit
import json
import os
import subprocess
import sys
import threading
from functools import cache

from core.compute.executors.local import FIXED, ROOT, LocalExecutor, supervisor_of
from core.compute.executors.port import Launch
from core.compute.processes import identity_of, in_session, kill_all
from core.foundation.settings import Settings


class WarmProcess:
    """The process to fork from; it ends when its input does."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "tests.fakes.warm_process"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env={**os.environ, **FIXED}, cwd=ROOT, **pipes)
        self._guard = threading.Lock()

    def fork(self, launch: Launch, environment: dict[str, str]) -> int:
        """Starts a supervisor and returns its pid."""
        wanted = {"folder": str(launch.folder.path), "module": launch.module, "environment": environment}
        with self._guard:
            print(json.dumps(wanted), file=self._process.stdin, flush=True)
            return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


@cache
def warm_process() -> WarmProcess:
    """The one of this test process, as long as that lives."""
    process = WarmProcess()
    atexit.register(process.end)
    return process


class WarmExecutor(LocalExecutor):
    """Like the local executor in all but the birth of its processes."""

    def _spawn(self, launch: Launch) -> int:
        return warm_process().fork(launch, self._child_environment(launch))

    def _has_ended(self, child: int) -> bool:
        return identity_of(child) is None

    def destroy(self, launch: Launch) -> bool:
        if (who := supervisor_of(launch)) is not None:
            kill_all(lambda: in_session(who.pid))
        return super().destroy(launch)


def warm_executor(settings: Settings) -> WarmExecutor:
    return WarmExecutor(log_bytes=settings.job_log_bytes, hung_seconds=settings.lease_seconds, environment=os.environ)
