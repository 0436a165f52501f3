"""Lists of runs by any parameter and metric: conditions and orders that the database answers from its indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, func, select

from core.compute.tables import JobRow
from core.foundation.listings import count_of
from core.foundation.objects import ObjectRow
from core.registry.tables import VersionRow
from core.training.catalog import FROM_JOB, IS_JOB, NEWEST
from core.training.tables import RunRow
from core.training.workspace.tables import RunStarRow, RunTagRow, RunValueRow
from core.training.workspace.values import Comparison, RunFilter, RunLine

# So many of the newest runs are looked through for a text.
SEARCHED = 5_000
# More runs than that are not found by what they have in common.
FEW = 2_000
UNREAD = ("evaluations", "metrics", "environment", "seconds", "judgement")


class Page(NamedTuple):
    offset: int
    limit: int


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to: projects within reach, among runs and among their values, and whatever else, of which
    the `filters` are a part."""

    reach: list[ColumnElement[bool]]
    reach_of_values: list[ColumnElement[bool]]
    others: list[ColumnElement[bool]]
    filters: tuple[RunFilter, ...]

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        return [*self.reach, *self.others]


def searched(query: str, reach: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Runs with a text in their id, title, recipe, note or tags, among the newest that are within reach."""
    newest = select(RunRow.id).where(*reach).order_by(*NEWEST).limit(SEARCHED)
    part = query.lower()
    texts = (func.lower(RunRow.id), func.lower(RunRow.title), col(RunRow.recipe), func.lower(RunRow.note))
    tagged = select(RunTagRow.run_id).where(func.lower(RunTagRow.tag).contains(part, autoescape=True))
    holding = or_(*(text.contains(part, autoescape=True) for text in texts), col(RunRow.id).in_(tagged))
    page = newest.subquery("newest")
    return col(RunRow.id).in_(select(RunRow.id).join(page, page.c.id == RunRow.id).where(holding))


def value_condition(wanted: RunFilter, *, among: type[RunValueRow] = RunValueRow) -> ColumnElement[bool]:
    """What meets it among the values of runs; numbers are compared as numbers, whatever else as text."""
    number, text = col(among.number), col(among.text)
    amount = _number(wanted.value)
    column, value = (number, amount) if amount is not None else (text, wanted.value)
    compared = {
        Comparison.EQUAL: column == value,
        Comparison.OTHER: column != value,
        Comparison.LESS: column < value,
        Comparison.MORE: column > value,
        Comparison.CONTAINS: func.lower(text).contains(wanted.value.lower(), autoescape=True),
    }
    return and_(col(among.field) == wanted.field, compared[wanted.comparison])


def meets(session: Session, wanted: RunFilter) -> ColumnElement[bool]:
    """Runs whose value meets a condition. Where few do, they are found by it; where many do, each run is asked for its
    value as the list comes to it, so that a page is found without looking at all of them."""
    condition = value_condition(wanted)
    beyond = select(RunValueRow.run_id).where(condition).offset(FEW).limit(1)
    if session.exec(beyond).first() is None:
        return col(RunRow.id).in_(select(RunValueRow.run_id).where(condition))
    own = aliased(RunValueRow)
    return exists().where(col(own.run_id) == RunRow.id, value_condition(wanted, among=own))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def tagged(tag: str) -> ColumnElement[bool]:
    return col(RunRow.id).in_(select(RunTagRow.run_id).where(RunTagRow.tag == tag))


def starred(person_id: str) -> ColumnElement[bool]:
    return col(RunRow.id).in_(select(RunStarRow.run_id).where(RunStarRow.person_id == person_id))


def ids_by_value(session: Session, wanted: Wanted, *, field: str, is_number: bool, down: bool, page: Page) -> list[str]:
    """Two lists in one: the runs that have a value, in the order of its index, then those without, the newest first."""
    column: Any = col(RunValueRow.number) if is_number else col(RunValueRow.text)
    order = [it.desc() if down else it.asc() for it in (column, col(RunValueRow.run_id))]
    having = [col(RunValueRow.field) == field, column.is_not(None)]
    valued = select(RunValueRow.run_id).where(*having, *wanted.reach_of_values)
    if wanted.others:
        valued = valued.join(RunRow, col(RunRow.id) == RunValueRow.run_id).where(*wanted.others)
    ids = list(session.exec(valued.order_by(*order).offset(page.offset).limit(page.limit)))
    if len(ids) == page.limit:
        return ids
    total = session.exec(select(func.count()).select_from(valued.subquery())).one()
    without = col(RunRow.id).not_in(select(RunValueRow.run_id).where(*having))
    others = select(RunRow.id).where(*wanted.conditions, without).order_by(*NEWEST)
    return ids + list(session.exec(others.offset(max(0, page.offset - total)).limit(page.limit - len(ids))))


def total_of(session: Session, wanted: Wanted) -> int:
    """Where nothing but the value of one parameter or metric is asked for, its index has all that is counted."""
    if len(wanted.filters) == 1 and len(wanted.others) == 1:
        return count_of(session, RunValueRow, [value_condition(wanted.filters[0]), *wanted.reach_of_values])
    return count_of(session, RunRow, wanted.conditions)


def lines_of(session: Session, ids: Sequence[str], *, columns: Sequence[str], reader: str) -> tuple[RunLine, ...]:
    """The runs with these ids in their order, with all that a list shows of them."""
    unread = [defer(getattr(RunRow, name)) for name in UNREAD]
    query = select(RunRow, JobRow).join(JobRow, IS_JOB).where(col(RunRow.id).in_(ids)).options(*unread)
    stars = select(RunStarRow.run_id).where(RunStarRow.person_id == reader, col(RunStarRow.run_id).in_(ids))
    starred_ids, tags = set(session.exec(stars)), tags_of(session, ids)
    values, archived = _values_of(session, ids, columns), archived_among(session, ids)
    lines = {
        row.id: _line(
            row,
            job,
            tags=tags.get(row.id, ()),
            starred=row.id in starred_ids,
            values=values.get(row.id, {}),
            archived=row.id in archived,
        )
        for row, job in session.exec(query)
    }
    return tuple(lines[run_id] for run_id in ids)


def _line(row: RunRow, job: JobRow, **about: Any) -> RunLine:
    names = set(RunLine.model_fields) - {"tags", "starred", "values", "archived", *FROM_JOB}
    fields = {name: getattr(row, name) for name in names}
    job_fields = {name: getattr(job, name) for name in FROM_JOB if name in RunLine.model_fields}
    return RunLine(**fields, **job_fields, **about)


def archived_among(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """The runs whose version, the model of that, or what they learned from was archived."""
    model, learned_from = aliased(ObjectRow), aliased(ObjectRow)
    query = (
        select(RunRow.id)
        .outerjoin(VersionRow, col(VersionRow.id) == RunRow.version_id)
        .outerjoin(model, col(model.id) == VersionRow.model_id)
        .outerjoin(learned_from, col(learned_from.id) == RunRow.training_set_id)
        .where(col(RunRow.id).in_(ids))
        .where(or_(col(VersionRow.state) == "archived", col(model.put_away) != "", col(learned_from.put_away) != ""))
    )
    return frozenset(session.exec(query))


def tags_of(session: Session, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The tags of runs, in alphabetical order."""
    tags: dict[str, tuple[str, ...]] = {}
    rows = select(RunTagRow.run_id, RunTagRow.tag).where(col(RunTagRow.run_id).in_(ids)).order_by(RunTagRow.tag)
    for run_id, tag in session.exec(rows):
        tags[run_id] = (*tags.get(run_id, ()), tag)
    return tags


def _values_of(session: Session, ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, float | str]]:
    values: dict[str, dict[str, float | str]] = {}
    rows = select(RunValueRow).where(col(RunValueRow.run_id).in_(ids), col(RunValueRow.field).in_(columns))
    for row in session.exec(rows):
        values.setdefault(row.run_id, {})[row.field] = row.text if row.number is None else row.number
    return values
