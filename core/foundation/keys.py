"""Keys that an installation makes once. Portal and gateway may ask for one at the same moment, so a key file appears
whole or not at all, and the first one stays."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def made_once(path: Path, *, make: Callable[[], bytes]) -> bytes:
    """The content of a key file, readable by its owner only; made when it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()
