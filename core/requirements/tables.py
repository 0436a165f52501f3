"""Goals and what would prove them reached."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field


class RequirementRow(SQLModel, table=True):
    __tablename__ = "requirements"
    __table_args__ = newest_first("requirements", holding=("state",))

    id: str = Field(primary_key=True)
    project: str
    title: str
    goal: str
    business_metric: str
    criteria: list[Any] = json_field(list)
    owner: str
    state: str
    created_at: datetime = time_field()
