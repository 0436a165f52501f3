"""Models and versions from their rows, and the names that a new model may not have."""

from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, func, select, tuple_

from core.foundation.actions.call import Call
from core.foundation.actions.references import id_called
from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid, NotFound
from core.foundation.ids import Kind
from core.foundation.naming.names import Naming, named, names_of, refuse_taken
from core.foundation.naming.titles import as_read
from core.foundation.text import _
from core.foundation.validation import invalid_of
from core.registry.tables import ModelRow, VersionRow
from core.registry.values import Model, ModelName, ModelVersion, NewVersion

A_MODEL_NAME: TypeAdapter[str] = TypeAdapter(ModelName)


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


def model_called(call: Call, name: str, *, project: str) -> ModelRow | None:
    """The model of a project that has this id, name or title. Invalid for a title that several have."""
    model_id = id_called(call, name, kinds=(Kind.MODEL,), field="model", project=project)
    row = call.session.get(ModelRow, model_id)
    return row if row is not None and row.project == project else None


def model_for(call: Call, new: NewVersion) -> ModelRow:
    """The model that a version is to be of, made where there is none yet. Invalid for a name that none may have."""
    if new.model and (row := model_called(call, new.model, project=new.project)):
        call.may_reach(row.id)
        return row
    name = _checked(new.model) if new.model else None
    naming = named(call, Kind.MODEL, project=new.project, name=name, title=new.title, field="model")
    return add_model(call, naming, project=new.project, description="", owner=new.created_by, field="model")


def _checked(name: str) -> str:
    try:
        return A_MODEL_NAME.validate_python(name)
    except ValidationError as error:
        raise invalid_of(error, prefix=("model",)) from error


def add_model(
    call: Call, naming: Naming, *, project: str, description: str, owner: str, field: str = "name"
) -> ModelRow:
    """A new model, whose name was entered in the `field`. Conflict when it is taken, Invalid when it looks like
    another's."""
    words, hint = _("There is already a model called {name}"), _("Add a version to it.")
    refuse_taken(call, Kind.MODEL, project=project, name=naming.name, words=words, hint=hint)
    for existing in names_of(call, Kind.MODEL, project=project):
        _refuse_lookalike(naming.name, existing=existing, field=field)
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


def archive_versions(call: Call, model_id: str, _reason: str) -> None:
    """Archives the versions of a model, as its deletion does. Their bytes stay, for approvals are bound to them."""
    active = select(VersionRow).where(VersionRow.model_id == model_id, VersionRow.state == "active")
    for row in call.session.exec(active).all():
        row.state = "archived"
        call.session.add(row)
        call.update(row.id, state="archived")


def next_number(session: Session, model_id: str) -> int:
    newest = session.exec(select(func.max(VersionRow.version)).where(VersionRow.model_id == model_id)).one()
    return (newest or 0) + 1


def _refuse_lookalike(name: str, *, existing: str, field: str) -> None:
    if as_read(name) == as_read(existing):
        raise Invalid(
            _("{name} reads like {taken}, which exists").format(name=name, taken=existing),
            hint=_("Choose a name that nobody can mistake for it."),
            field=field,
        )
