"""What is called how: the names that objects get, have, and are found by."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, literal, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.naming.skeletons import skeleton
from core.foundation.naming.titles import FORMS, LONGEST_IDENTIFIER, as_read, checked_title, identifier_of
from core.foundation.objects import ObjectRow, coming_number, walk
from core.foundation.text import N_, _

T = TypeVar("T")
# What the audit log says of every action that renames.
RENAMED = N_("renamed {before} to {title}")
# What is called after something else, and where its name stands in such a title: "Quality: Churn risk v2",
# "Churn risk v2 → Risk", "Smoke test of Risk", "Tabular, Churned customers".
COMPOSED = (
    *(Kind.PROMOTION, Kind.EVIDENCE, Kind.MATERIALIZATION, Kind.FEATURE_PARITY),
    *(Kind.LOAD_TEST, Kind.RUN, Kind.SWEEP),
)
OF_VERSION = r"(?<![^ ]){}(?= v[0-9])"
PLACES = {
    Kind.DATASET: r"(?!)",
    Kind.FEATURE_VIEW: OF_VERSION,
    Kind.TRAINING_SET: r"(?<=, ){}$",
    Kind.MODEL: OF_VERSION,
    Kind.ENDPOINT: r"(?:(?<=→ )|(?<= of )){}$",
}
VERSIONS = {
    Kind.DATASET: Kind.SNAPSHOT,
    Kind.FEATURE_VIEW: Kind.FEATURE_VERSION,
    Kind.MODEL: Kind.MODEL_VERSION,
}


@dataclass(frozen=True)
class Naming:
    """What a new object is called."""

    title: str
    name: str


def named(call: Call, kind: Kind, *, project: str, name: str | None, title: str | None, field: str = "title") -> Naming:
    """What a new object is called, by what was entered of it: a name stands as it is, with itself for a title; without
    one the first free identifier is taken that follows from the title."""
    if not name and title is None:
        raise Invalid(_("Name is missing"), hint=_("The identifier follows from it."), field="title")
    title = checked_title(title) if title else str(name)
    refuse_lookalike(call, title, kinds=(kind,), project=project, field=field)
    return Naming(title=title, name=name or free_identifier(call, kind, project=project, title=title))


def refuse_lookalike(
    call: Call, title: str, *, kinds: Sequence[Kind], field: str, project: str = "", but: str = ""
) -> None:
    """Invalid for a title that another object of these kinds seems to have and has not: in the project, where one is
    named. The very same title is none: pages show the identifier beside it."""
    titles = select(ObjectRow.id, ObjectRow.title).where(
        col(ObjectRow.kind).in_(kinds), ObjectRow.id != but, ObjectRow.put_away != "deleted"
    )
    known = call.session.exec(titles.where(ObjectRow.project == project) if project else titles)
    refuse_seen_as(title, ((other, f"{other} ({object_id})") for object_id, other in known), field=field)


def refuse_seen_as(title: str, known: Iterable[tuple[str, str]], *, field: str) -> None:
    """Invalid for a title that seems to be one of the known ones and is not; each comes with how it is shown."""
    seen_as = skeleton(title)
    for other, shown in known:
        if other != title and skeleton(other) == seen_as:
            raise Invalid(
                _("{title} looks like {other}").format(title=title, other=shown),
                hint=_("Choose a name that nobody takes for it."),
                field=field,
            )


def free_identifier(call: Call, kind: Kind, *, project: str, title: str) -> str:
    """The first identifier that follows from a title and that nothing of the kind has. A title without a Latin letter
    or a digit gives the kind and the number that its next object gets."""
    form = FORMS[kind]
    first = identifier_of(title, kind) or f"{form.word}{form.separator}{coming_number(call.session, kind)}"
    tails = chain([""], (f"{form.separator}{number}" for number in count(2)))
    candidates = (f"{first[: LONGEST_IDENTIFIER - len(tail)]}{tail}" for tail in tails)
    return next(candidate for candidate in candidates if not _is_used(call, kind, project, candidate))


def is_taken(call: Call, kind: Kind, *, project: str, name: str) -> bool:
    """Whether something of the kind is called so: in the project, or where it is one name for all, in any."""
    return call.session.exec(_names(kind, project).where(ObjectRow.name == name)).first() is not None


def refuse_taken(call: Call, kind: Kind, *, project: str, name: str, words: str, hint: str) -> None:
    """Conflict, in these words, for a name that something of the kind has; what was deleted keeps the name of what was
    made of it, and no list shows it."""
    row = call.session.exec(_rows(select(ObjectRow), kind, project).where(ObjectRow.name == name)).first()
    if row is None:
        return
    if row.put_away == "deleted":
        words = _("There was a {kind} called {name}, deleted {day}: its name stays its own").format(
            kind=_(FORMS[kind].spoken), name=name, day=row.updated_at.date()
        )
        hint = _("Choose another name.")
    raise Conflict(words.format(name=name), hint=hint)


def names_of(call: Call, kind: Kind, *, project: str) -> Sequence[str]:
    """The identifiers that things of a kind have."""
    return call.session.exec(_names(kind, project)).all()


def _names(kind: Kind, project: str) -> SelectOfScalar[str]:
    return _rows(select(ObjectRow.name), kind, project)


def _rows(rows: SelectOfScalar[T], kind: Kind, project: str) -> SelectOfScalar[T]:
    of_kind = rows.where(ObjectRow.kind == kind.value)
    return of_kind if FORMS[kind].is_global else of_kind.where(ObjectRow.project == project)


def _is_used(call: Call, kind: Kind, project: str, name: str) -> bool:
    if not FORMS[kind].is_read_aloud:
        return is_taken(call, kind, project=project, name=name)
    return as_read(name) in {as_read(other) for other in names_of(call, kind, project=project)}


def entitled(table: Any, query: str, *, kind: Kind) -> ColumnElement[bool]:
    """The rows of a domain's table whose identifier or title contains `query`, in any case. The kind keeps a database
    that reads the titles first from reading those of everything there is."""
    part = query.lower()
    title = func.lower(ObjectRow.title).contains(part, autoescape=True)
    is_entitled = table.entry.has(and_(ObjectRow.kind == kind.value, title))
    return or_(func.lower(table.name).contains(part, autoescape=True), is_entitled)


def rename(call: Call, object_id: str, title: str) -> None:
    """Another title for an object, and in the titles that were composed of it: those of its versions, of requests and
    of what was measured. What it is called in queries and addresses stays."""
    title = checked_title(title)
    row = call.session.get_one(ObjectRow, object_id)
    kind, before = Kind(row.kind), row.title
    refuse_lookalike(call, title, kinds=(kind,), project=row.project, field="title", but=object_id)
    call.about(object_id)
    call.note(before=before, title=title)
    call.update(object_id, title=title)
    if version := VERSIONS.get(kind):
        tail = func.substr(ObjectRow.name, len(row.name) + 1)
        call.session.exec(
            update(ObjectRow)
            .where(
                col(ObjectRow.kind) == version.value,
                col(ObjectRow.project) == row.project,
                col(ObjectRow.name).startswith(f"{row.name} v", autoescape=True),
            )
            .values(title=literal(title) + tail)
            .execution_options(synchronize_session="fetch")
        )
    _retitle(call, object_id, kind=kind, before=before, title=title)


def _retitle(call: Call, object_id: str, *, kind: Kind, before: str, title: str) -> None:
    """Titles that were composed of another follow it, as far as lineage leads from it; those of requests and load tests
    stand on their endpoint, too, from which no edge leads."""
    ids = {edge.target for edge in walk(call.session, object_id, upstream=False)}
    composed = select(ObjectRow).where(col(ObjectRow.kind).in_(COMPOSED), col(ObjectRow.title).contains(before))
    ours = composed.where(ObjectRow.project == call.session.get_one(ObjectRow, object_id).project)
    for row in call.session.exec(ours):
        if kind is Kind.ENDPOINT or row.id in ids:
            row.title = re.sub(PLACES[kind].format(re.escape(before)), lambda _match: title, row.title, count=1)
            call.session.add(row)
