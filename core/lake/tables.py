"""Datasets and their snapshots. A snapshot's row is written once and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, time_field


class DatasetRow(SQLModel, table=True):
    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("project", "name"),)

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    name: str
    description: str
    owner: str
    created_at: datetime = time_field(index=True)


class SnapshotRow(SQLModel, table=True):
    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)

    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="datasets.id", index=True)
    version: int
    digest: str = Field(index=True)
    file_digest: str
    rows: int
    bytes: int
    columns: list[Any] = json_field(list)
    report: dict[str, Any] = json_field()
    profile: list[Any] = json_field(list)
    created_by: str
    created_at: datetime = time_field()
