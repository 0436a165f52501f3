"""Runs and their metrics. State, progress and cause are the job's; what lists sort and filter by has a column here."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import best_first, json_field, newest_first, time_field
from core.tasks.values import BINARY


class RunRow(SQLModel, table=True):
    """A run. From `evaluations` on the columns are filled when it has succeeded; `validation_loss` is the figure of its
    task's leading metric on the validation rows, turned so that less is better."""

    __tablename__ = "runs"
    __table_args__ = (
        *newest_first("runs", "recipe", "training_set_id", "sweep_id"),
        *best_first("runs", "validation_loss", "training_set_id"),
    )

    id: str = Field(primary_key=True)
    project: str
    title: str
    recipe: str
    training_set_id: str
    params: dict[str, Any] = json_field()
    seed: int
    task: str = Field(default=BINARY, sa_column_kwargs={"server_default": BINARY})
    requirement_id: str
    sweep_id: str
    job_id: str = Field(foreign_key="jobs.id", index=True)
    requested_by: str
    created_at: datetime = time_field()
    metrics: dict[str, Any] = json_field()
    validation_loss: float | None = None
    evaluations: list[Any] = json_field(list)
    manifest: str = ""
    model_digest: str = ""
    environment: dict[str, Any] = json_field()
    code_commit: str = ""
    seconds: dict[str, Any] = json_field()
    judgement: dict[str, Any] = json_field()
    alarms: list[Any] = json_field(list)
    version_id: str = Field(default="", index=True)
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})


class RunMetricRow(SQLModel, table=True):
    """A point of a metric's history. Reported twice, it is there once."""

    __tablename__ = "run_metrics"

    run_id: str = Field(primary_key=True, foreign_key="runs.id")
    name: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    value: float
