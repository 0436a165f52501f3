"""Arguments that refer to objects take the id, the identifier or the title, wherever it is unique among what the caller
may see: `--dataset-id orders` is `--dataset-id DS-1`. An identifier goes before a title; what several are called in the
same way is refused."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, case, col, or_, select

from core.foundation.actions.call import Call
from core.foundation.actions.parameters import KINDS, VERSIONS
from core.foundation.actions.spec import UNWRITABLE, ActionSpec
from core.foundation.errors import Invalid, NotFound
from core.foundation.ids import Kind, is_id
from core.foundation.objects import PARTS, LinkRow, ObjectRow
from core.foundation.reach import within
from core.foundation.text import _, normal
from core.foundation.validation import label_of

OF_FEATURES = ("features.", "online.")
SEEING = "read"


def with_ids(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with ids in place of names. A name that nothing within reach has stays as it is, for the action to
    refuse. Invalid for one that several have, NotFound for one that only something of another kind has."""
    return {name: _with_ids(call, name, value) for name, value in arguments.items()}


def _with_ids(call: Call, argument: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_with_ids(call, argument, part) for part in value)
    if isinstance(value, BaseModel):
        named = value.model_fields_set & KINDS.keys()
        return value.model_copy(update=with_ids(call, {name: getattr(value, name) for name in named}))
    if argument not in KINDS:
        return value
    if isinstance(value, dict):
        return {name: _with_ids(call, argument, part) for name, part in value.items()}
    if not isinstance(value, str) or not value:
        return value
    kinds = _kinds(call, argument)
    object_id = id_called(call, value, kinds=kinds, field=argument)
    if not is_id(object_id) and (refusal := _of_another_kind(call, value, kinds=kinds)) is not None:
        raise refusal
    return object_id


def object_named_by(session: Session, spec: ActionSpec, arguments: dict[str, Any]) -> ObjectRow | None:
    """The object that a call is about by its arguments: the first of them that is the id of one, or what only one is
    called. For the log of what was refused, so nobody's reach counts."""
    for name in spec.parameters.model_fields:
        value = arguments.get(name)
        first = next(iter(value), None) if isinstance(value, list | tuple) else value
        if isinstance(first, str) and (row := _object_called(session, first, KINDS.get(name, ()))) is not None:
            return row
    return None


def _object_called(session: Session, name: str, kinds: Sequence[Kind]) -> ObjectRow | None:
    if is_id(name):
        return session.get(ObjectRow, name)
    if not kinds or not name or UNWRITABLE.search(name):
        return None
    called = or_(*(names == normal(name) for names in (ObjectRow.name, ObjectRow.title)))
    rows = session.exec(select(ObjectRow).where(col(ObjectRow.kind).in_(kinds), called).limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def id_called(call: Call, name: str, *, kinds: Sequence[Kind], field: str, project: str = "") -> str:
    """The id of what is named so, of a project where one is given; the name itself where nothing is. Invalid for a name
    that several have."""
    ids = [name] if is_id(name) else ids_called(call, name, kinds=kinds, project=project)
    if len(ids) > 1:
        raise Invalid(
            _("{label}: several are called {name}").format(label=label_of((field,)), name=repr(name[:40])),
            hint=_("Use the id of one: {ids}.").format(ids=", ".join(ids)),
            field=field,
        )
    return ids[0] if ids else name


def _of_another_kind(call: Call, name: str, *, kinds: Sequence[Kind]) -> NotFound | None:
    """What is said of a name that only something of another kind has, with the newest part of it that would do."""
    ids = ids_called(call, name, kinds=[kind for kind in Kind if kind not in kinds])
    if not ids:
        return None
    is_other, wanted = _spoken(Kind(call.session.get_one(ObjectRow, ids[0]).kind)), _(" or ").join(map(_spoken, kinds))
    message = _("{name} is {kind} ({id}); {wanted} is wanted here")
    is_part = (LinkRow.source == ids[0], col(LinkRow.relation).in_(PARTS), col(ObjectRow.kind).in_(kinds))
    parts = select(ObjectRow.id).join(LinkRow, col(LinkRow.target) == ObjectRow.id).where(*is_part)
    newest = call.session.exec(parts.order_by(col(ObjectRow.created_at).desc()).limit(1)).first()
    return NotFound(
        message.format(name=name[:40], kind=is_other, id=ids[0], wanted=wanted),
        hint=_("The newest is {id}.").format(id=newest) if newest else "",
    )


def _spoken(kind: Kind) -> str:
    word = kind.value.replace("_", " ")
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def ids_called(call: Call, name: str, *, kinds: Sequence[Kind], project: str = "") -> Sequence[str]:
    """The ids of those of these kinds that the caller may see and that have this identifier, or else this title; a few
    where there are many. What was archived is meant only where nothing in use is called so, what was deleted never."""
    called = normal(name)
    of_kinds = col(ObjectRow.kind).in_(kinds)
    named = or_(*(and_(of_kinds, names == called) for names in (ObjectRow.name, ObjectRow.title)))
    # With a column that the index of the newest of a kind has not, what is named so is looked up and not sought through
    # all of a kind.
    by_title = case((col(ObjectRow.name) == called, 0), else_=1)
    is_there = col(ObjectRow.put_away) != "deleted"
    rows = select(ObjectRow.id, ObjectRow.put_away, by_title).where(named, is_there, *_visible(call))
    if project:
        rows = rows.where(col(ObjectRow.project).concat("") == project)
    matches = call.session.exec(rows.order_by(ObjectRow.put_away, by_title, ObjectRow.id).limit(5)).all()
    return [object_id for object_id, *rank in matches if rank == list(matches[0][1:])]


def _visible(call: Call) -> tuple[ColumnElement[bool], ...]:
    """What keeps names to objects that the caller may see: an action that changes fewer means the same by a name as
    one that shows them."""
    reaches = (call.permitted, call.foundation.access.reach(call.session, call.actor, SEEING))
    seen = within(frozenset({""}.union(*(reach.projects for reach in reaches))))
    is_everywhere = any(reach.is_everywhere for reach in reaches)
    return () if is_everywhere else seen.unindexed(ObjectRow.project)


def _kinds(call: Call, argument: str) -> tuple[Kind, ...]:
    kinds = KINDS[argument]
    return (Kind.FEATURE_VERSION,) if kinds == VERSIONS and call.spec.name.startswith(OF_FEATURES) else kinds
