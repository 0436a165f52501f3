"""Rows as actions find them: the one of an object, which ones a reader may see, and one page of a list, counted and
cut in the database, so that a list never costs more because the history grew."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import ColumnElement, and_, inspect
from sqlmodel import Session, SQLModel, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from core.foundation.actions.call import Call
from core.foundation.errors import Invalid
from core.foundation.values import Listing

T = TypeVar("T")
RowT = TypeVar("RowT", bound=SQLModel)


def conditions(call: Call, table: type[Any], *, project: str = "", **equal: object) -> list[ColumnElement[bool]]:
    """What keeps a list to the projects the caller may see, to `project` when it is named, and to the rows whose
    columns equal what is asked for; "" and None ask nothing. NotFound for a project out of reach."""
    where = [col(getattr(table, name)) == value for name, value in equal.items() if value not in ("", None)]
    if project:
        call.may_reach_project(project)
        return [col(table.project) == project, *where]
    return [*call.reach().condition(table.project), *where]


def row_of(call: Call, table: type[RowT], object_id: str, *, refusal: str, field: str) -> RowT:
    """The row of an object in its domain's table. Invalid, in the words of `refusal` with its `{id}`, for the id of
    something else."""
    row = call.session.get(table, object_id)
    if row is None:
        raise Invalid(refusal.format(id=repr(object_id[:40])), field=field)
    return row


def page_of(
    session: Session,
    table: type[RowT],
    *,
    where: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    offset: int,
    limit: int,
    convert: Callable[[RowT], T],
) -> Listing[T]:
    """The rows of `table` that meet every condition, in order, from `offset`, each converted by itself: without a
    question to the database. Where one must be asked, `batch_of` asks it once."""
    return batch_of(
        session,
        table,
        where=where,
        order=order,
        offset=offset,
        limit=limit,
        convert=lambda rows: tuple(convert(row) for row in rows),
    )


def batch_of(
    session: Session,
    table: type[RowT],
    *,
    where: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    offset: int,
    limit: int,
    convert: Callable[[Sequence[RowT]], tuple[T, ...]],
) -> Listing[T]:
    """The same for rows that are converted together, so that what else they show is read once for all of them."""
    total = count_of(session, table, where)
    rows = session.exec(page_query(table, where=where, order=order, offset=offset, limit=limit)).all()
    return Listing(items=convert(rows), total=total, offset=offset, limit=limit)


def count_of(session: Session, table: type[RowT], where: Sequence[ColumnElement[bool]]) -> int:
    """How many rows meet every condition."""
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def page_query(
    table: type[RowT], *, where: Sequence[ColumnElement[bool]], order: Sequence[Any], offset: int, limit: int
) -> SelectOfScalar[RowT]:
    """One page of a list. Which rows are on it is found by their keys alone, in an index that holds all that the
    conditions and the order ask for; whole rows are read only then, so that none is read to be skipped."""
    keys = inspect(table).primary_key
    wanted = sqlalchemy.select(*keys).where(*where).order_by(*order).offset(offset).limit(limit).subquery("page")
    same = and_(*(key == wanted.c[key.name] for key in keys))
    return select(table).join(wanted, same).order_by(*order)
