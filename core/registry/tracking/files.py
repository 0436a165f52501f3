"""The files of runs and versions as MLflow's client finds them: by project, then those of a run or a version."""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from core.foundation.digests import digest_bytes
from core.foundation.errors import NotFound
from core.foundation.text import _
from core.registry.artifact import MODEL

LONGEST_PATH = 1_000
SUFFIX = ".onnx"
# Beside the file of a run, what MLflow's client loads as a model lies in this folder.
COPY = "model"
# Of a run with more folders than that the first are looked into.
MOST_FOLDERS = 50


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
        """The digest of a model's file, as the folder around it says, else by its bytes; empty for another file."""
        place = self.file(path)
        if place.suffix != SUFFIX:
            return ""
        try:
            return str(json.loads(place.with_name("MLmodel").read_text("utf-8"))["metadata"]["causeway.model_digest"])
        except (OSError, ValueError, KeyError, TypeError):
            return digest_bytes(place.read_bytes())

    def models(self, path: str) -> tuple[tuple[str, int], ...]:
        """The ONNX files in a folder and below it, each by its path from there on, with its size. What is copied into a
        folder of its own beside the file of a run is left out."""
        files: list[tuple[str, int]] = []
        waiting = deque([""])
        for _folder in range(MOST_FOLDERS):
            if not waiting:
                break
            below = waiting.popleft()
            entries = self.entries(f"{path}/{below}" if below else path)
            named = [(f"{below}/{entry.name}" if below else entry.name, entry) for entry in entries]
            files += [(name, entry.bytes) for name, entry in named if not entry.is_folder and name.endswith(SUFFIX)]
            is_copied = not below and any(name == MODEL for name, _size in files)
            waiting += [name for name, entry in named if entry.is_folder and not (is_copied and name == COPY)]
        return tuple(files)

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
