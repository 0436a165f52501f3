"""Our own sessions: an opaque secret in a cookie, its digest in the database, revocable at once. A port proves who
someone is and calls `begin`; the development port lets a person choose, on loopback only."""

import secrets
from datetime import timedelta

from sqlmodel import Session

from core.foundation.actions.call import Foundation
from core.foundation.actors import Actor
from core.foundation.errors import NotAllowed, NotSignedIn
from core.foundation.plugins import choose
from core.foundation.text import _
from core.identity.digests import digest_of_secret
from core.identity.providers.table import providers
from core.identity.tables import SessionRow
from core.identity.values import Person

TOKEN_PREFIX = "cwt"


class Sessions:
    """Who is there: from a session's secret or a token to an Actor."""

    def __init__(self, foundation: Foundation) -> None:
        self.foundation = foundation
        self._provider = choose(providers(), foundation.settings.sign_in)()

    @property
    def _begins_sessions(self) -> bool:
        return self._provider.via == "session"

    def people(self) -> tuple[Person, ...]:
        """The people one may choose to be. Empty unless development sign-in is on."""
        with self.foundation.database.read() as session:
            return self._provider.people(session) if self._begins_sessions else ()

    def sign_in_as(self, credential: str) -> str:
        """A new session for whom the provider of the settings says this credential proves: with development sign-in
        the id of a person. Returns its secret. NotAllowed where it proves nobody, or browsers do not sign in."""
        database = self.foundation.database
        with database.read() as session:
            now = database.now(session)
            proves = self._begins_sessions
            actor = self._provider.identify(session, credential=credential, now=now) if proves else None
        if actor is None:
            raise NotAllowed(_("You cannot choose to be {person} here").format(person=repr(credential[:40])))
        return self.begin(actor.person_id)

    def begin(self, person_id: str) -> str:
        """A new session for someone a port has identified. Its secret is returned once and kept nowhere."""
        secret = secrets.token_urlsafe(32)
        foundation = self.foundation
        with foundation.database.write() as session:
            now = foundation.database.now(session)
            lifetime = timedelta(hours=foundation.settings.session_hours)
            ends, digest = now + lifetime, digest_of_secret(secret)
            session.add(SessionRow(digest=digest, person_id=person_id, created_at=now, expires_at=ends))
            actor = Actor(person_id=person_id, kind="person", via="session")
            self._record(session, actor, "identity.signed_in")
        return secret

    def actor_of_session(self, secret: str) -> Actor | None:
        """Who a session's secret stands for; None when it is unknown, ended or too old."""
        database = self.foundation.database
        with database.read() as session:
            row = session.get(SessionRow, digest_of_secret(secret))
            if row is None or row.ended_at is not None or row.expires_at <= database.now(session):
                return None
            return Actor(person_id=row.person_id, kind="person", via="session")

    def is_known(self, secret: str) -> bool:
        """Whether there is or was a session of this secret."""
        with self.foundation.database.read() as session:
            return session.get(SessionRow, digest_of_secret(secret)) is not None

    def sign_out(self, secret: str) -> None:
        """Ends a session everywhere, at once."""
        database = self.foundation.database
        with database.write() as session:
            row = session.get(SessionRow, digest_of_secret(secret))
            if row is None or row.ended_at is not None:
                return
            row.ended_at = database.now(session)
            session.add(row)
            self._record(session, Actor(person_id=row.person_id, kind="person", via="session"), "identity.signed_out")

    def actor_of_token(self, secret: str) -> Actor:
        """Who a token stands for. NotSignedIn when it is malformed, unknown, revoked or too old."""
        database = self.foundation.database
        with database.read() as session:
            now = database.now(session)
            for provider in providers().values():
                is_asked = provider.via == "token"
                if is_asked and (actor := provider().identify(session, credential=secret, now=now)):
                    return actor
        raise NotSignedIn(_("This token is not valid"), hint=_("Mint a new one with `causeway identity mint-token`."))

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
