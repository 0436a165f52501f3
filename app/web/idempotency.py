"""The header that names a call, as in the IETF's draft (draft-ietf-httpapi-idempotency-key-header): a text in quotes,
and without them as most callers send it."""

import re
from typing import Any

from starlette.datastructures import Headers

from core.foundation.actions.idempotency import Attempt
from core.foundation.errors import Invalid
from core.foundation.text import _

KEY, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LONGEST = 255
PRINTABLE = re.compile(rf"[!-~]{{1,{LONGEST}}}")


def attempt_of(headers: Headers) -> Attempt | None:
    """The sending that a request is, None where it has no key. Raises Invalid for a key that is none."""
    keys = headers.getlist(KEY)
    if not keys:
        return None
    key = keys[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(keys) > 1 or not PRINTABLE.fullmatch(key) or '"' in key:
        raise Invalid(
            _("{header} takes one key of 1 to {most} visible ASCII characters").format(header=KEY, most=LONGEST),
            hint=_("A random UUID for each call is best."),
            field=KEY,
        )
    return Attempt(key)


def parameter() -> dict[str, Any]:
    """The header in the OpenAPI document."""
    return {
        "name": KEY,
        "in": "header",
        "required": False,
        "description": _(
            "Names the call, for instance by a random UUID: sent again within 24 hours, with the same arguments, it is "
            "answered as the first time and done once. A call that was refused may be sent again with its key."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }


def replayed() -> dict[str, Any]:
    """The header of an answer in the OpenAPI document."""
    return {
        REPLAYED: {
            "description": _("Is true where this was done before and is the answer of then."),
            "schema": {"type": "string"},
        }
    }
