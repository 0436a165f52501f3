"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive datetimes are refused; what is read carries UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSON_DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


def time_field(*, index: bool = False, nullable: bool = False, default: Any = ...) -> Any:
    """A SQLModel field that holds an instant; with `nullable` its default is None."""
    if nullable:
        return Field(default=None, sa_type=UtcDateTime, index=index, nullable=True)
    return Field(default=default, sa_type=UtcDateTime, index=index, nullable=False)


def json_field(default_factory: Callable[[], Any] = dict) -> Any:
    """A SQLModel field that holds a JSON document."""
    return Field(default_factory=default_factory, sa_type=JSON_DOCUMENT, nullable=False)
