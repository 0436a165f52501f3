"""Feature views, their versions, and training sets. What a version or a training set was asked for never changes; what
became of it is written once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field
from core.foundation.objects import ObjectRow, catalog_entry


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
    tags: list[Any] = json_field(list)
    entry: ObjectRow = catalog_entry("FeatureViewRow")


class AliasRow(SQLModel, table=True):
    """Where a view's alias pointed, and since when; the newest period is where it points now."""

    __tablename__ = "feature_aliases"

    view_id: str = Field(primary_key=True, foreign_key="feature_views.id")
    number: int = Field(primary_key=True)
    version_id: str = Field(foreign_key="feature_versions.id")
    reason: str
    changed_by: str
    changed_at: datetime = time_field()


class FeatureVersionRow(SQLModel, table=True):
    __tablename__ = "feature_versions"
    __table_args__ = (
        UniqueConstraint("view_id", "version"),
        # Versions of a view are counted by their state.
        Index("ix_feature_versions_view_id", "view_id", "version", "state"),
    )

    id: str = Field(primary_key=True)
    view_id: str = Field(foreign_key="feature_views.id")
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
    python: str = ""
    tests: dict[str, Any] = json_field()
    tags: list[Any] = json_field(list)
    checks: list[Any] = json_field(list)
    categories: list[Any] = json_field(list)
    numbers: list[Any] = json_field(list)
    until: str = "published"
    lookback_seconds: int = 0
    build_seconds: float = 0.0
    newest_event: datetime | None = time_field(nullable=True)
    newest_known: datetime | None = time_field(nullable=True)
    published_at: datetime | None = time_field(nullable=True)
    reason: str = ""
    entry: ObjectRow = catalog_entry("FeatureVersionRow")


class MaterializationRow(SQLModel, table=True):
    """A schedule to keep a feature version's newest rows in the online store. `watermark` is the newest event
    time that was put, `as_of` the instant of the last run: all that was known by then is in the store. `snapshots` are
    what that run read, by the names of the sources; `every_seconds` 0 means by hand."""

    __tablename__ = "materializations"
    __table_args__ = newest_first("materializations")

    id: str = Field(primary_key=True)
    project: str
    version_id: str = Field(foreign_key="feature_versions.id", index=True)
    state: str
    every_seconds: int
    due_at: datetime | None = time_field(nullable=True, index=True)
    watermark: datetime | None = time_field(nullable=True)
    as_of: datetime | None = time_field(nullable=True)
    snapshots: dict[str, Any] = json_field()
    rows: int = 0
    keys: int = 0
    job_id: str = ""
    cause: str = ""
    finished_at: datetime | None = time_field(nullable=True)
    created_by: str
    created_at: datetime = time_field()


class MaterializedPartRow(SQLModel, table=True):
    """The rows of one window of event time that a materialization computed, and the source files they came from."""

    __tablename__ = "materialized_parts"

    materialization_id: str = Field(primary_key=True, foreign_key="materializations.id")
    partition: str = Field(primary_key=True)
    sources: str
    rows_digest: str
    rows: int
    newest_event: datetime | None = time_field(nullable=True)
    newest_known: datetime | None = time_field(nullable=True)
    made_at: datetime = time_field()


class FeatureParityRow(SQLModel, table=True):
    """A parity report of a feature version: what the online store answers against the point-in-time join."""

    __tablename__ = "feature_parity"
    __table_args__ = newest_first("feature_parity", "version_id")

    id: str = Field(primary_key=True)
    project: str
    version_id: str = Field(foreign_key="feature_versions.id")
    state: str
    verdict: str = ""
    report: dict[str, Any] = json_field()
    digest: str = ""
    job_id: str = ""
    cause: str = ""
    created_by: str
    created_at: datetime = time_field()


class TrainingSetRow(SQLModel, table=True):
    """`asked` holds the splits that were asked for: a list of windows, or the shares. `splits` are those that were
    made."""

    __tablename__ = "training_sets"
    __table_args__ = newest_first("training_sets", holding=("state",))

    id: str = Field(primary_key=True)
    project: str
    name: str
    state: str
    entity: dict[str, Any] = json_field()
    uses: list[Any] = json_field(list)
    asked: list[Any] | dict[str, Any] = json_field(list)
    known_at: bool
    splits: list[Any] = json_field(list)
    contract: dict[str, Any] = json_field()
    leaks: list[Any] = json_field(list)
    notes: list[Any] = json_field(list)
    leak_report: dict[str, Any] = json_field()
    manifest: dict[str, Any] = json_field()
    digest: str = Field(default="", index=True)
    job_id: str = ""
    cause: str = ""
    requirement_id: str
    created_by: str
    created_at: datetime = time_field()
    entry: ObjectRow = catalog_entry("TrainingSetRow")
