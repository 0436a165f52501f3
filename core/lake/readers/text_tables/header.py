"""Which row of a table of texts names its columns: people write titles and notes above it, and years into it."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.lake.texts.numbers import DECIMAL_COMMA
from core.lake.texts.survey import USUAL

if TYPE_CHECKING:
    import pyarrow as pa

# What stands above a header is short.
MOST_ABOVE = 30
FEW_ROWS = 3
FIRST_YEAR, LAST_YEAR = 1800, 2200


class Row(NamedTuple):
    """A row with the lines of the file on which it begins and ends, counted from 1."""

    begin: int
    end: int
    cells: tuple[str, ...]


class Header(NamedTuple):
    """The row of the names, how many rows stand above it, and how many of those that were looked at have as many
    cells."""

    row: Row
    above: int
    alike: int


def find_header(rows: Sequence[Row]) -> Header | None:
    """The first row as wide as most rows, where it can be a header and more than one column wide."""
    filled = [row for row in rows if any(row.cells)]
    widths = Counter(len(row.cells) for row in filled)
    usual, alike = max(widths.items(), key=_weight, default=(0, 0))
    wide = ((above, row) for above, row in enumerate(filled[:MOST_ABOVE]) if len(row.cells) >= usual)
    above, header = next(wide, (0, None))
    if usual < 2 or header is None or not can_name(header, filled[above + 1 :]):
        return None
    return Header(header, above, alike)


def _weight(width: tuple[int, int]) -> tuple[int, int]:
    """Of two widths that as many rows have, the greater counts, where it is no accident."""
    cells, rows = width
    return rows, cells if rows >= FEW_ROWS else 0


def can_name(header: Row, below: Sequence[Row]) -> bool:
    """Whether a row can be a header: it has no numbers, but for years above columns of something else."""
    numbers = [place for place, cell in enumerate(header.cells) if is_number(cell)]
    years = [header.cells[place] for place in numbers if _is_year(header.cells[place])]
    if not numbers or len(numbers) > len(set(years)) or len(numbers) == len(header.cells):
        return not numbers
    return not any(_are_years(place, below) for place in numbers)


def is_header(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row repeats the header; one name may well be a value."""
    return len(header) > 1 and tuple(cells) == tuple(header)


def without_header(batch: "pa.RecordBatch", header: Sequence[str]) -> "pa.RecordBatch":
    """The rows that do not repeat the header."""
    import pyarrow.compute as pc

    repeats = pc.equal(batch.column(0), header[0])
    for place in range(1, len(header)):
        if not repeats.true_count:
            return batch
        repeats = pc.and_(repeats, pc.equal(batch.column(place), header[place]))
    return batch.filter(pc.invert(repeats)) if len(header) > 1 and repeats.true_count else batch


def is_decimal_column(lines: Sequence[str]) -> bool:
    """Whether lines are one column: a name without a comma above numbers, some of which have one."""
    import pyarrow as pa

    filled = [line.strip().strip('"') for line in lines if line.strip()]
    numbers = [line for line in filled[1:] if line not in USUAL]
    if not any("," in line for line in numbers) or any(mark in filled[0] for mark in ",;\t|"):
        return False
    return bool(DECIMAL_COMMA.plain(pa.array(numbers, pa.string())).null_count == 0)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_year(text: str) -> bool:
    return len(text.strip()) == 4 and text.strip().isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR


def _are_years(place: int, rows: Sequence[Row]) -> bool:
    cells = [row.cells[place] for row in rows if len(row.cells) > place and row.cells[place].strip()]
    return bool(cells) and all(map(_is_year, cells))
