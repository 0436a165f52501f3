"""Jobs and trials say how long they ran."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    for table in ("jobs", "trials"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("ran_seconds", sa.Float(), nullable=True))


def downgrade() -> None:
    for table in ("jobs", "trials"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("ran_seconds")
