"""The port of an identity provider: a plug-in that says who somebody is."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar, Literal

from sqlmodel import Session

from core.foundation.actors import Actor
from core.foundation.plugins import Plugin
from core.identity.values import Person


class IdentityProvider(Plugin, ABC):
    """`via` says what it identifies for: a session that a browser begins, which the setting `sign_in` chooses by the
    provider's name, or every call that shows a bearer token, for which all of that kind are asked."""

    via: ClassVar[Literal["session", "token"]]

    @abstractmethod
    def identify(self, session: Session, *, credential: str, now: datetime) -> Actor | None:
        """Who shows this credential; None where it proves nothing."""

    def people(self, session: Session) -> tuple[Person, ...]:
        """Those among whom one chooses, where choosing is all there is to prove."""
        return ()
