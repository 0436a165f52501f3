"""What people see, as a file they can take along."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

# A cell that begins so would be run by a spreadsheet as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV in UTF-8. Texts that a spreadsheet would take for a formula get an apostrophe in front; numbers
    stay numbers, and what is missing stays empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_harmless(name) for name in columns])
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode()


def _harmless(cell: Any) -> Any:
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULA) else cell
