"""Runs are judged beside a baseline."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.foundation.columns import JSON_DOCUMENT

revision: str = "0019"
down_revision: str | None = "0017"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("judgement", JSON_DOCUMENT, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("alarms", JSON_DOCUMENT, server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("alarms")
        batch_op.drop_column("judgement")
