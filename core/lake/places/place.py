"""The port of a place: a plug-in for where rows come from without being sent."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from core.foundation.plugins import Plugin
from core.foundation.settings import Settings
from core.lake.import_values import ImportChoices
from core.lake.readers.table_stream import ProgressCallback, Reading, ignore_progress


@dataclass(frozen=True)
class Visit:
    """What a place is read with: a folder for what is fetched, what `Place.access` gave, the choices of the import, and
    where to report how far it is."""

    folder: Path
    access: Mapping[str, Any] = field(default_factory=dict)
    choices: ImportChoices = field(default_factory=ImportChoices)
    on_progress: ProgressCallback = ignore_progress

    def part(self, start: float, end: float) -> ProgressCallback:
        """Reports the shares of a part of the work as shares of the whole."""
        return lambda share, stage: self.on_progress(start + (end - start) * share, stage)


class Place(Plugin, ABC):
    """Somewhere rows come from. `kind` says how people name what is there: by the table of a package, or by an address;
    `prefix` is how every such name begins, for instance "s3://". `tables` are the names a package knows."""

    kind: ClassVar[Literal["package", "address"]]
    prefix: ClassVar[str]
    tables: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def check(self, name: str) -> None:
        """Refuses in words a name that cannot be one of this place. It opens nothing."""

    def access(self, settings: Settings) -> dict[str, Any]:
        """What the job needs to be let in. It goes straight into the job's own file and is in no database."""
        return {}

    @abstractmethod
    def read(self, name: str, visit: Visit) -> tuple[Reading, dict[str, str]]:
        """The rows, and for each column that is known late the name of the column that says when. Raises Invalid for
        whatever cannot be read."""
