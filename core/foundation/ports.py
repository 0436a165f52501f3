"""What the foundation and the lower domains ask of the domains above them: who may do what, where events go, and what
is live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session

from core.foundation.actors import Actor
from core.foundation.errors import NotAllowed
from core.foundation.reach import Reach
from core.foundation.values import Value


class Access(Protocol):
    """What an actor may do, read from the database of the running transaction."""

    def reach(self, session: Session, actor: Actor, permission: str) -> Reach:
        """Where the actor has the permission.
        Raises NotSignedIn when the identity is unknown, disabled or its token has ended."""

    def refusal(self, session: Session, actor: Actor, permission: str, *, action: str) -> NotAllowed:
        """What is said to an actor who has the permission nowhere: the role or the scope that is missing, and what to
        do."""

    def missing_scope(self, session: Session, actor: Actor, permission: str, *, everywhere: bool) -> str:
        """What to do where the actor would have the permission (everywhere, where that is asked) but for the token in
        use: where one is made that carries it. Empty where no token is in the way."""


class Journal(Protocol):
    """Where events go, in the transaction that made them true."""

    def append(
        self,
        session: Session,
        *,
        actor: Actor,
        action: str,
        outcome: str,
        subject: str,
        project: str,
        details: dict[str, Any],
        now: datetime,
    ) -> None: ...


class Pin(Value):
    """A live use of an object: the model version that came of it, and the endpoint that serves that version or would
    go back to it. `role` is "serves" or "rollback target"."""

    version_id: str
    version: str
    endpoint_id: str
    endpoint: str
    role: str


class LiveUses(Protocol):
    """What is live, for domains that must not remove what something live needs."""

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        """Every live use of a model version that followed from the object, or at the object where it is an endpoint;
        empty when nothing live did."""

    def reached(self, session: Session) -> frozenset[str]:
        """Every object that something live came of, for lists: asked once for all of them."""

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        """Why a model version may not be archived now, in words; empty when nothing speaks against it."""


@dataclass(frozen=True)
class AllUses:
    """What is live, as every domain that has live things reports it."""

    parts: tuple[LiveUses, ...]

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        return tuple(pin for part in self.parts for pin in part.of(session, object_id))

    def reached(self, session: Session) -> frozenset[str]:
        return frozenset[str]().union(*(part.reached(session) for part in self.parts))

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        reasons = (part.reason_to_keep(session, version_id) for part in self.parts)
        return next((reason for reason in reasons if reason), "")
