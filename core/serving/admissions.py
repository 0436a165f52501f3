"""An admission is what lets bytes into production: endpoint, version digest and promotion, signed by the portal. The
model server checks it by itself, so neither a changed database row nor a swapped file can make it serve what nobody
approved."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.keys import read_key
from core.foundation.digests import canonical
from core.foundation.errors import NotAllowed
from core.foundation.text import _
from core.foundation.values import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "admissions.key"


class Admission(Value):
    """`signature` is Ed25519 over the other three, in hexadecimal."""

    endpoint_id: str
    digest: str
    promotion_id: str
    signature: str


class AdmissionIssuer:
    """Signs admissions with a key that is made once and stays in the installation's secrets. One that was lost after
    it has signed is not replaced: under another key no model server could start again. Unavailable then."""

    def __init__(self, home: Path) -> None:
        self._key_file = home / "secrets" / KEY_FILE

    def sign(self, endpoint_id: str, *, digest: str, promotion_id: str, has_signed: bool = False) -> Admission:
        message = _statement(endpoint_id, digest=digest, promotion_id=promotion_id)
        signature = self._key(has_signed=has_signed).sign(message).hex()
        return Admission(endpoint_id=endpoint_id, digest=digest, promotion_id=promotion_id, signature=signature)

    def public_key(self, *, has_signed: bool = False) -> str:
        """In hexadecimal, for the model servers."""
        return self._key(has_signed=has_signed).public_key().public_bytes_raw().hex()

    def _key(self, *, has_signed: bool) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(read_key(self._key_file, is_new=not has_signed))


def check_admission(admission: Admission | None, *, endpoint_id: str, digest: str, public_key: str) -> None:
    """NotAllowed unless the admission is for exactly this endpoint and digest and its signature holds."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if admission is None or (admission.endpoint_id, admission.digest) != (endpoint_id, digest):
        raise _refusal(_("These bytes were not admitted to this endpoint"))
    message = _statement(endpoint_id, digest=digest, promotion_id=admission.promotion_id)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(admission.signature), message)
    except (InvalidSignature, ValueError) as error:
        raise _refusal(_("The admission of these bytes is not signed by this portal")) from error


def _statement(endpoint_id: str, *, digest: str, promotion_id: str) -> bytes:
    return canonical({"admission": 1, "endpoint": endpoint_id, "digest": digest, "promotion": promotion_id})


def _refusal(message: str) -> NotAllowed:
    return NotAllowed(message, hint=_("Bytes come into production by an approved request for promotion only."))
