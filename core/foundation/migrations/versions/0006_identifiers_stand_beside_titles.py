"""Identifiers stand beside titles."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Any = None
depends_on: Any = None

# Until now the title of such an object was its identifier.
KINDS = (
    "dataset",
    "snapshot",
    "feature_view",
    "feature_version",
    "training_set",
    "model",
    "model_version",
    "endpoint",
)


def upgrade() -> None:
    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(), server_default="", nullable=False))
        batch_op.create_index("ix_objects_kind_name", ["kind", "name"], unique=False)
    objects = sa.table("objects", sa.column("kind"), sa.column("title"), sa.column("name"))
    op.execute(objects.update().where(objects.c.kind.in_(KINDS)).values(name=objects.c.title))


def downgrade() -> None:
    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.drop_index("ix_objects_kind_name")
        batch_op.drop_column("name")
