"""Alembic runs this file for every command; the connection, with its open transaction, comes from `migrations`."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from alembic import context
from alembic.operations.ops import AddColumnOp, MigrateOperation, MigrationScript
from sqlalchemy import JSON, Column, DefaultClause, text
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


def keep_rows(_context: Any, _revision: Any, scripts: list[MigrationScript]) -> None:
    """A new column that may not be null gets the default of the code in the rows that are there."""
    for operation in (step for script in scripts for steps in script.upgrade_ops_list for step in below(steps)):
        column = operation.column if isinstance(operation, AddColumnOp) else None
        if column is not None and not column.nullable and column.default is not None:
            column.server_default = DefaultClause(text(default_of(column)))


def below(operation: MigrateOperation) -> Iterator[MigrateOperation]:
    for child in getattr(operation, "ops", ()):
        yield child
        yield from below(child)


def default_of(column: Column[Any]) -> str:
    """The default of a column as SQL: a literal, or an empty document."""
    default: Any = column.default
    value = default.arg(None) if default.is_callable else default.arg
    plain = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return "'" + plain.replace("'", "''") + "'" if isinstance(value, str | dict | list) else plain.lower()


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    render_item=written,
    compare_type=True,
    process_revision_directives=keep_rows,
)
context.run_migrations()
