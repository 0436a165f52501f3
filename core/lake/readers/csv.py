"""CSV in two passes over the file, neither of which holds more than a few megabytes."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from core.foundation.errors import Invalid
from core.foundation.text import N_, _, thousands
from core.lake.import_values import ImportChoices
from core.lake.readers.csv_dialect import MOST_LINE, CsvText, inspect, line_too_long
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.row_count import check_rows
from core.lake.readers.table_stream import (
    MOST_LETTERS,
    MOST_LISTED,
    ProgressCallback,
    Reading,
    Reject,
    ignore_progress,
)
from core.lake.readers.text_tables.columns import read_texts
from core.lake.readers.text_tables.header import is_header, without_header
from core.lake.texts.notations import Notation
from core.lake.texts.registry import NOTATIONS
from core.lake.texts.types import Proposal, proposals

if TYPE_CHECKING:
    import pyarrow as pa

PASSES = 2
BREAK = re.compile(r"[\n\r]")
# A line that is in no file, for a text has no such letter.
END = "\0"


@dataclass
class Rejects:
    """Lines without the columns of the header. `last` is the text of the last one."""

    count: int = 0
    last: str = ""
    rows: list[Reject] = field(default_factory=list)

    def __call__(self, row: Any) -> str:
        self.count += 1
        self.last = row.text
        if len(self.rows) < MOST_LISTED:
            reason = _("{actual} cells instead of {expected}")
            why = reason.format(actual=row.actual_columns, expected=row.expected_columns)
            self.rows.append(Reject(None, "", row.text[:MOST_LETTERS], why))
        return "skip"


class CsvReader(FileReader):
    """A table as text: a header, then a line for each row, its cells separated by commas, semicolons, tabs or bars."""

    name = "CSV"
    title = N_("CSV")
    suffixes = (".csv", ".tsv")
    choices = ("encoding", "separator", "header", "missing")

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        """What nothing else recognizes is read as CSV; see the table of readers."""
        return False

    def read(self, path: Path, workspace: Workspace) -> Reading:
        return read_csv(path, workspace.choices, on_progress=workspace.on_progress)


def read_csv(path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """The table of a CSV file with a header."""
    text = inspect(path, choices)
    table = CsvTable(path, text, on_progress)
    reading = read_texts(table, choices)
    words = [*text.choices, *text.names.words, *table.words]
    reading.warnings = [*text.warnings, *reading.warnings]
    reading.choices = [*words, *reading.choices, _("Empty cells are missing values.")]
    reading.renamed = text.names.changed
    return reading


class CsvTable:
    """The cells of every line as text."""

    def __init__(self, path: Path, text: CsvText, on_progress: ProgressCallback) -> None:
        self._path, self._text, self._on_progress = path, text, on_progress
        self.names = text.names.names
        self._rejects, self._passes, self._repeated = Rejects(), 0, 0

    @property
    def rejected(self) -> int:
        return self._rejects.count

    @property
    def rejects(self) -> list[Reject]:
        rows = self._rejects.rows
        return [reject._replace(line=line) for reject, line in zip(rows, self._ragged(len(rows)), strict=False)]

    def batches(self, stage: str) -> "Iterator[pa.RecordBatch]":
        """Invalid for a table without rows, with many lines that are none, or with a quotation mark that takes all
        lines to the end of the file for one cell."""
        self._rejects, rows, gone = Rejects(), 0, min(self._passes, PASSES - 1) / PASSES
        last = ""
        self._passes += 1
        self._repeated = 0
        for batch in _batches(self._path, self._text, self._rejects, self._progress(gone, stage)):
            others = without_header(batch, self._text.header)
            self._repeated += batch.num_rows - others.num_rows
            rows += others.num_rows
            last = batch.column(-1)[-1].as_py() if batch.num_rows else last
            yield others
        if self._passes == 1 and BREAK.search(last + self._rejects.last):
            self._check_closed()
        check_rows(rows, self._rejects.count)

    @property
    def words(self) -> list[str]:
        """What was left out in the newest pass beside what is no row."""
        sentence = _("Lines that repeat the header were left out: {count}.")
        return [sentence.format(count=thousands(self._repeated))] if self._repeated else []

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        wanted = set(rows)
        if not wanted:
            return {}
        with self._path.open(encoding="utf-8", newline="") as file:
            begun = islice(self._numbered(file), max(wanted) + 1)
            return {row: line for row, line in begun if row in wanted}

    def proposals(self, name: str) -> Sequence[Proposal]:
        return proposals()

    def notations(self, name: str) -> Sequence[Notation]:
        return tuple(NOTATIONS.values())

    def missing(self, choices: ImportChoices) -> tuple[str, ...]:
        return choices.missing

    def _ragged(self, count: int) -> Iterator[int | None]:
        """The first lines with more or fewer cells than the header. Arrow counts neither empty lines nor those inside
        of cells."""
        if count:
            with self._path.open(encoding="utf-8", newline="") as file:
                yield from islice((line for line, cells in self._lines(file) if self._is_ragged(cells)), count)
        yield from repeat(None, count)

    def _is_ragged(self, cells: Sequence[str]) -> bool:
        return len(cells) not in (0, len(self.names))

    def _numbered(self, file: TextIO) -> Iterator[tuple[int, int]]:
        """Rows with the lines on which they begin. Python's reader knows them; Arrow's does not say."""
        row = 0
        for line, cells in self._lines(file):
            if len(cells) == len(self.names) and not is_header(cells, self._text.header):
                yield row, line
                row += 1

    def _check_closed(self) -> None:
        """Another line behind the last one is a row of its own, unless a quotation mark was left open."""
        with self._path.open(encoding="utf-8", newline="") as file:
            line, cells = deque(self._lines(chain(file, ["\n", END])), maxlen=1).pop()
        if cells != [END]:
            raise Invalid(
                _("The quotation mark in line {line} is never closed").format(line=line),
                hint=_("Close it, or double it where it is a letter of the cell."),
                field="content",
            )

    def _lines(self, text: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
        """The cells of what begins on each line below the header."""
        # Arrow takes a cell that goes on in the part after its own.
        csv.field_size_limit(2 * MOST_LINE)
        rest = iter(text)
        above = sum(1 for _line in islice(rest, self._text.ends))
        reader = csv.reader(rest, delimiter=self._text.separator)
        line = above + 1
        for cells in reader:
            yield line, cells
            line = above + reader.line_num + 1

    def _progress(self, start: float, stage: str) -> Callable[[float], None]:
        return lambda share: self._on_progress(start + share / PASSES, stage)


def _batches(path: Path, text: CsvText, rejects: Rejects, progress: Any) -> "Iterator[pa.RecordBatch]":
    """The cells of every line as text."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    size = max(1, path.stat().st_size)
    options = {
        "read_options": arrow_csv.ReadOptions(
            column_names=list(text.names.names),
            skip_rows=text.ends,
            block_size=MOST_LINE,
            use_threads=False,
        ),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=text.separator, invalid_row_handler=rejects, newlines_in_values=text.has_quotes
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(text.names.names, pa.string()), strings_can_be_null=False
        ),
    }
    with path.open("rb") as file:
        try:
            for batch in _opened(file, options):
                yield batch
                progress(file.tell() / size)
        except pa.ArrowInvalid as error:
            raise _unreadable(error) from error


def _opened(file: BinaryIO, options: dict[str, Any]) -> "Iterator[pa.RecordBatch]":
    import pyarrow.csv as arrow_csv

    yield from arrow_csv.open_csv(file, **options)


def _unreadable(error: Exception) -> Invalid:
    if "straddl" in str(error):
        return line_too_long()
    if "Empty CSV" in str(error):
        return Invalid(_("The file has a header and no rows"), field="content")
    return Invalid(_("The CSV file cannot be read: {why}").format(why=str(error)[:200]), field="content")
