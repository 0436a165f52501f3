"""The audit log. `body` is what was hashed; the other columns repeat it for searching and are checked against it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

from core.audit.verify import json_object
from core.foundation.columns import UtcDateTime

UNREADABLE = datetime(1, 1, 1, tzinfo=UTC)


class RecordedTime(UtcDateTime):
    """An instant. One that somebody has damaged reads as the first of the year 1, so that a log with it in can be
    shown; a verification names it."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        read = super().result_processor(dialect, coltype)

        def tolerant(value: Any) -> Any:
            try:
                return read(value) if read else value
            except (ValueError, TypeError):
                return UNREADABLE

        return tolerant


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
    time: datetime = Field(sa_type=RecordedTime, nullable=False)
    actor: str
    action: str
    outcome: str
    subject: str
    project: str
    body: str
    hash: str


def details_of(body: str) -> dict[str, Any]:
    """What an event says beside its columns; nothing where somebody has damaged it."""
    details = (json_object(body) or {}).get("details")
    return details if isinstance(details, dict) else {}
