"""Groups of runs over a whole list: how many runs each has, and how far their figures reach, whatever part of the list
is on a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from core.training.tables import RunRow
from core.training.workspace.tables import RunTagRow, RunValueRow
from core.training.workspace.values import FigureRange, GroupedBy, RunGroup

COLUMNS = {GroupedBy.SWEEP: "sweep_id", GroupedBy.RECIPE: "recipe", GroupedBy.TRAINING_SET: "training_set_id"}


def groups_of(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    *,
    by: GroupedBy,
    names: Sequence[str],
    fields: Sequence[str],
) -> tuple[RunGroup, ...]:
    """Those of the `names` that have a run which meets all conditions, with the figures of these fields."""
    key = _key(by)
    inside = [*where, key.in_(names)]
    counts = session.connection().execute(select(key, func.count()).select_from(RunRow).where(*inside).group_by(key))
    figures = _figures(session, key, inside=inside, fields=fields) if fields else {}
    return tuple(RunGroup(name=name, runs=count, figures=figures.get(name, {})) for name, count in counts)


def _key(by: GroupedBy) -> Any:
    """A run with several tags is in the group of the first of them."""
    if by is not GroupedBy.TAG:
        return col(getattr(RunRow, COLUMNS[by]))
    first = select(func.min(RunTagRow.tag)).where(col(RunTagRow.run_id) == RunRow.id).scalar_subquery()
    return func.coalesce(first, "")


def _figures(
    session: Session, key: ColumnElement[Any], *, inside: Sequence[ColumnElement[bool]], fields: Sequence[str]
) -> dict[str, Mapping[str, FigureRange]]:
    number, field = col(RunValueRow.number), col(RunValueRow.field)
    query = select(key, field, func.min(number), func.max(number)).select_from(RunRow)
    query = query.join(RunValueRow, col(RunValueRow.run_id) == RunRow.id)
    query = query.where(*inside, field.in_(fields), number.is_not(None)).group_by(key, field)
    figures: dict[str, dict[str, FigureRange]] = {}
    for name, metric, low, high in session.connection().execute(query):
        figures.setdefault(name, {})[metric] = FigureRange(lowest=low, highest=high)
    return dict(figures)
