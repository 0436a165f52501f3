"""One small process beside each job, so that a job outlives its worker and still has an exit status. It starts the
job's command, keeps its log within bounds, writes its heartbeat, stops it on request or when its attempt was given up,
and writes how it ended. Run as `python -m core.compute.supervisor <attempt folder>`; only the standard library."""

import os
import resource
import selectors
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.compute.folders import AttemptFolder, place_once, read_json, write_json
from core.compute.logs import BoundedLog
from core.compute.observation.usage import UsageRecord
from core.compute.processes import cpu_seconds_of_tree, identity_of, in_session, kill_all, marked_with, memory_of_tree

CHUNK = 1 << 16
DRAIN_SECONDS = 2.0
EXIT_PREVENTED = 4
INHERITED = [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE]


class Supervisor:
    """Watches one command from its start to its end."""

    def __init__(self, folder: AttemptFolder) -> None:
        launch = read_json(folder.launch)
        assert launch is not None, "the launch file is written before the supervisor starts"
        self.folder = folder
        self.token: str = launch["token"]
        self.command: list[str] = launch["command"]
        self.memory_bytes = int(launch["memory_mb"]) << 20
        self.seconds = int(launch["seconds"])
        self.beat_seconds = float(launch["beat_seconds"])
        self.grace_seconds = float(launch["grace_seconds"])
        # People read what the job says to its standard output, operators the rest.
        self.logs = [BoundedLog(path, most_bytes=int(launch["log_bytes"])) for path in (folder.log, folder.errors)]
        self.pipes: dict[int, BoundedLog] = {}
        self.usage = UsageRecord(folder.usage, every=self.beat_seconds)
        self.child = 0
        self.ended: tuple[int, Any] | None = None
        self.began = time.monotonic()
        self.ran_seconds = 0.0
        self.kill_at: float | None = None
        self.reason = ""

    def run(self) -> int:
        """The exit status of the supervisor itself."""
        myself = identity_of(os.getpid())
        assert myself is not None
        if not self._is_current() or not place_once(self.folder.started(self.token), myself.to_json()):
            return EXIT_PREVENTED
        self.folder.heartbeat.touch()
        self._listen()
        self._start()
        self._watch()
        self._sweep()
        self._drain()
        while self._is_current() and not self._write_result():
            # A full disk: what the job has done waits for space.
            self._say_alive()
            time.sleep(self.beat_seconds)
        return 0

    def _listen(self) -> None:
        self.alarm, alarm_end = os.pipe2(os.O_NONBLOCK)
        signal.set_wakeup_fd(alarm_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _start(self) -> None:
        pipes = [os.pipe2(os.O_NONBLOCK) for _log in self.logs]
        self.pipes = {reading: log for (reading, _writing), log in zip(pipes, self.logs, strict=True)}
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        outputs = [writing for _reading, writing in pipes]
        for output in outputs:
            os.set_blocking(output, True)
        self.child = self._spawn(outputs)
        for output in outputs:
            os.close(output)
        # When memory runs out, the system ends a job rather than the portal.
        with suppress(OSError):
            Path(f"/proc/{self.child}/oom_score_adj").write_text("500")

    def _spawn(self, outputs: list[int]) -> int:
        """A new process of the command, the leader of its group, that writes to the two `outputs`."""
        files: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        for place, output in enumerate(outputs, start=1):
            files.append((os.POSIX_SPAWN_DUP2, output, place))
        return os.posix_spawn(
            self.command[0], self.command, os.environ, file_actions=files, setpgroup=0, setsigdef=INHERITED
        )

    def _watch(self) -> None:
        next_beat = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for output in self.pipes:
                selector.register(output, selectors.EVENT_READ, self._take_output)
            selector.register(self.alarm, selectors.EVENT_READ, _read)
            while not self._has_ended():
                for key, _events in selector.select(max(0.0, next_beat - time.monotonic())):
                    _consume(selector, key)
                if time.monotonic() >= next_beat:
                    self._beat()
                    next_beat = time.monotonic() + self.beat_seconds

    def _take_output(self, output: int) -> bytes | None:
        data = _read(output)
        self.pipes[output].write(data or b"")
        return data

    def _has_ended(self) -> bool:
        pid, status, usage = os.wait4(self.child, os.WNOHANG)
        if pid:
            self.ended, self.ran_seconds = (status, usage), time.monotonic() - self.began
        return bool(pid)

    def _say_alive(self) -> None:
        with suppress(OSError):
            os.utime(self.folder.heartbeat)

    def _beat(self) -> None:
        self._say_alive()
        memory, seconds = memory_of_tree(self.child), time.monotonic() - self.began
        if self.usage.is_due(seconds):
            self.usage.add((round(seconds, 2), round(cpu_seconds_of_tree(self.child), 2), memory))
        if not self._is_current():
            self._kill("superseded")
        elif memory > self.memory_bytes:
            self._kill("memory")
        elif self.seconds and seconds > self.seconds:
            self._kill("time")
        elif self.kill_at is not None and time.monotonic() >= self.kill_at:
            self._kill("stopped")

    def _is_current(self) -> bool:
        try:
            return self.folder.job.current.read_text() == self.token
        except OSError:
            # The folder was taken away: nobody wants this attempt.
            return False

    def _stop(self) -> None:
        if self.kill_at is None:
            self.kill_at = time.monotonic() + self.grace_seconds
            self.reason = "stopped"
            self._signal(signal.SIGTERM)

    def _kill(self, reason: str) -> None:
        self.reason = reason
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child, number)

    def _sweep(self) -> None:
        """Whatever the job left behind goes with it, also what made a session of its own."""
        kill_all(lambda: in_session(os.getpid()))
        kill_all(lambda: marked_with(self.token))

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        for output in self.pipes:
            while self._take_output(output) and time.monotonic() < deadline:
                continue

    def _write_result(self) -> bool:
        """Whether there was space for it."""
        try:
            write_json(self.folder.result, self._result())
        except OSError:
            return False
        return True

    def _result(self) -> dict[str, Any]:
        assert self.ended is not None
        status, usage = self.ended
        code = os.waitstatus_to_exitcode(status)
        return {
            "token": self.token,
            "rc": code,
            "signal": -code if code < 0 else 0,
            "reason": self.reason,
            "seconds": self.seconds,
            "max_rss_mb": usage.ru_maxrss / 1024,
            "ran_seconds": round(self.ran_seconds, 3),
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
        }


def _consume(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Reads what is there; what has come to its end is looked at no more."""
    if key.data(key.fd) == b"":
        selector.unregister(key.fd)


def _read(handle: int) -> bytes | None:
    """What is there: bytes, b"" at the end, None for nothing at present."""
    try:
        return os.read(handle, CHUNK)
    except BlockingIOError:
        return None


def main() -> int:
    folder = AttemptFolder(Path(sys.argv[1]))
    os.chdir(folder.path)
    return Supervisor(folder).run()


if __name__ == "__main__":
    sys.exit(main())
