"""Where a permission holds. A value of its own, so that "nowhere" can never be taken for "everywhere"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, union_all
from sqlmodel import col


@dataclass(frozen=True)
class Reach:
    """Everywhere, or the projects it names; no project is nowhere. It has no truth value: ask what you mean."""

    is_everywhere: bool
    projects: frozenset[str]

    def __post_init__(self) -> None:
        if self.is_everywhere and self.projects:
            raise ValueError("a reach that is everywhere names no projects")

    def __bool__(self) -> bool:
        raise TypeError("a reach is neither true nor false; ask is_everywhere, is_nowhere or includes")

    @property
    def is_nowhere(self) -> bool:
        return not self.is_everywhere and not self.projects

    def includes(self, project: str) -> bool:
        return self.is_everywhere or project in self.projects

    def condition(self, column: Any) -> tuple[ColumnElement[bool], ...]:
        """What keeps a query to rows whose `column` names a project within reach."""
        return () if self.is_everywhere else (col(column).in_(self.projects),)

    def unindexed(self, column: Any) -> tuple[ColumnElement[bool], ...]:
        """The same where a database shall not begin with all that one project holds."""
        return () if self.is_everywhere else (col(column).concat("").in_(self.projects),)


EVERYWHERE = Reach(is_everywhere=True, projects=frozenset())
NOWHERE = Reach(is_everywhere=False, projects=frozenset())


def within(projects: frozenset[str]) -> Reach:
    """The reach of a permission that holds in these projects; in none of them, nowhere."""
    return Reach(is_everywhere=False, projects=projects)


def newest_of_each(
    key: Any,
    visible: Sequence[ColumnElement[bool]],
    *,
    where: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    limit: int,
) -> ColumnElement[bool]:
    """What keeps a query to rows that may be among the newest: the newest of each project, each found in an index.
    Asked of all the projects at once, a database would sort their whole past."""
    pages = (select(key).where(condition, *where).order_by(*order).limit(limit).subquery() for condition in visible)
    either: ColumnElement[bool] = col(key).in_(union_all(*(select(page) for page in pages)))
    return either
