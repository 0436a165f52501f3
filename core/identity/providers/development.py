"""Choosing who to be. The settings refuse it anywhere but on loopback."""

from datetime import datetime

from sqlmodel import Session, select

from core.foundation.actors import Actor
from core.foundation.text import N_
from core.identity.people import person_of
from core.identity.providers.provider import IdentityProvider
from core.identity.tables import PersonRow
from core.identity.values import Person


class Development(IdentityProvider):
    """Everyone on this machine may choose to be anyone: to try the portal, never in production."""

    name = "development"
    title = N_("Development identity")
    via = "session"

    def identify(self, session: Session, *, credential: str, now: datetime) -> Actor | None:
        if credential not in {person.id for person in self.people(session)}:
            return None
        return Actor(person_id=credential, kind="person", via="session")

    def people(self, session: Session) -> tuple[Person, ...]:
        active = select(PersonRow).where(PersonRow.kind == "person", PersonRow.state == "active")
        return tuple(person_of(session, row) for row in session.exec(active.order_by(PersonRow.id)))
