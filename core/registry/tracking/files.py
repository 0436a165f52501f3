"""The files of runs and versions as MLflow's client finds them: by project, then those of a run or a version."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.foundation.digests import digest_bytes
from core.foundation.errors import NotFound
from core.foundation.text import _
from core.registry.artifact import MODEL

LONGEST_PATH = 1_000


@dataclass(frozen=True)
class Entry:
    name: str
    is_folder: bool
    bytes: int


class Files:
    """What lies below `root`, and nothing beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def entries(self, path: str) -> tuple[Entry, ...]:
        """What a folder holds, by name; nothing where there is no folder, as MLflow's own store says it."""
        folder = self._place(path)
        if not folder.is_dir():
            return ()
        visible = (entry for entry in sorted(folder.iterdir()) if not entry.name.startswith("."))
        return tuple(Entry(entry.name, entry.is_dir(), entry.stat().st_size) for entry in visible)

    def file(self, path: str) -> Path:
        """A file. NotFound where there is none."""
        place = self._place(path)
        if not place.is_file():
            raise self._missing(path)
        return place

    def model_digest(self, path: str) -> str:
        """Under which digest a model's file lies in the store, as the folder around it says; empty for another file."""
        place = self.file(path)
        if place.name != MODEL:
            return ""
        try:
            return str(json.loads(place.with_name("MLmodel").read_text("utf-8"))["metadata"]["causeway.model_digest"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._missing(path) from error

    def digest_of_copy(self, path: str) -> str:
        """Of a file by its bytes, empty where there is none."""
        try:
            return digest_bytes(self.file(path).read_bytes())
        except NotFound:
            return ""

    def _place(self, path: str) -> Path:
        """NotFound for a path that leads elsewhere."""
        parts = path.split("/")
        is_plain = all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in parts)
        if not is_plain or len(path) > LONGEST_PATH:
            raise self._missing(path)
        place = self.root.joinpath(*parts)
        if place.resolve() != place:
            raise self._missing(path)
        return place

    def _missing(self, path: str) -> NotFound:
        return NotFound(_("There is no file {path}").format(path=repr(path[:200])))
