"""Jobs, and the duties that one worker at a time does. A running job belongs to its owner until `lease_until`, which is
database time; whoever writes names owner and attempt in the WHERE clause."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field


class JobRow(SQLModel, table=True):
    __tablename__ = "jobs"
    __table_args__ = (
        *newest_first("jobs", "state", "kind", "subject"),
        # What belongs to a kind of job is listed by the job's state.
        Index("ix_jobs_newest_kind_state", "kind", "state", "created_at", "id", "project", "subject"),
    )

    id: str = Field(primary_key=True)
    project: str
    kind: str
    title: str
    subject: str
    payload: dict[str, Any] = json_field()
    inputs: dict[str, Any] = json_field()
    cpus: int
    memory_mb: int
    gpus: int
    seconds: int = 0
    devices: list[Any] = json_field(list)
    priority: int
    max_attempts: int
    state: str
    attempt: int = 0
    first_attempt: int = 0
    owner: str = ""
    lease_until: datetime | None = time_field(nullable=True)
    launch_token: str = ""
    run_after: datetime = time_field()
    cancel_requested: bool = False
    progress: float | None = None
    stage: str = ""
    eta_seconds: float | None = None
    cause: str = ""
    events_offset: int = 0
    requested_by: str
    created_at: datetime = time_field()
    started_at: datetime | None = time_field(nullable=True)
    ended_at: datetime | None = time_field(nullable=True)
    ran_seconds: float | None = None
    total_ran_seconds: float | None = None


class DutyRow(SQLModel, table=True):
    __tablename__ = "duties"

    name: str = Field(primary_key=True)
    owner: str
    lease_until: datetime = time_field()
