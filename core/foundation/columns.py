"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Index
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


def newest_first(table: str, *by: str, holding: tuple[str, ...] = ()) -> tuple[Index, ...]:
    """The indexes of a list that shows the newest first: of all rows, and of those with one value in a column of `by`.
    They hold all that the list counts and cuts by, so that a page far behind reads no row but its own; `holding` names
    what else it is filtered by."""
    included = ("project", *(name for name in (*by, *holding) if name != "project"))
    indexes = [Index(f"ix_{table}_newest", "created_at", "id", *included)]
    for name in ("project", *by):
        others = [other for other in included if other != name]
        indexes.append(Index(f"ix_{table}_newest_{name}", name, "created_at", "id", *others))
    return tuple(indexes)


def best_first(table: str, figure: str, *by: str) -> tuple[Index, ...]:
    """The indexes of a list that is ordered by a figure and shows the newest of equals first: of all rows, of those of
    a project, and of those with one value in a column of `by`."""
    return (
        Index(f"ix_{table}_{figure}", figure, "created_at", "id", "project"),
        Index(f"ix_{table}_{figure}_project", "project", figure, "created_at", "id"),
        *(Index(f"ix_{table}_{figure}_{name}", name, figure, "created_at", "id", "project") for name in by),
    )


def json_field(default_factory: Callable[[], Any] = dict) -> Any:
    """A SQLModel field that holds a JSON document."""
    return Field(default_factory=default_factory, sa_type=JSON_DOCUMENT, nullable=False)
