"""The files through which worker, supervisor and job process speak. Every attempt has a folder of its own, so that an
attempt that was given up can write whatever it likes and nobody reads it.

    jobs/JOB-7/current            the launch token that may run; a supervisor with another one stops
    jobs/JOB-7/inbox/000001.json  messages to the job
    jobs/JOB-7/2/                 the second attempt: job.json, events.jsonl, outputs/, checkpoints/, log/, errors/, ...

Only the standard library is used here: the supervisor and every job import it."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRIVATE = 0o600


@dataclass(frozen=True)
class JobFolder:
    """What all attempts of a job share."""

    path: Path

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    @property
    def current(self) -> Path:
        return self.path / "current"

    def attempt(self, number: int) -> "AttemptFolder":
        return AttemptFolder(self.path / str(number))


@dataclass(frozen=True)
class AttemptFolder:
    """One attempt's files."""

    path: Path

    @property
    def job(self) -> JobFolder:
        return JobFolder(self.path.parent)

    @property
    def job_spec(self) -> Path:
        """What the job process reads."""
        return self.path / "job.json"

    @property
    def launch(self) -> Path:
        """What the supervisor reads."""
        return self.path / "launch.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def outputs(self) -> Path:
        return self.path / "outputs"

    @property
    def checkpoints(self) -> Path:
        """Moves on to the next attempt: what a given-up attempt still writes has no place to go."""
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        """What the job says to people."""
        return self.path / "log"

    @property
    def errors(self) -> Path:
        """What it and its libraries say to operators: only the worker reads it, and passes it on to its own log."""
        return self.path / "errors"

    @property
    def heartbeat(self) -> Path:
        return self.path / "heartbeat"

    @property
    def outcome(self) -> Path:
        """How the job process says it ended."""
        return self.path / "outcome.json"

    @property
    def result(self) -> Path:
        """How the supervisor saw it end; nothing of the attempt runs once this file is there."""
        return self.path / "result.json"

    @property
    def usage(self) -> Path:
        """What its processes used over its time, as the supervisor saw it."""
        return self.path / "usage.jsonl"

    def started(self, token: str) -> Path:
        """Made once for each launch token: by the supervisor that starts, or by a worker that prevents the start."""
        return self.path / f"started-{token}.json"

    def prepare(self) -> None:
        """Makes the folders, and takes over the checkpoints of the attempt before."""
        for folder in (self.job.inbox, self.outputs, self.log, self.errors):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for earlier in range(int(self.path.name) - 1, 0, -1):
            before = self.job.attempt(earlier).checkpoints
            if before.exists() and not self.checkpoints.exists():
                before.rename(self.checkpoints)
        self.checkpoints.mkdir(exist_ok=True, mode=0o700)


def write_atomically(path: Path, data: bytes) -> None:
    """The file is there whole or not at all; readable by its owner only. Nothing is left of one that could not be
    written."""
    temporary = _beside(path)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def write_if_changed(path: Path, data: bytes) -> None:
    """The same, and nothing where the file says that already, for which a full disk has space enough."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write_atomically(path, data)


def _beside(path: Path) -> Path:
    """A name in the same folder that no other process or thread has."""
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(content).encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The file's object; None when there is no such file or it is none of ours."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def place_once(path: Path, content: Mapping[str, Any]) -> bool:
    """Makes the file with its content in one step. False when it is already there, whoever made it."""
    temporary = _beside(path)
    write_json(temporary, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True
