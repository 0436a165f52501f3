"""Jobs say how long all their attempts ran."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("total_ran_seconds", sa.Float(), nullable=True))
    op.execute("UPDATE jobs SET total_ran_seconds = ran_seconds WHERE attempt = 1")


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("total_ran_seconds")
