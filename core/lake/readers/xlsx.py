"""Workbooks of Excel. One sheet is a table of texts: what its cells say, dates in ISO 8601 and numbers in all of their
digits."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import N_, _, thousands
from core.lake.column_types import MOST_COLUMNS, column_names, name_columns
from core.lake.import_values import ImportChoices
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.row_count import check_rows
from core.lake.readers.table_stream import Reading, Reject
from core.lake.readers.text_tables.columns import read_texts
from core.lake.readers.text_tables.header import Row, can_name, find_header, is_header
from core.lake.readers.text_tables.spilled import SpilledTexts
from core.lake.readers.workbook import Marks, chosen_sheet, marks_of, opened, rows_of, whole
from core.lake.readers.zip import NAME_AT, OPEN_XML
from core.lake.texts.notations import Family, Notation
from core.lake.texts.registry import NOTATIONS
from core.lake.texts.types import Proposal, proposals

if TYPE_CHECKING:
    import pyarrow as pa

Cells = tuple[str | None, ...]
MOST_ROWS = 2**20
SAMPLE_ROWS = 50
ROWS_AT_ONCE = 5000
# How Excel writes letters that XML would change, as the line breaks of other systems: "_x000D_".
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# Whole numbers below are whole as doubles, too.
MOST_WHOLE = 2**53
# The share of the progress until all cells are texts.
PARSED = 0.8


class XlsxReader(FileReader):
    """A sheet of a workbook, as Excel, LibreOffice and Google Sheets save it."""

    name = "Excel"
    title = N_("Excel")
    suffixes = (".xlsx", ".xlsm")
    choices = ("sheet", "header", "missing")

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        return start.startswith(b"PK\x03\x04") and start[NAME_AT:].startswith(OPEN_XML)

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """Raises Invalid for what is no workbook, larger than can be read, or has no such sheet."""
        table = SheetTable(path, workspace)
        reading = read_texts(table, workspace.choices)
        reading.choices = [*table.words, *reading.choices, _("Empty cells are missing values.")]
        reading.warnings += table.doubts
        reading.renamed, reading.sheets = table.changed, table.sheets
        return reading


class SheetTable:
    """The cells of a sheet as texts."""

    rejected = 0

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self._choices, self._on_progress = workspace.choices, workspace.on_progress
        self._texts = SpilledTexts(workspace.spill)
        self._numbers = array("I")
        self._fractions: set[int] = set()
        self._filled: set[int] = set()
        self._repeated = 0
        self.rejects: list[Reject] = []
        with opened(path) as (workbook, marks):
            sheet, self.sheets = chosen_sheet(workbook, self._choices.sheet)
            self._marks = marks_of(sheet, marks)
            with whole():
                self._header, self._above = self._write(sheet)
        check_rows(len(self._numbers), 0)
        self._name()

    def batches(self, stage: str) -> "Iterator[pa.RecordBatch]":
        for batch, share in self._texts.batches([str(place) for place in self._places], names=self.names):
            yield batch
            self._on_progress(PARSED + (1 - PARSED) * share, stage)

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        return {row: self._numbers[row] for row in rows}

    def proposals(self, name: str) -> Sequence[Proposal]:
        return proposals()

    def notations(self, name: str) -> Sequence[Notation]:
        """Cells with numbers are written by us, with a point: a column that has such is no column of commas."""
        has_fractions = self._places[self.names.index(name)] in self._fractions
        return [item for item in NOTATIONS.values() if not (has_fractions and item.family is Family.NUMBER)]

    def missing(self, choices: ImportChoices) -> tuple[str, ...]:
        return choices.missing

    @property
    def words(self) -> list[str]:
        words = [_("The sheet {name} was read.").format(name=repr(self.sheets[0]))]
        if self._above or self._choices.header:
            sentence = _("The header is line {line}; what stands above it was left out.")
            words.append(sentence.format(line=self._header.begin))
        if self._repeated:
            words.append(_("Lines that repeat the header were left out: {count}.").format(count=self._repeated))
        return [*words, *self._changes]

    @property
    def doubts(self) -> list[str]:
        """What a person should look at."""
        doubts = []
        if len(self.sheets) > 1 and not self._choices.sheet:
            sentence = _("The workbook has other sheets, too: {names}.")
            doubts.append(sentence.format(names=", ".join(map(repr, self.sheets[1:]))))
        return [*doubts, *_marked(self._marks)]

    def _write(self, sheet: Any) -> tuple[Row, int]:
        """All rows below the header, which is returned with the number of rows above it."""
        rows = _rows(sheet, self._fractions)
        sample = list(islice(rows, SAMPLE_ROWS))
        header, above = _header(sample, self._choices.header)
        below = chain(sample[sample.index(header) + 1 :], rows)
        for part in iter(lambda: list(islice(below, ROWS_AT_ONCE)), []):
            self._append(part, header)
        return header, above

    def _append(self, part: list[Row], header: Row) -> None:
        import pyarrow as pa

        rows = [row for row in part if not is_header(row.cells, header.cells)]
        self._repeated += len(part) - len(rows)
        if not rows:
            return
        self._numbers.extend(row.begin for row in rows)
        width = max(len(row.cells) for row in rows)
        columns = list(zip(*(row.cells + ("",) * (width - len(row.cells)) for row in rows), strict=True))
        self._filled |= {place for place, column in enumerate(columns) if any(column)}
        arrays = [pa.array([text or None for text in column], pa.string()) for column in columns]
        self._texts.append(pa.record_batch(arrays, names=[str(place) for place in range(width)]))
        self._on_progress(min(PARSED, PARSED * len(self._numbers) / MOST_ROWS), _("Reading rows"))

    def _name(self) -> None:
        """The columns are those that have a name or a value."""
        cells = dict(enumerate(self._header.cells))
        self._places = sorted({place for place, name in cells.items() if name} | self._filled)
        names = column_names([cells.get(place, "") for place in self._places])
        self.names, self.changed, self._changes = names.names, names.changed, names.words


def _rows(sheet: Any, fractions: set[int]) -> Iterator[Row]:
    """The rows that have a value, by their numbers. Notes in which columns numbers with fractions stand."""
    for number, row in rows_of(sheet):
        if number > MOST_ROWS:
            raise Invalid(_("A sheet has at most {most} rows").format(most=MOST_ROWS), field="content")
        cells = {place: text for place, value in row.items() if (text := text_of(value))}
        width = max(cells, default=-1) + 1
        if width > MOST_COLUMNS:
            raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
        if cells:
            fractions.update(place for place, value in row.items() if isinstance(value, float))
            yield Row(number, number, tuple(cells.get(place, "") for place in range(width)))


def text_of(value: Any) -> str:
    """What a cell says: numbers in as many digits as tell them apart, days and times in ISO 8601."""
    if value is None or isinstance(value, str):
        return ESCAPED.sub(_letter, value) if value and "_x" in value else value or ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_WHOLE:
        return str(int(value))
    if isinstance(value, datetime):
        is_day = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _letter(escaped: re.Match[str]) -> str:
    """What no XML can hold stays as it stands."""
    letter = chr(int(escaped[1], 16))
    return letter if letter.isprintable() or letter in "\t\n\r" else escaped[0]


def _header(sample: list[Row], line: int) -> tuple[Row, int]:
    """The row of the names, and how many rows stand above it."""
    if line:
        header = next((row for row in sample if row.begin == line), None)
        if header is None:
            raise Invalid(_("Line {line} is no header").format(line=line), hint=name_columns(), field="choices.header")
        return header, sample.index(header)
    if header_likely := find_header(sample):
        return header_likely.row, header_likely.above
    if not sample or not can_name(sample[0], sample[1:]):
        raise Invalid(_("The sheet has no header"), hint=name_columns(), field="content")
    return sample[0], 0


def _marked(marks: Marks) -> Iterator[str]:
    if marks.merged:
        sentence = _("Merged cells: {count}. Each has its value in its first cell, and is empty in the others.")
        yield sentence.format(count=thousands(marks.merged))
    if marks.empty:
        sentence = _("Formulas without a value: {count}. Open the workbook in Excel and save it: then they have one.")
        yield sentence.format(count=thousands(marks.empty))
