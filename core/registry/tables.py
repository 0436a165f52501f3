"""Models and versions, the evidence about them, and what MLflow still has to get."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field
from core.foundation.objects import ObjectRow, catalog_entry


class ModelRow(SQLModel, table=True):
    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("project", "name"), *newest_first("models"))

    id: str = Field(primary_key=True)
    project: str
    name: str
    description: str
    owner: str
    created_at: datetime = time_field()
    entry: ObjectRow = catalog_entry("ModelRow")


class VersionRow(SQLModel, table=True):
    """A version. All but `state`, `card` and `evaluations` is written once."""

    __tablename__ = "model_versions"
    __table_args__ = (
        UniqueConstraint("model_id", "version"),
        UniqueConstraint("model_id", "digest"),
        *newest_first("model_versions", "model_id"),
    )

    id: str = Field(primary_key=True)
    model_id: str = Field(foreign_key="models.id")
    model: str
    project: str
    version: int
    state: str
    digest: str = Field(index=True)
    model_digest: str
    bytes: int
    signature: dict[str, Any] = json_field()
    params: dict[str, Any] = json_field()
    evaluations: list[Any] = json_field(list)
    run_id: str = Field(index=True)
    training_set_id: str
    feature_versions: list[Any] = json_field(list)
    requirement_id: str
    code_commit: str
    environment: dict[str, Any] = json_field()
    card: str
    created_by: str
    created_at: datetime = time_field()
    entry: ObjectRow = catalog_entry("VersionRow")


class EvidenceRow(SQLModel, table=True):
    """`document` is the text that was digested; what is shown of the evidence is read from it."""

    __tablename__ = "evidence"
    __table_args__ = newest_first("evidence", "subject", "kind")

    id: str = Field(primary_key=True)
    project: str
    kind: str
    subject: str
    digest: str
    document: str
    source: str
    created_by: str
    created_at: datetime = time_field()


class MirrorRow(SQLModel, table=True):
    """What MLflow calls a run of ours."""

    __tablename__ = "mlflow_runs"

    run_id: str = Field(primary_key=True)
    mlflow_run: str


class OutboxRow(SQLModel, table=True):
    """A message for MLflow, gone once delivered. `problem` is set when MLflow refused it for good."""

    __tablename__ = "mlflow_outbox"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    message: dict[str, Any] = json_field()
    claimed_until: datetime | None = time_field(nullable=True)
    problem: str = ""
    created_at: datetime = time_field()
