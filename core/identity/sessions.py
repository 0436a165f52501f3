"""Our own sessions: an opaque secret in a cookie, its digest in the database, revocable at once. A port proves who
someone is and calls `begin`; the development port lets a person choose, on loopback only."""

import secrets
from datetime import timedelta

from sqlmodel import Session, col, select

from core.foundation.actions.call import Foundation
from core.foundation.actors import Actor
from core.foundation.digests import digest_bytes
from core.foundation.errors import NotAllowed, NotSignedIn
from core.foundation.text import _
from core.identity.people import person_of
from core.identity.tables import PersonRow, SessionRow, TokenRow
from core.identity.values import Person

TOKEN_PREFIX = "cwt"


class Sessions:
    """Who is there: from a session's secret or a token to an Actor."""

    def __init__(self, foundation: Foundation) -> None:
        self.foundation = foundation

    def development_people(self) -> tuple[Person, ...]:
        """The identities one may choose from. Empty unless development sign-in is on."""
        if self.foundation.settings.sign_in != "development":
            return ()
        with self.foundation.database.read() as session:
            rows = session.exec(
                select(PersonRow).where(PersonRow.kind == "person", PersonRow.state == "active").order_by(PersonRow.id)
            )
            return tuple(person_of(session, row) for row in rows)

    def sign_in_as(self, person_id: str) -> str:
        """A new session for a development identity; returns its secret. NotAllowed where development sign-in is off."""
        if person_id not in {person.id for person in self.development_people()}:
            raise NotAllowed(_("You cannot choose to be {person} here").format(person=repr(person_id[:40])))
        return self.begin(person_id)

    def begin(self, person_id: str) -> str:
        """A new session for someone a port has identified. Its secret is returned once and kept nowhere."""
        secret = secrets.token_urlsafe(32)
        foundation = self.foundation
        with foundation.database.write() as session:
            now = foundation.database.now(session)
            lifetime = timedelta(hours=foundation.settings.session_hours)
            session.add(
                SessionRow(digest=_digest(secret), person_id=person_id, created_at=now, expires_at=now + lifetime)
            )
            actor = Actor(person_id=person_id, kind="person", via="session")
            self._record(session, actor, "identity.signed_in")
        return secret

    def actor_of_session(self, secret: str) -> Actor | None:
        """Who a session's secret stands for; None when it is unknown, ended or too old."""
        database = self.foundation.database
        with database.read() as session:
            row = session.get(SessionRow, _digest(secret))
            if row is None or row.ended_at is not None or row.expires_at <= database.now(session):
                return None
            return Actor(person_id=row.person_id, kind="person", via="session")

    def sign_out(self, secret: str) -> None:
        """Ends a session everywhere, at once."""
        database = self.foundation.database
        with database.write() as session:
            row = session.get(SessionRow, _digest(secret))
            if row is None or row.ended_at is not None:
                return
            row.ended_at = database.now(session)
            session.add(row)
            self._record(session, Actor(person_id=row.person_id, kind="person", via="session"), "identity.signed_out")

    def actor_of_token(self, secret: str) -> Actor:
        """Who a token stands for. NotSignedIn when it is malformed, unknown, revoked or too old."""
        database = self.foundation.database
        with database.read() as session:
            rows = session.exec(select(TokenRow).where(col(TokenRow.digest) == _digest(secret)))
            token = rows.one_or_none()
            if token is None or token.revoked_at is not None or token.expires_at <= database.now(session):
                raise NotSignedIn(
                    _("This token is not valid"), hint=_("Mint a new one with `causeway identity mint-token`.")
                )
            person = session.get_one(PersonRow, token.person_id)
            kind = "service" if person.kind == "service" else "person"
            return Actor(person_id=person.id, kind=kind, via="token", token_id=token.id)

    def _record(self, session: Session, actor: Actor, event: str) -> None:
        self.foundation.journal.append(
            session,
            actor=actor,
            action=event,
            outcome="ok",
            subject=actor.person_id,
            project="",
            details={},
            now=self.foundation.database.now(session),
        )


def new_secret() -> str:
    return f"{TOKEN_PREFIX}_{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> str:
    return digest_bytes(secret.encode("utf-8", "surrogatepass"))
