"""What runs are searched by: their parameters and metrics one a row, tags, stars, and the views that people keep."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.foundation.columns import time_field


class RunValueRow(SQLModel, table=True):
    """A parameter or the last value of a metric of a run. A number has its text, too."""

    __tablename__ = "run_values"
    __table_args__ = (
        Index("ix_run_values_number", "field", "number", "run_id", "project"),
        Index("ix_run_values_text", "field", "text", "run_id", "project"),
    )

    run_id: str = Field(primary_key=True, foreign_key="runs.id")
    field: str = Field(primary_key=True)
    project: str
    number: float | None = None
    text: str


class RunFieldRow(SQLModel, table=True):
    """Which parameters and metrics the runs of a project have."""

    __tablename__ = "run_fields"

    project: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    is_number: bool


class RunTagRow(SQLModel, table=True):
    __tablename__ = "run_tags"
    __table_args__ = (Index("ix_run_tags_tag", "tag", "run_id", "project"),)

    run_id: str = Field(primary_key=True, foreign_key="runs.id")
    tag: str = Field(primary_key=True)
    project: str


class RunStarRow(SQLModel, table=True):
    """A run that somebody wants to find again."""

    __tablename__ = "run_stars"

    person_id: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True, foreign_key="runs.id")


class RunViewRow(SQLModel, table=True):
    """A view that somebody keeps: what the address says after its question mark."""

    __tablename__ = "run_views"

    person_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    address: str
    saved_at: datetime = time_field()
