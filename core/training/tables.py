"""Runs and their metrics. State, progress and cause are the job's; what lists sort and filter by has a column here."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, time_field


class RunRow(SQLModel, table=True):
    """A run. From `evaluations` on the columns are filled when it has succeeded."""

    __tablename__ = "runs"

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    title: str
    recipe: str = Field(index=True)
    training_set_id: str = Field(index=True)
    params: dict[str, Any] = json_field()
    seed: int
    requirement_id: str
    sweep_id: str = Field(index=True)
    job_id: str = Field(foreign_key="jobs.id", index=True)
    requested_by: str
    created_at: datetime = time_field(index=True)
    metrics: dict[str, Any] = json_field()
    validation_log_loss: float | None = Field(default=None, index=True)
    validation_auc: float | None = Field(default=None, index=True)
    evaluations: list[Any] = json_field(list)
    manifest: str = ""
    model_digest: str = ""
    environment: dict[str, Any] = json_field()
    code_commit: str = ""
    seconds: dict[str, Any] = json_field()
    version_id: str = Field(default="", index=True)


class RunMetricRow(SQLModel, table=True):
    """A point of a metric's history. Told twice, it is there once."""

    __tablename__ = "run_metrics"

    run_id: str = Field(primary_key=True, foreign_key="runs.id")
    name: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    value: float
