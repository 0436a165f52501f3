"""Models and versions from their rows, and the names that a new model may not have."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, func, select, tuple_

from core.foundation.actions.call import Call
from core.foundation.digests import digest_bytes
from core.foundation.errors import Conflict, Invalid, NotFound
from core.foundation.ids import Kind
from core.foundation.naming import Naming, Title, named
from core.foundation.text import _
from core.registry.tables import ModelRow, VersionRow
from core.registry.values import Model, ModelName, ModelVersion

# Letters that are read for one another; two names that differ only in them are one name to a reader.
LOOKALIKES = (("1", "l"), ("0", "o"), ("rn", "m"), ("vv", "w"))


def version_of(row: VersionRow) -> ModelVersion:
    shown = {"title": row.entry.title, "card_digest": digest_bytes(row.card.encode())}
    return ModelVersion.model_validate(row.model_dump() | shown)


def find_version(session: Session, version_id: str) -> VersionRow:
    """The row of a version. NotFound when the id names none."""
    row = session.get(VersionRow, version_id)
    if row is None:
        raise NotFound(_("There is no model version called {id}").format(id=repr(version_id[:40])))
    return row


def numbered_version(session: Session, model_id: str, version: int) -> VersionRow:
    """The row of a model's version by its number. Invalid when the model has none of it."""
    rows = select(VersionRow).where(VersionRow.model_id == model_id, VersionRow.version == version)
    row = session.exec(rows).first()
    if row is None:
        raise Invalid(_("{model} has no version {number}").format(model=model_id, number=version), field="version")
    return row


def find_model(session: Session, model_id: str) -> ModelRow:
    row = session.get(ModelRow, model_id)
    if row is None:
        raise NotFound(_("There is no model called {id}").format(id=repr(model_id[:40])))
    return row


def models_of(session: Session, rows: Iterable[ModelRow]) -> tuple[Model, ...]:
    """Models with their newest version and how many versions there are, in two questions to the database."""
    models = list(rows)
    counted = (
        select(VersionRow.model_id, func.max(VersionRow.version), func.count())
        .where(col(VersionRow.model_id).in_([model.id for model in models]))
        .group_by(VersionRow.model_id)
    )
    counts = {model_id: (newest, total) for model_id, newest, total in session.exec(counted)}
    wanted = [(model_id, newest) for model_id, (newest, _total) in counts.items()]
    newest_rows = select(VersionRow).where(tuple_(col(VersionRow.model_id), col(VersionRow.version)).in_(wanted))
    latest = {row.model_id: version_of(row) for row in session.exec(newest_rows)}
    return tuple(
        Model(
            **model.model_dump(),
            title=model.entry.title,
            latest=latest.get(model.id),
            versions=counts.get(model.id, (0, 0))[1],
        )
        for model in models
    )


def model_named(session: Session, *, project: str, name: str) -> ModelRow | None:
    return session.exec(select(ModelRow).where(ModelRow.project == project, ModelRow.name == name)).first()


def naming_of(call: Call, *, project: str, name: ModelName | None, title: Title | None) -> Naming:
    """What a new model is called. Without a name the one that follows from its title reads like no other's."""
    existing = {_as_read(other) for other in _names_in(call, project)} if name is None else set()
    return named(call, Kind.MODEL, name=name, title=title, is_taken=lambda other: _as_read(other) in existing)


def add_model(call: Call, naming: Naming, *, project: str, description: str, owner: str) -> ModelRow:
    """A new model. Conflict when the name is taken, Invalid when it looks like another's."""
    for existing in _names_in(call, project):
        _refuse_lookalike(naming.name, existing=existing)
    names = {"title": naming.title, "name": naming.name}
    row = ModelRow(
        id=call.create(Kind.MODEL, project=project, state="active", owner=owner, **names),
        project=project,
        name=naming.name,
        description=description,
        owner=owner,
        created_at=call.now,
    )
    call.session.add(row)
    call.session.flush()
    return row


def next_number(session: Session, model_id: str) -> int:
    newest = session.exec(select(func.max(VersionRow.version)).where(VersionRow.model_id == model_id)).one()
    return (newest or 0) + 1


def _names_in(call: Call, project: str) -> Sequence[str]:
    return call.session.exec(select(ModelRow.name).where(ModelRow.project == project)).all()


def _refuse_lookalike(name: str, *, existing: str) -> None:
    if name == existing:
        raise Conflict(_("There is already a model called {name}").format(name=name), hint=_("Add a version to it."))
    if _as_read(name) == _as_read(existing):
        raise Invalid(
            _("{name} reads like {taken}, which exists").format(name=name, taken=existing),
            hint=_("Choose a name that nobody can mistake for it."),
            field="name",
        )


def _as_read(name: str) -> str:
    for letters, seen_as in LOOKALIKES:
        name = name.replace(letters, seen_as)
    return name
