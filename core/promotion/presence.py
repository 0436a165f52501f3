"""Some decisions are for people who are present."""

from core.foundation.actions.call import Call
from core.foundation.errors import NotAllowed
from core.foundation.text import _


def refuse_machines(call: Call) -> None:
    """Only a person who is present decides: no token, no service account, not the portal itself."""
    if call.actor.kind != "person" or call.actor.via != "session":
        raise NotAllowed(
            _("Only a person who is signed in decides on a request"), hint=_("Tokens and service accounts never do.")
        )
