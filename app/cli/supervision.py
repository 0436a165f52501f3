"""The processes that `causeway up` keeps alive. One that ends is started again, for ever, after longer and longer
pauses; whatever becomes of it, the others run on."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from core.compute.parts import FILE, Ending, say_endings
from core.foundation.text import _

STOP_SECONDS = 15
# Up for as long, a process has come through what ended it before.
STEADY_SECONDS, LONGEST_PAUSE, MOST_DOUBLINGS = 60.0, 60.0, 6
# An ending may be chance; who ends again soon after waits, and who does so once more does not stay up.
WAITING, RESTLESS = 2, 3


@dataclass(frozen=True)
class Part:
    """A process of the portal: the module it runs, and the path that answers once it is ready ("" for none)."""

    name: str
    module: str
    address: str
    ready: str


@dataclass
class PartProcess:
    """A part as it runs or rests. Times are seconds of the monotonic clock; `endings` counts since it last stayed
    up."""

    part: Part
    log: Path
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    next_start: float | None = 0.0
    starts_at: datetime = datetime.min
    endings: int = 0

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts parts and keeps them running."""

    def __init__(self, home: Path, parts: Sequence[Part]) -> None:
        self._home = home
        self.processes = tuple(PartProcess(part, log=home / "logs" / f"{part.name}.log") for part in parts)
        self._reported: tuple[Ending, ...] = ()

    def look(self, now: float) -> None:
        """Starts what is due, and notices what has ended. `now` is of the monotonic clock."""
        for process in self.processes:
            self._look_at(process, now)
        self._say()

    def stop(self) -> None:
        """Ends all of them, one after the other."""
        running = [process.process for process in self.processes if process.process is not None]
        for process in running:
            process.terminate()
        for process in running:
            _end(process)
        (self._home / FILE).unlink(missing_ok=True)

    def _look_at(self, process: PartProcess, now: float) -> None:
        if process.is_running():
            if process.endings and now - process.begun >= STEADY_SECONDS:
                process.endings = 0
        elif process.next_start is None:
            self._note_ending(process, now)
        elif now >= process.next_start:
            self._start(process, now)

    def _start(self, process: PartProcess, now: float) -> None:
        process.begun, process.next_start = now, None
        try:
            process.process = _started(process)
        except OSError as error:
            click.echo(_("The {part} cannot be started: {why}").format(part=process.part.name, why=error))

    def _note_ending(self, process: PartProcess, now: float) -> None:
        process.endings += 1
        pause = pause_after(process.endings)
        process.next_start, process.starts_at = now + pause, datetime.now(UTC) + timedelta(seconds=pause)
        words = _("The {part} has ended and is started again in {seconds:.0f} s; see {log}.")
        click.echo(words.format(part=process.part.name, seconds=pause, log=process.log))

    def _say(self) -> None:
        endings = tuple(
            Ending(
                part=process.part.name,
                times=process.endings,
                starts_at=process.starts_at,
                log=str(process.log.relative_to(self._home)),
            )
            for process in self.processes
            if process.endings >= RESTLESS
        )
        if endings != self._reported:
            # On a disk that is full it is said as soon as there is space again.
            with suppress(OSError):
                say_endings(self._home, endings)
                self._reported = endings


def pause_after(endings: int) -> float:
    """Seconds until a part is started again that has ended so many times."""
    return 0.0 if endings < WAITING else min(LONGEST_PAUSE, 2.0 ** min(endings - WAITING, MOST_DOUBLINGS))


def _started(process: PartProcess) -> subprocess.Popen[bytes]:
    process.log.parent.mkdir(parents=True, exist_ok=True)
    with process.log.open("ab") as log:
        # A session of its own: Ctrl-C reaches the parts through us, in order, and not all at once.
        command = [sys.executable, "-m", process.part.module]
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
