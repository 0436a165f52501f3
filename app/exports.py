"""What people see, as a file they can take along."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.foundation.actors import Actor
from core.foundation.values import Value
from core.lake.column_types import is_text
from core.lake.values import RejectedRow
from core.portal import Portal

# A cell that begins so would be run by a spreadsheet as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PART = 1000


def csv_of(columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV in UTF-8. `columns` are their types by name. Texts that a spreadsheet would take for a formula get
    an apostrophe in front; what is no text is written as it is, also where it came as text because JSON has no such
    numbers, and what is missing stays empty."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_harmless(name) for name in columns])
    texts = [is_text(of_type) for of_type in columns.values()]
    for row in rows:
        writer.writerow([_harmless(cell) if text else cell for cell, text in zip(row, texts, strict=True)])
    return file.getvalue().encode()


def _harmless(cell: Any) -> Any:
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def csv_of_values(kind: type[Value], values: Iterable[Value]) -> bytes:
    """Values of one kind without parts as CSV, a column for each field."""
    columns = {name: "VARCHAR" if field.annotation is str else "DOUBLE" for name, field in kind.model_fields.items()}
    return csv_of(columns, ([getattr(value, name) for name in columns] for value in values))


def csv_of_rejects(portal: Portal, actor: Actor, *, import_id: str) -> bytes:
    """The rows that an import left out: line, column, value and reason of each."""

    def rows() -> Iterator[RejectedRow]:
        offset, total = 0, 1
        while offset < total:
            part = portal.imports.list_rejected_rows(actor, import_id=import_id, offset=offset, limit=PART)
            yield from part.items
            offset, total = offset + PART, part.total

    return csv_of_values(RejectedRow, rows())
