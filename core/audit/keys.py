"""Keys that an installation makes once. Portal and gateway may ask for one at the same moment, so a key file appears
whole or not at all, and the first one stays."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.audit.verify import KEY_BYTES, why_unreadable
from core.foundation.errors import Unavailable
from core.foundation.text import _


def made_once(path: Path, *, make: Callable[[], bytes]) -> bytes:
    """The content of a key file, readable by its owner only; made when it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_bytes()


def read_key(file: Path, *, is_new: bool) -> bytes:
    """32 random bytes, readable by their owner only, made where that is due. Unavailable where they are missing or not
    what they were: another key would make a chain that nobody can check."""
    if not is_new and not file.exists():
        raise _unusable(file, "is missing")
    try:
        key = made_once(file, make=lambda: os.urandom(KEY_BYTES))
    except OSError as error:
        raise _unusable(file, why_unreadable(error)) from error
    if len(key) != KEY_BYTES:
        raise _unusable(file, f"is no key: it has {len(key)} bytes and not {KEY_BYTES}")
    return key


def _unusable(file: Path, why: str) -> Unavailable:
    hint = _("Restore it from a backup, in the folder {folder}.").format(folder=file.parent.name)
    return Unavailable(f"{file.name} {why}", hint=hint)
