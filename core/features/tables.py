"""Feature views, their versions, and training sets. What a version or a training set was asked for never changes; what
became of it is written once."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, time_field


class FeatureViewRow(SQLModel, table=True):
    __tablename__ = "feature_views"
    __table_args__ = (UniqueConstraint("project", "name"),)

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    name: str
    entity: str
    keys: list[Any] = json_field(list)
    description: str
    owner: str
    created_at: datetime = time_field(index=True)


class FeatureVersionRow(SQLModel, table=True):
    __tablename__ = "feature_versions"
    __table_args__ = (UniqueConstraint("view_id", "version"),)

    id: str = Field(primary_key=True)
    view_id: str = Field(foreign_key="feature_views.id", index=True)
    version: int
    state: str
    sql: str
    sources: dict[str, Any] = json_field()
    event_time: str
    created_time: str
    ttl_seconds: int
    delay_seconds: int
    features: list[Any] = json_field(list)
    description: str
    digest: str = Field(default="", index=True)
    rows_digest: str = ""
    rows: int = 0
    notes: list[Any] = json_field(list)
    statistics: list[Any] = json_field(list)
    job_id: str = ""
    cause: str = ""
    created_by: str
    created_at: datetime = time_field()


class TrainingSetRow(SQLModel, table=True):
    """`asked` holds the splits that were asked for, `splits` those that were made."""

    __tablename__ = "training_sets"

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    name: str
    state: str
    entity: dict[str, Any] = json_field()
    uses: list[Any] = json_field(list)
    asked: list[Any] = json_field(list)
    known_at: bool
    splits: list[Any] = json_field(list)
    contract: dict[str, Any] = json_field()
    leaks: list[Any] = json_field(list)
    notes: list[Any] = json_field(list)
    digest: str = Field(default="", index=True)
    job_id: str = ""
    cause: str = ""
    requirement_id: str
    created_by: str
    created_at: datetime = time_field(index=True)
