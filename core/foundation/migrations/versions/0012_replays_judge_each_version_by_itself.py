"""Replays judge each version by itself."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.foundation.columns import JSON_DOCUMENT

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("replays", schema=None) as batch_op:
        batch_op.add_column(sa.Column("figures", JSON_DOCUMENT, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("replays", schema=None) as batch_op:
        batch_op.drop_column("figures")
