"""Versions say from when on all their rows are known."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.foundation.columns import UtcDateTime

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("newest_known", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.drop_column("newest_known")
