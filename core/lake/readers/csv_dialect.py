"""The text of a CSV file before anybody reads cells in it: its header and its separator. What is unusual is proposed
in words; what is broken is refused."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.column_types import ColumnNames, column_names, name_columns
from core.lake.import_values import ImportChoices
from core.lake.readers.text_tables.header import Header, Row, can_name, find_header, is_decimal_column, is_number

SEPARATORS = {",": N_("a comma"), ";": N_("a semicolon"), "\t": N_("a tab"), "|": N_("a bar")}
# How Excel says in the first line what separates the cells of the others.
DECLARATION = re.compile(r'(?i)"?sep=(.)"?')
MOST_LINE = 4 * 2**20
CHUNK = 2**20
SAMPLE_LINES = 50
# A longer line says nothing about separators, and a longer header has names that nobody reads.
MOST_SAMPLE = 100_000


@dataclass(frozen=True)
class CsvText:
    """How a file's text becomes cells, and what was decided about that in words. `header` are the cells of the row that
    names the columns, which ends on the line `ends`; `names` is what the columns are called for them. `warnings` are
    decisions that may well be wrong."""

    separator: str
    header: tuple[str, ...]
    ends: int
    names: ColumnNames
    has_quotes: bool
    choices: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def inspect(path: Path, choices: ImportChoices) -> CsvText:
    """Looks at every byte of a file in UTF-8 once. Raises Invalid: NUL, no header, too many columns, a first line
    without end."""
    has_quotes = _check_bytes(path)
    separator, header = _table(_first_lines(path), choices)
    sentences = []
    if separator != ",":
        what = _(SEPARATORS.get(separator, repr(separator)))
        sentences.append(_("Columns are separated by {what}.").format(what=what))
    # One line above it may be the header itself, of a table whose cells have the separator.
    warnings: list[str] = []
    if header.above or choices.header:
        sentence = _("The header is line {line}; what stands above it was left out.")
        is_sure = choices.header or header.above > 1
        (sentences if is_sure else warnings).append(sentence.format(line=header.row.begin))
    names = column_names(header.row.cells)
    ends = header.row.end
    return CsvText(separator, header.row.cells, ends, names, has_quotes, tuple(sentences), warnings=tuple(warnings))


def _check_bytes(path: Path) -> bool:
    """Whether there is a quotation mark in the file."""
    lines, has_quotes = 0, False
    for chunk in _chunks(path):
        if (position := chunk.find(b"\0")) >= 0:
            line = lines + chunk.count(b"\n", 0, position) + 1
            hint = _("Save the file as CSV in UTF-8.")
            raise Invalid(_("Line {line} has a NUL byte").format(line=line), hint=hint, field="content")
        lines += chunk.count(b"\n")
        has_quotes = has_quotes or b'"' in chunk
    return has_quotes


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _first_lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        lines = [file.readline(MOST_LINE + 1) for _number in range(SAMPLE_LINES)]
    if len(lines[0]) > MOST_LINE:
        raise line_too_long()
    return [lines[0].removeprefix("\ufeff"), *filter(None, lines[1:])]


def line_too_long() -> Invalid:
    return Invalid(
        _("A line is longer than {most} MB").format(most=MOST_LINE // 2**20),
        hint=_("Is a quotation mark left open? A row of a table is one line."),
        field="content",
    )


def _table(lines: list[str], choices: ImportChoices) -> tuple[str, Header]:
    """The separator, and the row that names the columns: by what was chosen, by what the first line says of it as Excel
    writes that, or by what splits the first lines alike."""
    if len(lines[0]) >= MOST_SAMPLE:
        raise Invalid(_("The first line is too long for a header"), hint=name_columns(), field="content")
    short = [line if len(line) < MOST_SAMPLE else "\n" for line in lines]
    declared = DECLARATION.fullmatch(short[0].rstrip("\r\n"))
    marks = choices.separator or (declared[1] if declared else "") or "".join(SEPARATORS)
    if len(marks) > 1 and not choices.header and is_decimal_column(short):
        return _narrow(short, next(mark for mark in marks if mark not in "".join(short)), declared=False)
    headers = {mark: _header(_rows(short, mark, declared=bool(declared)), choices.header) for mark in marks}
    likely = [(mark, header) for mark, header in headers.items() if header]
    if likely:
        return min(likely, key=lambda pair: (pair[1].above, -pair[1].alike))
    return _narrow(short, marks[0], declared=bool(declared))


def _rows(lines: list[str], mark: str, *, declared: bool) -> list[Row]:
    reader = csv.reader(lines[declared:], delimiter=mark)
    rows, begin = [], 1 + declared
    for cells in reader:
        rows.append(Row(begin, reader.line_num + declared, tuple(cells)))
        begin = reader.line_num + declared + 1
    return rows


def _header(rows: list[Row], line: int) -> Header | None:
    """The row of the names: the one that begins on the chosen line, or the one that looks like it."""
    if not line:
        return find_header(rows)
    below = [row for row in rows if row.begin >= line]
    if not below or below[0].begin > line or not any(below[0].cells):
        raise Invalid(_("Line {line} is no header").format(line=line), hint=name_columns(), field="choices.header")
    alike = sum(len(row.cells) == len(below[0].cells) for row in below)
    return Header(below[0], rows.index(below[0]), alike if len(below[0].cells) > 1 else 0)


def _narrow(lines: list[str], mark: str, *, declared: bool) -> tuple[str, Header]:
    """A table with one column, or one whose lines are no table. A line of numbers is data, so it is no header."""
    rows = [row for row in _rows(lines, mark, declared=declared) if any(row.cells)]
    if not rows:
        raise Invalid(_("The file is empty"), field="content")
    if not can_name(rows[0], rows[1:]):
        number = next(cell for cell in rows[0].cells if is_number(cell))
        raise Invalid(
            _("The file has no header: its first line has the number {number}").format(number=number[:40]),
            hint=name_columns(),
            field="content",
        )
    return mark, Header(rows[0], 0, 0)
