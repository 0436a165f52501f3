"""The feature platform: imports, queries, the life of feature versions, materialization."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.foundation.columns import JSON_DOCUMENT, UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Any = None
depends_on: Any = None


SNAPSHOTS = sa.table(
    "snapshots",
    sa.column("id"),
    sa.column("file_digest"),
    sa.column("rows"),
    sa.column("bytes"),
    sa.column("files", JSON_DOCUMENT),
)
SNAPSHOT_FILES = sa.table("snapshot_files", sa.column("snapshot_id"), sa.column("digest"))
VERSIONS = sa.table(
    "feature_versions",
    sa.column("id"),
    sa.column("view_id"),
    sa.column("version"),
    sa.column("state"),
    sa.column("created_by"),
    sa.column("created_at", UtcDateTime()),
    sa.column("published_at", UtcDateTime()),
)
ALIASES = sa.table(
    "feature_aliases",
    sa.column("view_id"),
    sa.column("number"),
    sa.column("version_id"),
    sa.column("reason"),
    sa.column("changed_by"),
    sa.column("changed_at", UtcDateTime()),
)


def upgrade() -> None:
    op.create_table(
        "queries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("sql", sa.String(), nullable=False),
        sa.Column("sources", JSON_DOCUMENT, nullable=False),
        sa.Column("row_limit", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("cut", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("queries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queries_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_queries_created_by"), ["created_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_queries_project"), ["project"], unique=False)

    op.create_table(
        "saved_queries",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sql", sa.String(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name"),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", JSON_DOCUMENT, nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("choices", JSON_DOCUMENT, nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("kept", JSON_DOCUMENT, nullable=False),
        sa.Column("preview", JSON_DOCUMENT, nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_imports_dataset_id"), ["dataset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_imports_project"), ["project"], unique=False)

    op.create_table(
        "feature_aliases",
        sa.Column("view_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["feature_versions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["feature_views.id"],
        ),
        sa.PrimaryKeyConstraint("view_id", "number"),
    )
    op.create_table(
        "feature_parity",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("report", JSON_DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["feature_versions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("feature_parity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feature_parity_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_feature_parity_project"), ["project"], unique=False)
        batch_op.create_index(batch_op.f("ix_feature_parity_version_id"), ["version_id"], unique=False)

    op.create_table(
        "materializations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("watermark", UtcDateTime(), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=True),
        sa.Column("snapshots", JSON_DOCUMENT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("keys", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["feature_versions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("materializations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_materializations_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_materializations_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_materializations_project"), ["project"], unique=False)
        batch_op.create_index(batch_op.f("ix_materializations_version_id"), ["version_id"], unique=False)

    op.create_table(
        "snapshot_files",
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["snapshots.id"],
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "digest"),
    )
    with op.batch_alter_table("snapshot_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_files_digest"), ["digest"], unique=False)

    op.create_table(
        "materialized_parts",
        sa.Column("materialization_id", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("sources", sa.String(), nullable=False),
        sa.Column("rows_digest", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("newest_event", UtcDateTime(), nullable=True),
        sa.Column("newest_known", UtcDateTime(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["materialization_id"],
            ["materializations.id"],
        ),
        sa.PrimaryKeyConstraint("materialization_id", "partition"),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("form", sa.String(), server_default=sa.text("'table'"), nullable=False))
        batch_op.add_column(sa.Column("tags", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))

    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("python", sa.String(), server_default=sa.text("('')"), nullable=False))
        batch_op.add_column(sa.Column("tests", JSON_DOCUMENT, server_default=sa.text("'{}'"), nullable=False))
        batch_op.add_column(sa.Column("tags", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("checks", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("categories", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("numbers", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("until", sa.String(), server_default=sa.text("'published'"), nullable=False))
        batch_op.add_column(sa.Column("lookback_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("build_seconds", sa.Float(), server_default=sa.text("(0.0)"), nullable=False))
        batch_op.add_column(sa.Column("newest_event", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("published_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(), server_default=sa.text("('')"), nullable=False))

    with op.batch_alter_table("feature_views", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tags", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seconds", sa.Integer(), server_default=sa.text("0"), nullable=False))

    with op.batch_alter_table("snapshots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("files", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("key", JSON_DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("quarantine", sa.String(), server_default=sa.text("('')"), nullable=False))
        batch_op.add_column(sa.Column("deleted_at", UtcDateTime(), nullable=True))

    with op.batch_alter_table("training_sets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("leak_report", JSON_DOCUMENT, server_default=sa.text("'{}'"), nullable=False))
        batch_op.add_column(sa.Column("manifest", JSON_DOCUMENT, server_default=sa.text("'{}'"), nullable=False))

    carry_over()
    with op.batch_alter_table("snapshots", schema=None) as batch_op:
        batch_op.drop_column("file_digest")


def carry_over() -> None:
    """What was there goes on: the one file of each snapshot is its list of files, and the newest published version of
    each view is the one that its alias points at."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(SNAPSHOTS)).all():
        files = [{"digest": row.file_digest, "rows": row.rows, "bytes": row.bytes, "partition": ""}]
        connection.execute(sa.update(SNAPSHOTS).where(SNAPSHOTS.c.id == row.id).values(files=files))
        connection.execute(sa.insert(SNAPSHOT_FILES).values(snapshot_id=row.id, digest=row.file_digest))
    published = sa.select(VERSIONS).where(VERSIONS.c.state == "published").order_by(VERSIONS.c.version)
    for version in {row.view_id: row for row in connection.execute(published).all()}.values():
        points = {"view_id": version.view_id, "number": 1, "version_id": version.id, "reason": ""}
        change = {"changed_by": version.created_by, "changed_at": version.created_at}
        connection.execute(sa.insert(ALIASES).values(**points, **change))
    is_published = VERSIONS.c.state == "published"
    connection.execute(sa.update(VERSIONS).where(is_published).values(published_at=VERSIONS.c.created_at))


def downgrade() -> None:
    with op.batch_alter_table("training_sets", schema=None) as batch_op:
        batch_op.drop_column("manifest")
        batch_op.drop_column("leak_report")

    with op.batch_alter_table("snapshots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_digest", sa.VARCHAR(), server_default=sa.text("''"), nullable=False))
        batch_op.drop_column("deleted_at")
        batch_op.drop_column("quarantine")
        batch_op.drop_column("key")
        batch_op.drop_column("files")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("seconds")

    with op.batch_alter_table("feature_views", schema=None) as batch_op:
        batch_op.drop_column("tags")

    with op.batch_alter_table("feature_versions", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("published_at")
        batch_op.drop_column("newest_event")
        batch_op.drop_column("build_seconds")
        batch_op.drop_column("lookback_seconds")
        batch_op.drop_column("until")
        batch_op.drop_column("numbers")
        batch_op.drop_column("categories")
        batch_op.drop_column("checks")
        batch_op.drop_column("tags")
        batch_op.drop_column("tests")
        batch_op.drop_column("python")

    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("tags")
        batch_op.drop_column("form")

    op.drop_table("materialized_parts")
    with op.batch_alter_table("snapshot_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_files_digest"))

    op.drop_table("snapshot_files")
    with op.batch_alter_table("materializations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_materializations_version_id"))
        batch_op.drop_index(batch_op.f("ix_materializations_project"))
        batch_op.drop_index(batch_op.f("ix_materializations_due_at"))
        batch_op.drop_index(batch_op.f("ix_materializations_created_at"))

    op.drop_table("materializations")
    with op.batch_alter_table("feature_parity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feature_parity_version_id"))
        batch_op.drop_index(batch_op.f("ix_feature_parity_project"))
        batch_op.drop_index(batch_op.f("ix_feature_parity_created_at"))

    op.drop_table("feature_parity")
    op.drop_table("feature_aliases")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imports_project"))
        batch_op.drop_index(batch_op.f("ix_imports_dataset_id"))
        batch_op.drop_index(batch_op.f("ix_imports_created_at"))

    op.drop_table("imports")
    op.drop_table("saved_queries")
    with op.batch_alter_table("queries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_queries_project"))
        batch_op.drop_index(batch_op.f("ix_queries_created_by"))
        batch_op.drop_index(batch_op.f("ix_queries_created_at"))

    op.drop_table("queries")
