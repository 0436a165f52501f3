"""The parameters and metrics of a run, one a row, as lists filter and sort by them."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from core.training.values import Run
from core.training.workspace.tables import RunFieldRow, RunValueRow
from core.training.workspace.values import METRICS, PARAMS

LONGEST = 200


def write_values(session: Session, run_id: str, *, project: str, prefix: str, values: Mapping[str, Any]) -> None:
    """What a run has now; what it had before under these names is overwritten."""
    rows = session.exec(select(RunValueRow).where(RunValueRow.run_id == run_id)).all()
    known = {row.field: row for row in rows}
    for name, value in values.items():
        if value is None:
            continue
        field, number = f"{prefix}{name}", number_of(value)
        row = known.get(field) or RunValueRow(run_id=run_id, field=field, project=project, text="")
        row.number, row.text = number, text_of(value)
        session.add(row)
        if field not in known and session.get(RunFieldRow, (project, field)) is None:
            session.add(RunFieldRow(project=project, field=field, is_number=number is not None))
            session.flush()


def write_params(session: Session, run: Run) -> None:
    write_values(session, run.id, project=run.project, prefix=PARAMS, values={**run.params, "seed": run.seed})


def write_metrics(session: Session, run_id: str, *, project: str, metrics: Mapping[str, float]) -> None:
    write_values(session, run_id, project=project, prefix=METRICS, values=metrics)


def number_of(value: object) -> float | None:
    """None for what is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_of(value: object) -> str:
    """As somebody would type it: 0.05, true, [64, 32]."""
    if isinstance(value, bool):
        return str(value).lower()
    return (f"{value:.12g}" if isinstance(value, float) else str(value))[:LONGEST]
