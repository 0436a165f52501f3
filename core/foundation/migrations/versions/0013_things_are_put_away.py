"""Things are archived and deleted."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("put_away", sa.String(), server_default="", nullable=False))
        batch_op.create_index("ix_objects_put_away", ["put_away", "kind", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.drop_index("ix_objects_put_away")
        batch_op.drop_column("put_away")
