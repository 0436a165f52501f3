"""What can go wrong for a caller: the portal's refusals by kind, each with its message and what to do about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class PortalError(Exception):
    """A refusal in words. `message` says what is wrong, `hint` what to do, and `field` which argument is wrong, in dots
    where it has parts. `line` is the line of a text that is wrong, 0 where none is known."""

    status = 400

    def __init__(self, message: str, *, hint: str = "", field: str = "", line: int = 0) -> None:
        super().__init__(". ".join(part.rstrip(". ") for part in (message, hint) if part) + ".")
        self.message, self.hint, self.field, self.line = message, hint, field, line


class NotSignedIn(PortalError):
    """The token is missing, has ended or was never one."""

    status = 401


class NotAllowed(PortalError):
    """Whom the token stands for may not do this."""

    status = 403


class NotFound(PortalError):
    """There is no such thing, or the caller may not know that there is."""

    status = 404


class Conflict(PortalError):
    """The state of things does not permit this now."""

    status = 409


class TooLarge(PortalError):
    """More bytes than the portal reads."""

    status = 413


class Invalid(PortalError):
    """An argument is wrong; `field` names it."""

    status = 422


class Unavailable(PortalError):
    """The portal, or what it needs, does not answer. Worth another try later."""

    status = 503


class NoSpace(Unavailable):
    """A disk of the portal is full; nothing was changed."""

    status = 507


class NotReady(PortalError):
    """Something that was begun has not become what it was begun for: it failed, waits for a person, or is not over.
    `object_id` names it and `state` says how far it is."""

    def __init__(self, message: str, *, hint: str = "", object_id: str, state: str) -> None:
        super().__init__(message, hint=hint)
        self.object_id, self.state = object_id, state


KINDS: tuple[type[PortalError], ...] = (
    NotSignedIn,
    NotAllowed,
    NotFound,
    Conflict,
    TooLarge,
    Invalid,
    Unavailable,
    NoSpace,
)
BUSY = (429, 502, 504)


def refusal_of(answer: "httpx.Response") -> PortalError:
    """The error that an answer stands for."""
    kinds = {kind.status: kind for kind in KINDS} | dict.fromkeys(BUSY, Unavailable)
    kind = kinds.get(answer.status_code, PortalError)
    try:
        body = answer.json()
        field, line = str(body.get("field", "")), int(body.get("line", 0))
        return kind(str(body["error"]), hint=str(body["hint"]), field=field, line=line)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unavailable(f"The portal answered {answer.status_code}")
