"""Runs are searched by parameters and metrics."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Any = None
depends_on: Any = None
TABLES = ("run_views", "run_stars", "run_tags", "run_fields", "run_values")


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(), server_default="", nullable=False))
    text = sa.String()
    op.create_table(
        "run_values",
        _key(),
        sa.Column("field", text, primary_key=True, nullable=False),
        _project(),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("text", text, nullable=False),
    )
    op.create_table(
        "run_fields",
        sa.Column("project", text, primary_key=True, nullable=False),
        sa.Column("field", text, primary_key=True, nullable=False),
        sa.Column("is_number", sa.Boolean(), nullable=False),
    )
    op.create_table("run_tags", _key(), sa.Column("tag", text, primary_key=True, nullable=False), _project())
    op.create_table("run_stars", sa.Column("person_id", text, primary_key=True, nullable=False), _key())
    op.create_table(
        "run_views",
        sa.Column("person_id", text, primary_key=True, nullable=False),
        sa.Column("name", text, primary_key=True, nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
    _fill()
    op.create_index("ix_run_values_number", "run_values", ["field", "number", "run_id", "project"], unique=False)
    op.create_index("ix_run_values_text", "run_values", ["field", "text", "run_id", "project"], unique=False)
    op.create_index("ix_run_tags_tag", "run_tags", ["tag", "run_id", "project"], unique=False)


def _key() -> sa.Column[Any]:
    return sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), primary_key=True, nullable=False)


def _project() -> sa.Column[Any]:
    return sa.Column("project", sa.String(), nullable=False)


def _fill() -> None:
    """The runs that there are get what new ones have from their start."""
    connection = op.get_bind()
    values = sa.table("run_values", *(sa.column(name) for name in ("run_id", "field", "project", "number", "text")))
    fields = sa.table("run_fields", *(sa.column(name) for name in ("project", "field", "is_number")))
    known: dict[tuple[str, str], bool] = {}
    runs = connection.execute(sa.text("SELECT id, project, params, metrics, evaluations, seed FROM runs"))
    for run_id, project, *columns, seed in runs.all():
        params, metrics, evaluations = (json.loads(it) if isinstance(it, str) else it for it in columns)
        rows = _rows(params, metrics, evaluations, seed)
        about = {"run_id": run_id, "project": project}
        connection.execute(sa.insert(values), [{**row, **about} for row in rows])
        known |= {(project, str(row["field"])): row["number"] is not None for row in rows}
    if known:
        rows = [{"project": project, "field": field, "is_number": is_it} for (project, field), is_it in known.items()]
        connection.execute(sa.insert(fields), rows)


def _rows(params: dict[str, Any], metrics: dict[str, Any], evaluations: list[Any], seed: int) -> list[dict[str, Any]]:
    judged = {
        f"{evaluation['holdout_name']}_{name}": figure["value"]
        for evaluation in evaluations
        for name, figure in evaluation["metrics"].items()
    }
    named = {f"params.{name}": value for name, value in {**params, "seed": seed}.items()}
    named |= {f"metrics.{name}": value for name, value in {**metrics, **judged}.items()}
    return [_row(field, value) for field, value in named.items() if value is not None]


def _row(field: str, value: Any) -> dict[str, Any]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value).lower() if isinstance(value, bool) else f"{value:.12g}" if isinstance(value, float) else value
    return {"field": field, "number": float(value) if is_number else None, "text": str(text)[:200]}


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("note")
