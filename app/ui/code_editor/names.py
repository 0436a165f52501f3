"""What the code editor completes, beside the words of the language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.sandbox.functions import ALLOWED

FUNCTIONS = tuple(sorted(name for name in ALLOWED if name.isidentifier()))
# Every drawing of the page carries the names, so that a table of thousands of columns is not offered whole.
MOST_COLUMNS = 300


@dataclass(frozen=True)
class Table:
    """A table with the types of its columns."""

    name: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Names:
    """Tables with their columns, and features with what is said of each: its type and its view."""

    tables: tuple[Table, ...] = ()
    features: Mapping[str, str] = field(default_factory=dict)

    def drawing(self) -> dict[str, Any]:
        tables = [{"name": table.name, "columns": list(table.columns.items())[:MOST_COLUMNS]} for table in self.tables]
        return {"tables": tables, "features": list(self.features.items())}


NO_NAMES = Names()
