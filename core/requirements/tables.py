"""Goals and what would prove them reached."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, time_field


class RequirementRow(SQLModel, table=True):
    __tablename__ = "requirements"

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    title: str
    goal: str
    business_metric: str
    criteria: list[Any] = json_field(list)
    owner: str
    state: str
    created_at: datetime = time_field(index=True)
