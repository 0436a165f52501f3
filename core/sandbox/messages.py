"""What a sandboxed process says over its pipe, read as the words of a stranger: code that people write may find the
pipe and say anything. Whatever it says is a message of ours or a refusal in words."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.foundation import errors
from core.foundation.errors import Invalid, PortalError
from core.foundation.text import _
from core.sandbox.limits import TimedOut

MOST_TEXT = 4000
Answer = TypeVar("Answer")
# What a sandboxed process of ours may refuse by. People's code is to blame for whatever it says: it cannot pass for a
# machine that does not answer, or for a permission that is missing.
KINDS = ("NotFound", "NotAllowed", "Invalid", "Conflict", "Unavailable")


class Call(BaseModel):
    """A part of the work for another process: an entry of ours, and paths below the folder of the one that asks."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    entry: Annotated[str, Field(pattern=r"^core(\.[a-z_]+)+:[a-z_]+$")]
    job_spec: dict[str, Any]
    inputs: dict[str, str]
    outputs: str
    ahead_seconds: Annotated[int, Field(ge=0)]


class Message(BaseModel):
    """Exactly one of these. A refusal is its kind, its message, its hint, its field and its line."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    progress: tuple[Annotated[float, Field(ge=0, le=1)], str] | None = None
    refused: tuple[str, str, str, str, Annotated[int, Field(ge=0)]] | None = None
    call: Call | None = None
    result: Any = None


def message_of(line: bytes) -> Message:
    """Raises Invalid unless the line has the form of a message."""
    try:
        message = Message.model_validate_json(line)
    except (ValidationError, ValueError, RecursionError) as error:
        raise malformed() from error
    if len(message.model_fields_set) != 1:
        raise malformed()
    return message


def answer_of(shape: "TypeAdapter[Answer]", result: Any) -> Answer:
    """The result in the form that the caller expects. Raises Invalid when it has another."""
    try:
        return shape.validate_python(result)
    except (ValidationError, ValueError, RecursionError) as error:
        raise malformed() from error


def refusal_of(message: Message, *, untrusted: bool) -> PortalError:
    """The refusal that a message is."""
    *words, line = message.refused or ("", "", "", "", 0)
    kind, text, hint, field = (plain(part) for part in words)
    if kind == TimedOut.__name__:
        return TimedOut(text, field=field)
    if untrusted or kind not in KINDS or kind == Invalid.__name__:
        return Invalid(text, hint=hint, field=field, line=line)
    error: type[PortalError] = getattr(errors, kind)
    return error(text, hint=hint)


def malformed() -> Invalid:
    return Invalid(_("The code returned a malformed result"))


def plain(text: str) -> str:
    """A text in which nothing stays that cannot be shown or stored."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:MOST_TEXT]).strip()
