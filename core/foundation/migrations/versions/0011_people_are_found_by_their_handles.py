"""People and service accounts are found by their handles, as other objects are by their identifiers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Any = None
depends_on: Any = None

KINDS = ("person", "service_account")
OBJECTS = sa.table("objects", sa.column("id"), sa.column("kind"), sa.column("name"))


def upgrade() -> None:
    people = sa.table("people", sa.column("id"), sa.column("handle"))
    handle = sa.select(people.c.handle).where(people.c.id == OBJECTS.c.id).scalar_subquery()
    op.execute(OBJECTS.update().where(OBJECTS.c.kind.in_(KINDS)).values(name=sa.func.coalesce(handle, "")))


def downgrade() -> None:
    op.execute(OBJECTS.update().where(OBJECTS.c.kind.in_(KINDS)).values(name=""))
