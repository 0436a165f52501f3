"""Alembic runs this file for every command; the connection, with its open transaction, comes from `migrations`."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from core.foundation.columns import UtcDateTime
from core.foundation.migrations import VERSION_TABLE


def written(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """How our own column types are written into a step; False for all that Alembic writes well by itself."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, JSON):
        return "JSON_DOCUMENT"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    render_item=written,
    compare_type=True,
)
context.run_migrations()
