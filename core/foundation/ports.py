"""What the foundation asks of the domains right above it: who may do what, and where events go."""

from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session

from core.foundation.actors import Actor


class Access(Protocol):
    """What an actor may do, read from the database of the running transaction."""

    def scope(self, session: Session, actor: Actor, permission: str) -> frozenset[str] | None:
        """The projects in which the actor has the permission: None for everywhere, empty for nowhere.
        Raises NotSignedIn when the identity is unknown, disabled or its token has ended."""


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
