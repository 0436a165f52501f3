"""A job as its domain orders it and as pages show it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from core.foundation.values import Value


class Resources(Value):
    """What a job needs: whole cores, MB of memory, whole GPUs, and the seconds after which an attempt is ended; 0 for
    as long as it takes."""

    cpus: Annotated[int, Field(ge=1, le=256)] = 1
    memory_mb: Annotated[int, Field(ge=128, le=4_000_000)] = 2048
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    seconds: Annotated[int, Field(ge=0, le=2_592_000)] = 0


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class JobSpec(Value):
    """Long work that a domain asks for. `payload` is what the job process reads (never a secret: it is kept in the
    database), `inputs` maps a name to the digest of a file in the store, `subject` is the object the job works for,
    `owner` the person it works for when the worker itself submits it."""

    kind: str
    project: str
    title: str
    subject: str
    payload: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    owner: str = ""
    resources: Resources = Resources()
    priority: int = 5
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 1


class Job(Value):
    """A job. `progress` lies between 0 and 1, None while unknown; `cause` says in words why it failed. `ran_seconds` is
    how long the process of its last attempt ran, by the monotonic clock beside it, `total_ran_seconds` how long those
    of all attempts did; None while that is not known."""

    id: str
    project: str
    kind: str
    title: str
    subject: str
    state: JobState
    resources: Resources
    priority: int
    attempt: int
    max_attempts: int
    progress: float | None
    stage: str
    eta_seconds: float | None
    cause: str
    cancel_requested: bool
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ran_seconds: float | None = None
    total_ran_seconds: float | None = None


class LogPart(Value):
    """A part of a job's log. `offset` is where `text` begins in bytes, `end` where the next read goes on."""

    text: str
    offset: int
    end: int
    size: int


class LogLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogLine(Value):
    number: int
    text: str
    level: LogLevel


class LogLines(Value):
    """Lines of a log: some of those that match, of which there are `matching`. The other figures are of the whole log,
    as far as it was kept."""

    lines: tuple[LogLine, ...]
    matching: int
    total: int
    warnings: int
    errors: int


class UsagePoint(Value):
    """What the processes of an attempt used: cores on average since the point before, and memory then."""

    seconds: float
    cores: float
    memory_mb: float


class Fit(Value):
    """Whether resources can be had. `verdict` is now, later or never; `advice` says in words what to do."""

    verdict: str
    advice: str
