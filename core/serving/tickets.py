"""Tickets: short-lived signed permissions to call one endpoint. The gateway checks them by the public key alone, so a
call costs no look-up, and a ticket for one endpoint opens no other."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.keys import made_once
from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

KEY_FILE = "tickets.json"
ISSUER = "causeway"
ALGORITHM = "ES256"
# The claim that says where among all callers of its endpoint a ticket stands.
PLACE = "place"
LONGEST = timedelta(hours=1)
# Of so many places each caller has one, and keeps it: a share of n % is the first n of them.
PLACES = 100


class TicketIssuer:
    """Signs tickets with a key that is made once and stays in the installation's secrets."""

    def __init__(self, home: Path) -> None:
        self._key_file = home / "secrets" / KEY_FILE

    def issue(
        self, endpoint_id: str, *, subject: str, now: datetime, seconds: float, place: int | None = None
    ) -> tuple[str, datetime]:
        """A token and when it ends. `subject` says for whom, and gives the place where none is named: who has place 0
        is let in whatever an endpoint's share is, as measurements are. Invalid for more than an hour."""
        from joserfc import jwt

        lifetime = timedelta(seconds=seconds)
        if not timedelta() < lifetime <= LONGEST:
            raise Invalid(_("A ticket lives at most an hour"), field="minutes")
        ends = (now + lifetime).replace(microsecond=0)
        key = self._key()
        claims = {
            "iss": ISSUER,
            "aud": endpoint_id,
            "sub": subject,
            PLACE: place_of(subject, endpoint_id=endpoint_id) if place is None else place,
            "iat": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM]), ends

    def public_keys(self) -> str:
        """The key set (RFC 7517) by which the gateway checks tickets."""
        return json.dumps({"keys": [self._key().as_dict(private=False)]})

    def _key(self) -> "ECKey":
        from joserfc.errors import JoseError
        from joserfc.jwk import ECKey

        try:
            return ECKey.import_key(json.loads(made_once(self._key_file, make=_new_key)))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, JoseError) as error:
            raise Unavailable(
                _("The key that signs tickets cannot be read"),
                hint=_("Restore {name} in the folder secrets from a backup.").format(name=KEY_FILE),
            ) from error


def place_of(caller: str, *, endpoint_id: str) -> int:
    """Where a caller stands among the callers of an endpoint, from 0 to 99: by hash, so that it is the same for ever,
    and another one on another endpoint."""
    digest = hashlib.sha256(f"{endpoint_id} {caller}".encode()).digest()
    return int.from_bytes(digest[:8]) % PLACES


def _new_key() -> bytes:
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", {"alg": ALGORITHM, "use": "sig"}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True)).encode()
