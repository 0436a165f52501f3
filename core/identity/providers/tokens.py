"""Tokens that the portal mints, for programs and command lines. Their digests are kept, never the tokens."""

from datetime import datetime

from sqlmodel import Session, col, select

from core.foundation.actors import Actor
from core.foundation.text import N_
from core.identity.digests import digest_of_secret
from core.identity.providers.provider import IdentityProvider
from core.identity.tables import PersonRow, TokenRow


class Tokens(IdentityProvider):
    """A token of a person or of a service account, until it is revoked or ends."""

    name = "tokens"
    title = N_("Token")
    via = "token"

    def identify(self, session: Session, *, credential: str, now: datetime) -> Actor | None:
        wanted = select(TokenRow).where(col(TokenRow.digest) == digest_of_secret(credential))
        token = session.exec(wanted).one_or_none()
        if token is None or token.revoked_at is not None or token.expires_at <= now:
            return None
        person = session.get_one(PersonRow, token.person_id)
        kind = "service" if person.kind == "service" else "person"
        return Actor(person_id=person.id, kind=kind, via="token", token_id=token.id)
