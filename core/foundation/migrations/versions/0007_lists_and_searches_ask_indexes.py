"""Lists by state and searches ask indexes, too."""

from typing import Any

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.drop_index("ix_feature_versions_view_id")
        batch_op.create_index("ix_feature_versions_view_id", ["view_id", "version", "state"], unique=False)

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_jobs_newest_kind_state", ["kind", "state", "created_at", "id", "project", "subject"], unique=False
        )

    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.drop_index("ix_objects_kind")
        batch_op.create_index("ix_objects_owner", ["owner", "kind", "created_at", "id", "project"], unique=False)
        batch_op.create_index("ix_objects_owner_state", ["owner", "state", "updated_at"], unique=False)
        batch_op.create_index(
            "ix_objects_newest_kind", ["kind", "updated_at", "id", "title", "name", "project"], unique=False
        )

    with op.batch_alter_table("promotion_rollouts", schema=None) as batch_op:
        batch_op.drop_index("ix_promotion_rollouts_endpoint_id")
        batch_op.create_index("ix_promotion_rollouts_endpoint_id", ["endpoint_id", "state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("promotion_rollouts", schema=None) as batch_op:
        batch_op.drop_index("ix_promotion_rollouts_endpoint_id")
        batch_op.create_index("ix_promotion_rollouts_endpoint_id", ["endpoint_id"], unique=False)

    with op.batch_alter_table("objects", schema=None) as batch_op:
        batch_op.drop_index("ix_objects_newest_kind")
        batch_op.drop_index("ix_objects_owner_state")
        batch_op.drop_index("ix_objects_owner")
        batch_op.create_index("ix_objects_kind", ["kind"], unique=False)

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_newest_kind_state")

    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.drop_index("ix_feature_versions_view_id")
        batch_op.create_index("ix_feature_versions_view_id", ["view_id"], unique=False)
