"""The audit log. `body` is what was hashed; the other columns repeat it for searching and are checked against it."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.foundation.columns import time_field


class AuditRow(SQLModel, table=True):
    __tablename__ = "audit_events"
    # Each holds the order of the log, so that the newest of them are found without sorting; the first one is for pages
    # far behind, which are counted off without reading the events.
    __table_args__ = (
        Index("ix_audit_events_newest", "seq", "action", "outcome"),
        Index("ix_audit_events_newest_actor", "actor", "seq", "action", "outcome"),
        *(Index(f"ix_audit_events_newest_{name}", name, "seq") for name in ("action", "subject", "project")),
        Index("ix_audit_events_subject_action", "subject", "action"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    time: datetime = time_field()
    actor: str
    action: str
    outcome: str
    subject: str
    project: str
    body: str
    hash: str
