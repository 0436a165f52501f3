"""The audit log. `body` is what was hashed; the other columns repeat it for searching and are checked against it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.foundation.columns import time_field


class AuditRow(SQLModel, table=True):
    __tablename__ = "audit_events"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    time: datetime = time_field(index=True)
    actor: str = Field(index=True)
    action: str = Field(index=True)
    outcome: str
    subject: str = Field(index=True)
    project: str = Field(index=True)
    body: str
    hash: str
