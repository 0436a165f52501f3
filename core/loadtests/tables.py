"""Load tests and what each of their seconds showed."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field


class LoadTestRow(SQLModel, table=True):
    """`report` is empty until there is one, `windows` names the file of what the generator saw."""

    __tablename__ = "load_tests"
    __table_args__ = newest_first("load_tests", "endpoint_id", "version_id", holding=("state",))

    id: str = Field(primary_key=True)
    project: str
    endpoint_id: str = Field(foreign_key="endpoints.id")
    endpoint: str
    environment: str
    version_id: str = Field(foreign_key="model_versions.id")
    digest: str
    plan: dict[str, Any] = json_field()
    slo: dict[str, Any] = json_field()
    split: str
    state: str
    cause: str = ""
    report: dict[str, Any] = json_field()
    windows: str = ""
    job_id: str = ""
    evidence_id: str = ""
    requested_by: str
    confirmed_by: str = ""
    created_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)


class LoadTestSecondRow(SQLModel, table=True):
    __tablename__ = "load_test_seconds"

    test_id: str = Field(primary_key=True, foreign_key="load_tests.id")
    second: int = Field(primary_key=True)
    point: dict[str, Any] = json_field()
