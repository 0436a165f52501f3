"""The one tree of errors that callers see: what is wrong, and what to do about it."""

import errno
import re
import uuid

from core.foundation.text import _

# A place on this machine's disk, up to its last part. Addresses have a scheme in front of them.
FOLDERS = re.compile(r"(?<![\w.:/])(?:file:/{0,2})?/(?:[^\s/'\"<>|,;:()\[\]]+/)+")
MOST_OUTLINE = 500


def sentences(*parts: str) -> str:
    """Parts as sentences after one another: each ends with a point, or with the mark that it brings along."""
    ends = (part if part.endswith(("?", "!")) else f"{part}." for part in (part.rstrip(". ") for part in parts) if part)
    return " ".join(ends)


class PortalError(Exception):
    """A refusal in words. `message` says what is wrong, `hint` what to do."""

    status = 400

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def in_full(self) -> str:
        """The message and the hint as sentences."""
        return sentences(self.message, self.hint)


class NotFound(PortalError):
    """There is no such thing, or the caller may not know that there is."""

    status = 404


class NotSignedIn(PortalError):
    """The caller has no valid session or token."""

    status = 401


class NotAllowed(PortalError):
    """The caller is known and may not do this. `permission` is the one that is missing, where it is one."""

    status = 403

    def __init__(self, message: str, *, hint: str = "", permission: str = "") -> None:
        super().__init__(message, hint=hint)
        self.permission = permission


class Invalid(PortalError):
    """The input is wrong. `field` names the place, in dots, where there is one, and `line` is the line of its text,
    counted from 1; 0 where none is known."""

    status = 422

    def __init__(self, message: str, *, hint: str = "", field: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.field, self.line = field, line


class Conflict(PortalError):
    """The state of things does not permit this now."""

    status = 409


class Unavailable(PortalError):
    """Something needed does not answer. The only error that is worth a retry, after so many seconds."""

    status = 503
    retry_after = 5


class InProgress(Unavailable):
    """The same call is under way already; what becomes of it is known soon."""

    status = 409
    retry_after = 1


class NoSpace(Unavailable):
    """A disk is full. Nothing of what was asked was done; what only reads goes on."""

    status = 507

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint or _("Nothing was changed. Free some space and try again."))


def is_disk_full(error: BaseException) -> bool:
    """Whether a disk, or the part of it that one may use, has no space left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def without_folders(text: str) -> str:
    """A text of a library for people, to whom it says a file's name and not where this machine keeps it."""
    return FOLDERS.sub("", text)


def outline(error: BaseException) -> str:
    """An error that nobody foresaw, for people: its kind and the first line of its text. Where it happened is for the
    log."""
    try:
        first = str(error).strip().partition("\n")[0]
    except Exception:
        first = ""
    words = f"{type(error).__name__}: {without_folders(first)}".rstrip(": ")
    return words[:MOST_OUTLINE].encode(errors="replace").decode()


def new_error_id() -> str:
    """What people are told of an error that nobody foresaw, and by which the log says the rest."""
    return uuid.uuid4().hex[:12]


def error_of(status: int) -> type[PortalError]:
    """The kind of error that a status of the REST API stands for."""
    classes: tuple[type[PortalError], ...] = (*PortalError.__subclasses__(), NoSpace)
    kinds = {kind.status: kind for kind in classes}
    return kinds.get(status, PortalError)
