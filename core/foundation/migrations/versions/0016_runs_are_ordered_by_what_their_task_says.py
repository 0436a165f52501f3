"""Runs are ordered by what their task says."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Any = None
depends_on: Any = None
FIGURES = ("validation_log_loss", "validation_auc")


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("task", sa.String(), server_default="binary", nullable=False))
        for figure in FIGURES:
            batch_op.drop_index(f"ix_runs_{figure}")
            batch_op.drop_index(f"ix_runs_{figure}_project")
        batch_op.alter_column("validation_log_loss", new_column_name="validation_loss")
        batch_op.drop_column("validation_auc")
    _index("validation_loss")
    of_a_set = ["training_set_id", "validation_loss", "created_at", "id", "project"]
    op.create_index("ix_runs_validation_loss_training_set_id", "runs", of_a_set, unique=False)


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_validation_loss")
        batch_op.drop_index("ix_runs_validation_loss_project")
        batch_op.drop_index("ix_runs_validation_loss_training_set_id")
        batch_op.alter_column("validation_loss", new_column_name="validation_log_loss")
        batch_op.add_column(sa.Column("validation_auc", sa.Float(), nullable=True))
        batch_op.drop_column("task")
    for figure in FIGURES:
        _index(figure)


def _index(figure: str) -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(f"ix_runs_{figure}", [figure, "created_at", "id", "project"], unique=False)
        batch_op.create_index(f"ix_runs_{figure}_project", ["project", figure, "created_at", "id"], unique=False)
