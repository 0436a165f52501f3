"""One page of a table, counted and cut in the database: lists never cost more because the history grew."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Session, SQLModel, func, select

from core.foundation.values import Listing

T = TypeVar("T")
RowT = TypeVar("RowT", bound=SQLModel)


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
    """The rows of `table` that meet every condition, in order, from `offset`, each converted."""
    total = session.exec(select(func.count()).select_from(table).where(*where)).one()
    rows = session.exec(select(table).where(*where).order_by(*order).offset(offset).limit(limit))
    return Listing(items=tuple(convert(row) for row in rows), total=total, offset=offset, limit=limit)
