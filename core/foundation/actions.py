"""An action is a sentence of the portal: `promotion.approve`, `training.start_run`. It is a method of a service with a
declared permission; the decorator checks the actor, opens one transaction, runs the method and writes the audit event
in that transaction. The catalog of actions is the REST API, the command line and the access matrix."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from core.foundation.actors import Actor
from core.foundation.clock import Clock
from core.foundation.database import Database
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, PortalError
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow, next_id
from core.foundation.ports import Access, Journal
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _

S = TypeVar("S", bound="Service")
P = ParamSpec("P")
R = TypeVar("R")
EVERYWHERE: None = None
READ = "read"


@dataclass(frozen=True)
class Foundation:
    """What every service is built on."""

    settings: Settings
    database: Database
    clock: Clock
    store: Store
    access: Access
    journal: Journal


class Hidden(NotFound):
    """The object exists and the caller may not know it. Told as NotFound, kept in the audit log as a denial."""


class Call:
    """One action under way: its actor, its transaction, and the checks that it owes before it ends."""

    def __init__(self, foundation: Foundation, session: Session, actor: Actor, spec: "ActionSpec") -> None:
        self.foundation = foundation
        self.session = session
        self.actor = actor
        self.spec = spec
        self.now: datetime = foundation.database.now(session)
        self.subject = ""
        self.project = ""
        self.details: dict[str, Any] = {}
        self.prepared: Any = None
        self._scope = foundation.access.scope(session, actor, spec.permission)
        self._scoped = False
        if self._scope is not EVERYWHERE and not self._scope:
            raise NotAllowed(
                _("You may not do this: {action} needs the permission {permission}").format(
                    action=spec.name, permission=spec.permission
                ),
                hint=_("Ask an administrator for a role that has it."),
            )

    def within(self, object_id: str) -> ObjectRow:
        """The object, once the declared permission is known to reach its project. NotFound when the actor may not
        see it."""
        self._scoped = True
        row = self.session.get(ObjectRow, object_id)
        if row is None:
            raise NotFound(_("There is no object called {id}").format(id=repr(object_id[:40])))
        if row.project:
            self._reach(row.project, unseen=_("There is no object called {id}").format(id=repr(object_id)))
        self.subject = self.subject or row.id
        return row

    def in_project(self, project: str) -> None:
        """The declared permission reaches this project, in which something is to be made."""
        self._scoped = True
        missing = _("There is no project called {id}").format(id=repr(project[:40]))
        row = self.session.get(ObjectRow, project)
        if row is None or row.kind != Kind.PROJECT:
            raise NotFound(missing)
        self._reach(project, unseen=missing)

    def visible_projects(self) -> frozenset[str] | None:
        """The projects the declared permission reaches; None for all."""
        self._scoped = True
        return self._scope

    def unscoped(self) -> None:
        """Says that this action concerns no project."""
        self._scoped = True

    def create(self, kind: Kind, *, project: str, title: str, state: str, owner: str | None = None) -> str:
        """A new short id, with its row among the objects."""
        object_id = next_id(self.session, kind)
        project = object_id if kind is Kind.PROJECT else project
        row = ObjectRow(
            id=object_id,
            kind=kind.value,
            project=project,
            title=title,
            state=state,
            owner=owner or self.actor.person_id,
            created_at=self.now,
            updated_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        self.subject, self.project = object_id, project
        return object_id

    def update(
        self, object_id: str, *, state: str | None = None, title: str | None = None, owner: str | None = None
    ) -> None:
        """Keeps the object's row in step with its domain's table."""
        row = self.session.get_one(ObjectRow, object_id)
        row.owner = owner or row.owner
        row.state = state or row.state
        row.title = title or row.title
        row.updated_at = self.now
        self.session.add(row)

    def link(self, source_id: str, target_id: str, relation: str) -> None:
        """An edge of the chain, from what came first to what follows. Saying it twice is saying it once."""
        if self.session.get(LinkRow, (source_id, target_id, relation)) is None:
            self.session.add(LinkRow(source=source_id, target=target_id, relation=relation, created_at=self.now))
            self.session.flush()

    def record(self, event: str, *, subject: str, details: dict[str, Any] | None = None) -> None:
        """An event beside the action's own."""
        row = self.session.get(ObjectRow, subject)
        self._append(event, "ok", subject=subject, project=row.project if row else "", details=details or {})

    def note(self, *, subject: str = "", **details: Any) -> None:
        """What the action's own audit event says. Never a secret."""
        self.subject = subject or self.subject
        self.details.update(details)

    def check_scope(self) -> None:
        """An action that checked no scope is a mistake of ours and is undone."""
        if not self._scoped:
            raise AssertionError(f"{self.spec.name} ended without a scope check")

    def close(self) -> None:
        """The last step before the commit: the action's audit event."""
        self.check_scope()
        if not self.spec.reads:
            self._append(self.spec.name, "ok", subject=self.subject, project=self.project, details=self.details)

    def _append(self, event: str, outcome: str, *, subject: str, project: str, details: dict[str, Any]) -> None:
        if not project and subject and (row := self.session.get(ObjectRow, subject)):
            project = row.project
        self.foundation.journal.append(
            self.session,
            actor=self.actor,
            action=event,
            outcome=outcome,
            subject=subject,
            project=project,
            details=details,
            now=self.now,
        )

    def _reach(self, project: str, *, unseen: str) -> None:
        if self._scope is EVERYWHERE or project in self._scope:
            self.project = project
            return
        readable = self.foundation.access.scope(self.session, self.actor, READ)
        if readable is not EVERYWHERE and project not in readable:
            raise Hidden(unseen)
        raise NotAllowed(
            _("You may not do this in {project}").format(project=project),
            hint=_("Ask an administrator for the role in that project."),
        )


@dataclass(frozen=True)
class ActionSpec:
    """An entry of the catalog."""

    name: str
    permission: str
    reads: bool
    function: Callable[..., Any]
    prepare: Callable[..., Any] | None = None

    @cached_property
    def hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def parameters(self) -> type[BaseModel]:
        """The arguments as a model: unknown ones are refused."""
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                default = ... if parameter.default is inspect.Parameter.empty else parameter.default
                fields[name] = (self.hints[name], Field(default=default))
        config = ConfigDict(extra="forbid", allow_inf_nan=False, val_json_bytes="base64")
        return create_model(self.name, __config__=config, **fields)

    @property
    def returns(self) -> Any:
        return self.hints.get("return")

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.help.partition("\n")[0]

    @property
    def help(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def is_internal(self) -> bool:
        """For the portal's own processes; in no API and no command line."""
        return self.permission == "system"

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with their types. Raises Invalid naming the first wrong one."""
        try:
            model = self.parameters.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise Invalid(f"{field}: {first['msg']}", field=field) from error
        values = {name: getattr(model, name) for name in self.parameters.model_fields}
        refuse_nul(values)
        return values


def refuse_nul(value: Any, *, field: str = "") -> None:
    """Invalid for a text with a NUL in it, however deep: no name has one, and PostgreSQL can keep none."""
    if isinstance(value, str) and "\0" in value:
        raise Invalid(_("{field} has a NUL character in it").format(field=field), hint=_("Remove it."), field=field)
    # Through iter(), for a model with a field called `keys` would pass for a mapping.
    whole = dict(iter(value)) if isinstance(value, BaseModel) else value
    named = whole if isinstance(whole, dict) else dict(enumerate(whole)) if isinstance(whole, list | tuple) else {}
    for name, part in named.items():
        refuse_nul(part, field=f"{field}.{name}".strip("."))


class Service:
    """A domain's actions (decorated) and parts (public methods that take a Call, for the domains above)."""

    domain: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, member in vars(cls).items():
            if (spec := getattr(member, "spec", None)) is not None:
                member.spec = replace(spec, name=f"{cls.domain}.{name}")

    def __init__(self, foundation: Foundation) -> None:
        self.foundation = foundation

    @classmethod
    def actions(cls) -> Iterator[ActionSpec]:
        """The declared actions, in the order they are written."""
        members = (member for owner in reversed(cls.__mro__) for member in vars(owner).values())
        yield from (member.spec for member in members if hasattr(member, "spec"))


def action(
    *, permission: str, reads: bool = False, prepare: Callable[..., Any] | None = None
) -> Callable[[Callable[Concatenate[S, Call, P], R]], Callable[Concatenate[S, Actor, P], R]]:
    """Makes a method an action. A reading action runs without the write lock and leaves no event unless it is denied.
    `prepare(service, call, **arguments)` does slow reading work first, outside the lock; `call.prepared` is its
    answer."""

    def declare(function: Callable[Concatenate[S, Call, P], R]) -> Callable[Concatenate[S, Actor, P], R]:
        @wraps(function)
        def perform(service: S, actor: Actor, /, *_none: P.args, **arguments: P.kwargs) -> R:
            return cast(R, run_action(service, actor, spec=cast(Any, perform).spec, arguments=arguments))

        cast(Any, perform).spec = ActionSpec(
            name=function.__name__, permission=permission, reads=reads, function=function, prepare=prepare
        )
        return perform

    return declare


def run_action(service: Service, actor: Actor, *, spec: ActionSpec, arguments: dict[str, Any]) -> Any:
    """One action from check to commit. A refusal changes nothing and is itself written to the audit log."""
    foundation = service.foundation
    try:
        prepared = _prepare(service, actor, spec, arguments) if spec.prepare else None
        with foundation.database.read() if spec.reads else foundation.database.write() as session:
            call = Call(foundation, session, actor, spec)
            call.prepared = prepared
            result = spec.function(service, call, **spec.validate(arguments))
            call.close()
        return result
    except (NotAllowed, Conflict, Hidden) as refusal:
        _record_denial(foundation, actor, spec, refusal)
        raise
    except NoResultFound as missing:
        # The id of an object of another kind: it has a row among the objects and none in this domain's table.
        raise NotFound(_("That id names something of another kind"), hint=_("Check the id.")) from missing


def refuse_unless_permitted(service: Service, actor: Actor, *, spec: ActionSpec) -> None:
    """Raises what the action would raise to someone without its permission. Nobody learns from errors about arguments
    what an action that is closed to them takes."""
    foundation = service.foundation
    try:
        with foundation.database.read() as session:
            Call(foundation, session, actor, spec)
    except NotAllowed as refusal:
        _record_denial(foundation, actor, spec, refusal)
        raise


def _prepare(service: Service, actor: Actor, spec: ActionSpec, arguments: dict[str, Any]) -> Any:
    assert spec.prepare is not None
    with service.foundation.database.read() as session:
        call = Call(service.foundation, session, actor, spec)
        prepared = spec.prepare(service, call, **spec.validate(arguments))
        call.check_scope()
    return prepared


def _record_denial(foundation: Foundation, actor: Actor, spec: ActionSpec, refusal: PortalError) -> None:
    with foundation.database.write() as session:
        foundation.journal.append(
            session,
            actor=actor,
            action=spec.name,
            outcome="denied",
            subject="",
            project="",
            details={"reason": refusal.message},
            now=foundation.database.now(session),
        )
