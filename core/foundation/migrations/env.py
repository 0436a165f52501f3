"""Alembic runs this file for every command; the connection, with its open transaction, comes from `migrations`."""

from alembic import context
from sqlmodel import SQLModel

from core.foundation.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
