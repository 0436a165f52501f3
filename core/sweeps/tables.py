"""Sweeps and their trials. These tables are the truth; a study is built from them."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field


class SweepRow(SQLModel, table=True):
    """`job_ids` are the workers ordered so far, `run_ids` the runs of the confirmation, `confirmation` and
    `importances` what is known at the end."""

    __tablename__ = "sweeps"
    __table_args__ = newest_first("sweeps", "training_set_id", "state")

    id: str = Field(primary_key=True)
    project: str
    title: str
    recipe: str
    training_set_id: str
    requirement_id: str = ""
    state: str
    space: dict[str, Any] = json_field()
    warnings: list[Any] = json_field(list)
    base_params: dict[str, Any] = json_field()
    confirm_params: dict[str, Any] = json_field()
    metric: str
    split: str
    sampler: str
    pruner: str
    trials: int
    workers: int
    seed: int
    confirm_seeds: int
    job_ids: list[Any] = json_field(list)
    run_ids: list[Any] = json_field(list)
    confirmation: dict[str, Any] = json_field()
    importances: dict[str, Any] = json_field()
    cause: str = ""
    requested_by: str
    created_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)


class TrialRow(SQLModel, table=True):
    """`acknowledged` once the worker has said that it began. `retried` once another trial has taken its place."""

    __tablename__ = "trials"

    sweep_id: str = Field(primary_key=True, foreign_key="sweeps.id")
    number: int = Field(primary_key=True)
    state: str
    params: dict[str, Any] = json_field()
    value: float | None = None
    steps: list[Any] = json_field(list)
    job_id: str = ""
    cause: str = ""
    retry_of: int | None = None
    retried: bool = False
    acknowledged: bool = False
    started_at: datetime | None = time_field(nullable=True)
    ended_at: datetime | None = time_field(nullable=True)
    ran_seconds: float | None = None
