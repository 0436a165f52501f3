"""Files of our own that one process writes and another reads back. One that does not parse stops nobody: it is kept
under another name for whoever wants to know what became of it, and what was in it comes from the database again."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from core.foundation.values import Value

V = TypeVar("V", bound=Value)
ASIDE = ".damaged-"
# Where such files lie, below the home folder.
FOLDERS = ("", "gateway", "gateway/servers")
logger = logging.getLogger(__name__)


def read_own(path: Path, kind: type[V]) -> V | None:
    """What the file says; None where there is none, or none any more, because it did not parse."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError):
        set_aside(path)
        return None


def set_aside(path: Path) -> None:
    """Gives a file that cannot be read another name, beside its own and with the time."""
    aside = path.with_name(f"{path.name}{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    os.replace(path, aside)
    logger.error("%s cannot be read: it is kept as %s and made anew", path.name, aside.name)


def files_aside(home: Path) -> Iterator[Path]:
    """The files of an installation that were set aside and are still there."""
    for folder in FOLDERS:
        yield from sorted((home / folder).glob(f"*{ASIDE}*"))
