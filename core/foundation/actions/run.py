"""Services and how their actions run: the decorator checks the actor, opens one transaction, runs the method and writes
the audit event in that transaction."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy.exc import NoResultFound

from core.foundation.actions.call import Call, Foundation, Hidden
from core.foundation.actions.idempotency import KeyedCall, Replay, sending
from core.foundation.actions.log import Outcome, logged
from core.foundation.actions.references import object_named_by, with_ids
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.database import BUSY_SECONDS
from core.foundation.errors import Conflict, NoSpace, NotAllowed, NotFound, PortalError, is_disk_full
from core.foundation.text import _

READER_SECONDS = 1.0
S = TypeVar("S", bound="Service")
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class EventSpec:
    """An event that an action records beside its own: what the audit log says of it, and whether timelines show it."""

    says: str
    on_timelines: bool = True


class Service:
    """A domain's actions (decorated) and parts (public methods that take a Call, for the domains above). `events` are
    what it records beside its actions, by full name."""

    domain: ClassVar[str]
    events: ClassVar[Mapping[str, EventSpec]] = {}

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
    *,
    permission: str,
    reads: bool = False,
    prepare: Callable[..., Any] | None = None,
    says: str = "",
    repeats: bool = False,
    shown_once: str = "",
) -> Callable[[Callable[Concatenate[S, Call, P], R]], Callable[Concatenate[S, Actor, P], R]]:
    """Makes a method an action. A reading action runs without the write lock and leaves no event unless it is denied.
    `prepare(service, call, **arguments)` does slow reading work first, outside the lock; `call.prepared` is its
    answer. `says` is the verb of the audit log's sentence; an action that says nothing is left out of timelines. What
    `repeats` and `shown_once` mean stands at ActionSpec."""

    def declare(function: Callable[Concatenate[S, Call, P], R]) -> Callable[Concatenate[S, Actor, P], R]:
        @wraps(function)
        def perform(service: S, actor: Actor, /, *_none: P.args, **arguments: P.kwargs) -> R:
            return cast(R, run_action(service, actor, spec=cast(Any, perform).spec, arguments=arguments))

        cast(Any, perform).spec = ActionSpec(
            name=function.__name__,
            permission=permission,
            reads=reads,
            function=function,
            prepare=prepare,
            says=says,
            repeats=repeats,
            shown_once=shown_once,
        )
        return perform

    return declare


def run_action(service: Service, actor: Actor, *, spec: ActionSpec, arguments: dict[str, Any]) -> Any:
    """One action from check to commit. A refusal changes nothing and is itself written to the audit log."""
    with logged(spec, actor) as outcome, sending(spec, service.foundation.database) as keyed:
        return _run(service, actor, spec, arguments, outcome=outcome, keyed=keyed)


def _run(
    service: Service,
    actor: Actor,
    spec: ActionSpec,
    arguments: dict[str, Any],
    *,
    outcome: Outcome,
    keyed: KeyedCall | None,
) -> Any:
    foundation = service.foundation
    try:
        if keyed and spec.prepare and (replay := _claim(foundation, actor, spec, arguments, keyed)):
            return replay.answer
        # What a name means is asked once: between the two halves it may be given to something else.
        resolved, prepared = _prepare(service, actor, spec, arguments) if spec.prepare else (None, None)
        with foundation.database.read() if spec.reads else foundation.database.write() as session:
            call = Call(foundation, session, actor, spec)
            call.prepared = prepared
            perform = partial(_perform, service, call, arguments, resolved)
            result = keyed.perform(call, arguments, perform) if keyed else perform()
        outcome.subject = call.subject
        return result
    except (NotAllowed, Conflict, Hidden) as refusal:
        outcome.subject = _record_denial(foundation, actor, spec, refusal, arguments)
        raise
    except NoResultFound as missing:
        # The id of an object of another kind: it has a row among the objects and none in this domain's table.
        raise NotFound(_("That id names something of another kind"), hint=_("Check the id.")) from missing
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise NoSpace(_("No space is left on the disk")) from error


def _perform(service: Service, call: Call, arguments: dict[str, Any], resolved: dict[str, Any] | None) -> Any:
    spec = call.spec
    result = spec.function(service, call, **(resolved or with_ids(call, spec.validate(arguments))))
    call.close()
    return result


def _claim(
    foundation: Foundation, actor: Actor, spec: ActionSpec, arguments: dict[str, Any], keyed: KeyedCall
) -> Replay | None:
    with foundation.database.write() as session:
        return keyed.claim(Call(foundation, session, actor, spec), arguments)


def refuse_unless_permitted(service: Service, actor: Actor, *, spec: ActionSpec) -> None:
    """Raises what the action would raise to someone without its permission. Nobody learns from errors about arguments
    what an action that is closed to them takes."""
    foundation = service.foundation
    try:
        with foundation.database.read() as session:
            Call(foundation, session, actor, spec)
    except NotAllowed as refusal:
        _record_denial(foundation, actor, spec, refusal, {})
        raise


def _prepare(service: Service, actor: Actor, spec: ActionSpec, arguments: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The arguments with ids in place of names, and what was prepared of them."""
    assert spec.prepare is not None
    with service.foundation.database.read() as session:
        call = Call(service.foundation, session, actor, spec)
        resolved = with_ids(call, spec.validate(arguments))
        prepared = spec.prepare(service, call, **resolved)
        call.check_scope()
    return resolved, prepared


def _record_denial(
    foundation: Foundation, actor: Actor, spec: ActionSpec, refusal: PortalError, arguments: dict[str, Any]
) -> str:
    """Names the object that the refused call was about, and returns its id. Who only wanted to read waits no longer for
    those who write than somebody reading may."""
    with foundation.database.write(seconds=READER_SECONDS if spec.reads else BUSY_SECONDS) as session:
        row = object_named_by(session, spec, arguments)
        foundation.journal.append(
            session,
            actor=actor,
            action=spec.name,
            outcome="denied",
            subject=row.id if row else "",
            project=row.project if row else "",
            details={"reason": refusal.message},
            now=foundation.database.now(session),
        )
        return row.id if row else ""
