"""The port of a reader: a plug-in for one kind of file. A reader is recognized by the first bytes of a file, never by
its name; what it cannot read exactly it refuses in words."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from core.foundation.plugins import Plugin
from core.lake.import_values import ImportChoices
from core.lake.readers.table_stream import ProgressCallback, Reading, ignore_progress


@dataclass(frozen=True)
class Workspace:
    """What every reader is given: how to read what the bytes leave open, where files that it unpacks go (None where
    none may be), a folder for what memory does not hold meanwhile (None for the system's), and where it reports how far
    it is."""

    choices: ImportChoices
    outputs: Path | None = None
    spill: Path | None = None
    on_progress: ProgressCallback = ignore_progress


class FileReader(Plugin, ABC):
    """Reads one kind of file. `suffixes` are the endings of names that people give such files, `marks` the bytes that
    one begins with, `choices` the names of the choices of an import that concern it alone. `form` is what its rows
    are: a table, or the index of files that it leaves in the outputs."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    marks: ClassVar[tuple[bytes, ...]] = ()
    choices: ClassVar[tuple[str, ...]] = ()
    form: ClassVar[Literal["table", "files"]] = "table"

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        """Whether a file that begins with these bytes, up to 4096 of them, is of this kind."""
        return start.startswith(cls.marks) if cls.marks else False

    @abstractmethod
    def read(self, path: Path, workspace: Workspace) -> Reading:
        """The rows. Raises Invalid for a damaged file, and for what the lake cannot hold."""
