"""Jobs as processes of this machine, each under a supervisor that outlives the worker."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from core.compute.executors.port import Launch, LaunchStatus
from core.compute.folders import place_once, read_json, write_atomically, write_json
from core.compute.processes import MARKER, Identity, is_alive, kill_all, marked_with, send_signal
from core.foundation.errors import Unavailable, outline
from core.foundation.text import _

ROOT = Path(__file__).resolve().parents[3]
# What a job may know of our environment; everything else, and every secret, stays here.
INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "JAVA_HOME",
)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS")
FIXED = {
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
SUPERVISOR = ("-S", "-P", "-m", "core.compute.supervisor")
PREVENTED = {"pid": 0}


class LocalExecutor:
    """Starts supervisors. `hung_seconds` without a heartbeat and an attempt is given up; it is measured by this
    machine's monotonic clock, which neither a sleeping laptop nor a wrong wall clock moves."""

    def __init__(
        self, *, log_bytes: int, hung_seconds: float, grace_seconds: float = 10.0, environment: Mapping[str, str]
    ) -> None:
        self.log_bytes = log_bytes
        self.hung_seconds = hung_seconds
        self.grace_seconds = grace_seconds
        self._environment = {name: environment[name] for name in INHERITED if name in environment}
        # Jobs are started from several threads. A pid is free for another process once its status was read, so
        # spawning and reaping take turns.
        self._guard = threading.Lock()
        self._children: dict[str, int] = {}
        self._beats: dict[str, tuple[int, float]] = {}

    def start(self, launch: Launch) -> None:
        for token in tuple(self._children):
            self._reap(token)
        write_json(launch.folder.launch, self._launch_file(launch))
        write_atomically(launch.folder.job.current, launch.token.encode())
        try:
            with self._guard:
                self._children[launch.token] = self._spawn(launch)
        except OSError as error:
            raise Unavailable(_("No process can be started: {error}").format(error=outline(error))) from error

    def _spawn(self, launch: Launch) -> int:
        """A new supervisor in a session of its own."""
        errors = str(launch.folder.path / "supervisor.log")
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        command = [sys.executable, *SUPERVISOR, str(launch.folder.path)]
        environment = self._child_environment(launch)
        return os.posix_spawn(command[0], command, environment, file_actions=files, setsid=True)

    def look(self, launch: Launch) -> LaunchStatus:
        was_reaped = self._reap(launch.token)
        result = read_json(launch.folder.result)
        if result is not None and result.get("token") == launch.token:
            self._beats.pop(launch.token, None)
            return LaunchStatus.ENDED
        who = supervisor_of(launch)
        if who is None:
            return self._status_before_start(launch, was_reaped=was_reaped)
        return (
            LaunchStatus.ALIVE if is_alive(who) and self._has_fresh_heartbeat(launch) else self._lost_or_ended(launch)
        )

    def prevent(self, launch: Launch) -> bool:
        launch.folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place_once(launch.folder.started(launch.token), PREVENTED)

    def stop(self, launch: Launch) -> None:
        if (who := supervisor_of(launch)) is not None:
            send_signal(who, signal.SIGTERM)

    def destroy(self, launch: Launch) -> bool:
        if (who := supervisor_of(launch)) is not None:
            send_signal(who, signal.SIGKILL)
        gone = kill_all(lambda: marked_with(launch.token))
        self._reap(launch.token)
        self._beats.pop(launch.token, None)
        return gone

    def _status_before_start(self, launch: Launch, *, was_reaped: bool) -> LaunchStatus:
        """It has not said that it started. Only the worker that spawned it can know that it is on its way."""
        if launch.token in self._children:
            return LaunchStatus.STARTING
        return LaunchStatus.LOST if was_reaped else LaunchStatus.ABSENT

    def _lost_or_ended(self, launch: Launch) -> LaunchStatus:
        # It may have written its result between the first look at the file and the look at the process.
        result = read_json(launch.folder.result)
        return LaunchStatus.ENDED if result is not None and result.get("token") == launch.token else LaunchStatus.LOST

    def _has_fresh_heartbeat(self, launch: Launch) -> bool:
        with suppress(OSError):
            beat = launch.folder.heartbeat.stat().st_mtime_ns
            known, since = self._beats.setdefault(launch.token, (beat, time.monotonic()))
            if beat != known:
                self._beats[launch.token] = (beat, time.monotonic())
            return beat != known or time.monotonic() - since < self.hung_seconds
        return True

    def _reap(self, token: str) -> bool:
        """True when the supervisor was our child and has just ended."""
        with self._guard:
            pid = self._children.get(token)
            if pid is None or not self._has_ended(pid):
                return False
            del self._children[token]
            return True

    def _has_ended(self, child: int) -> bool:
        try:
            return os.waitpid(child, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            return True

    def _launch_file(self, launch: Launch) -> dict[str, object]:
        return {
            "token": launch.token,
            "command": [sys.executable, "-P", "-m", launch.module, str(launch.folder.path)],
            "memory_mb": launch.memory_mb,
            "seconds": launch.seconds,
            "log_bytes": self.log_bytes,
            "beat_seconds": min(1.0, self.hung_seconds / 4),
            "grace_seconds": self.grace_seconds,
        }

    def _child_environment(self, launch: Launch) -> dict[str, str]:
        threads = dict.fromkeys(THREADS, str(launch.cpus))
        devices = {"CUDA_VISIBLE_DEVICES": ",".join(launch.devices)}
        return {**self._environment, **FIXED, **threads, **devices, MARKER: launch.token}


def supervisor_of(launch: Launch) -> Identity | None:
    """Who said that it started this launch; None for nobody so far, and a process that cannot live when it was
    prevented."""
    try:
        start_record = json.loads(launch.folder.started(launch.token).read_bytes())
        return Identity(pid=start_record["pid"], ticks=start_record.get("ticks", 0), boot=start_record.get("boot", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
