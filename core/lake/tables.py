"""Datasets and their snapshots. A snapshot's row is written once and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field
from core.foundation.objects import ObjectRow, catalog_entry


class DatasetRow(SQLModel, table=True):
    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("project", "name"),)

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    name: str
    description: str
    owner: str
    created_at: datetime = time_field(index=True)
    form: str = "table"
    tags: list[Any] = json_field(list)
    entry: ObjectRow = catalog_entry("DatasetRow")


class SnapshotRow(SQLModel, table=True):
    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)

    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="datasets.id", index=True)
    version: int
    digest: str = Field(index=True)
    files: list[Any] = json_field(list)
    rows: int
    bytes: int
    columns: list[Any] = json_field(list)
    report: dict[str, Any] = json_field()
    profile: list[Any] = json_field(list)
    created_by: str
    created_at: datetime = time_field()
    key: list[Any] = json_field(list)
    quarantine: str = ""
    deleted_at: datetime | None = time_field(nullable=True)
    entry: ObjectRow = catalog_entry("SnapshotRow")


class SnapshotFileRow(SQLModel, table=True):
    """Which snapshots hold a file of the store, so that no file goes while one of them needs it."""

    __tablename__ = "snapshot_files"

    snapshot_id: str = Field(primary_key=True, foreign_key="snapshots.id")
    digest: str = Field(primary_key=True, index=True)


class ImportRow(SQLModel, table=True):
    """An import. `kept` is what the job made, ready to become a snapshot when it is confirmed."""

    __tablename__ = "imports"
    __table_args__ = newest_first("imports", "dataset_id", holding=("state",))

    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="datasets.id")
    project: str
    state: str
    source: dict[str, Any] = json_field()
    mode: str
    choices: dict[str, Any] = json_field()
    confirm: bool = False
    kept: dict[str, Any] = json_field()
    preview: dict[str, Any] = json_field()
    snapshot_id: str = ""
    job_id: str = ""
    cause: str = ""
    created_by: str
    created_at: datetime = time_field()


class QueryRow(SQLModel, table=True):
    """One run of a query. `deadline` is when its process is surely ended; later than that it was lost."""

    __tablename__ = "queries"
    __table_args__ = newest_first("queries", "created_by")

    id: str = Field(primary_key=True)
    project: str
    sql: str
    sources: dict[str, Any] = json_field()
    row_limit: int
    state: str
    rows: int = 0
    cut: bool = False
    seconds: float = 0.0
    cause: str = ""
    line: int = 0
    result: str = ""
    deadline: datetime = time_field()
    created_by: str
    created_at: datetime = time_field()


class SavedQueryRow(SQLModel, table=True):
    """A query under a name."""

    __tablename__ = "saved_queries"

    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sql: str
    saved_by: str
    saved_at: datetime = time_field()
