"""Processes that outlive the process that started them: model servers and the proxy go on serving while the gateway is
restarted. Each has a folder, and the folder's path in its environment is how the next gateway finds it again."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from core.compute.executors.local import FIXED, INHERITED, THREADS
from core.compute.processes import MARKER, Identity, identity_of, is_alive, marked_with, send_signal

LOG_FILE = "log"
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


class Daemon:
    """At most one process for a folder. `folder` must be absolute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        processes = marked_with(str(folder))
        self.identity: Identity | None = identity_of(processes[0]) if processes else None

    def start(self, command: Sequence[str], *, environment: Mapping[str, str] = NOTHING_MORE) -> None:
        """Starts it in a session of its own, with none of our secrets in its environment."""
        with (self.folder / LOG_FILE).open("ab") as log:
            self._child = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self._environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.identity = identity_of(self._child.pid)

    def is_alive(self) -> bool:
        if self._child is None:
            return self.identity is not None and is_alive(self.identity)
        if self._child.poll() is None:
            return True
        # Our own child has been waited for by that, so that it does not stay as a zombie.
        self._child = self.identity = None
        return False

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.identity is not None:
            send_signal(self.identity, number)

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {**inherited, **FIXED, **dict.fromkeys(THREADS, "1"), MARKER: str(self.folder)}


def end_all(daemons: Sequence[Daemon], *, seconds: float) -> None:
    """Asks all of them to end, and kills those that have not after `seconds`."""
    for daemon in daemons:
        daemon.terminate()
    for daemon in daemons:
        with suppress(TimeoutError):
            wait_for_end(daemon, seconds=seconds)
            continue
        daemon.kill()
        wait_for_end(daemon, seconds=seconds)


def wait_for_end(daemon: Daemon, *, seconds: float) -> None:
    """Returns once it is gone. TimeoutError after `seconds`."""
    import select

    if not daemon.is_alive() or daemon.identity is None:
        return
    try:
        handle = os.pidfd_open(daemon.identity.pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([handle], [], [], seconds)[0]:
            raise TimeoutError
    finally:
        os.close(handle)
    daemon.is_alive()
