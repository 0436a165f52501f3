"""CSV in two passes over the file, neither of which holds more than a few megabytes: the first finds for every column
the types that all of its values fit, the second reads the rows in the types that were chosen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.column_types import type_name
from core.lake.import_values import ImportChoices
from core.lake.readers.csv_dialect import MOST_LINE, CsvText, inspect, line_too_long
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.row_count import check_rows
from core.lake.readers.table_stream import REASONS_SHOWN, ProgressCallback, Reading, ignore_progress

if TYPE_CHECKING:
    import pyarrow as pa

# Cells that stand for nothing in columns of numbers and times; in text NA may be a word.
NOTHING = ("", "NA")
LEADING_ZERO = r"^[+-]?0\d"


@dataclass
class Fits:
    """The types that every value of a column has fitted so far."""

    types: "list[pa.DataType]"
    is_empty: bool = True
    has_leading_zero: bool = False


@dataclass
class Rejects:
    """Lines without the columns of the header, by the line they stand on."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def __call__(self, row: Any) -> str:
        self.count += 1
        if len(self.reasons) < REASONS_SHOWN:
            sentence = _("Line {line}: {actual} cells instead of {expected}: {text}")
            cells = {"actual": row.actual_columns, "expected": row.expected_columns, "text": row.text[:80]}
            self.reasons.append(sentence.format(line=row.number, **cells))
        return "skip"


class CsvReader(FileReader):
    """A table as text: a header, then a line for each row, its cells separated by commas, semicolons, tabs or bars."""

    name = "CSV"
    title = N_("CSV")
    suffixes = (".csv", ".tsv")
    choices = ("encoding", "separator", "missing")

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        """What nothing else recognizes is read as CSV; see the table of readers."""
        return False

    def read(self, path: Path, workspace: Workspace) -> Reading:
        return read_csv(path, workspace.choices, on_progress=workspace.on_progress)


def read_csv(path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """The table of a CSV file with a header. Types are those that every value of a column fits; an empty cell or NA is
    missing in columns of numbers and times, in text only what `choices.missing` lists is."""
    import pyarrow as pa

    text = inspect(path, choices)
    fits_by_name = _find_types(path, text, on_progress)
    chosen = {name: _chosen(fits) for name, fits in fits_by_name.items()}
    reading = Reading(pa.schema(list(chosen.items())), (), choices=[*text.choices, *_words(fits_by_name)])
    reading.choices.append(_("Empty cells are missing values."))
    reading.tables = _typed(path, text, chosen, choices, reading, on_progress)
    return reading


def _typed(
    path: Path,
    text: CsvText,
    types: "dict[str, pa.DataType]",
    choices: ImportChoices,
    reading: Reading,
    on_progress: ProgressCallback,
) -> "Iterator[pa.Table]":
    import pyarrow as pa

    rejects, rows = Rejects(), 0
    for batch in _batches(path, text, rejects, lambda share: on_progress(0.5 + share / 2, _("Reading rows"))):
        rows += batch.num_rows
        columns = [_cells(column, types[name], choices.missing) for name, column in zip(text.names, batch, strict=True)]
        yield pa.table(columns, schema=reading.schema)
    reading.rejected, reading.reasons = rejects.count, rejects.reasons


def _cells(column: "pa.Array", target: "pa.DataType", missing: tuple[str, ...]) -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = pa.types.is_string(target)
    cells = column if is_text else pc.utf8_trim_whitespace(column)
    nothing = pc.is_in(cells, value_set=pa.array(missing if is_text else NOTHING, pa.string()))
    return pc.cast(pc.if_else(nothing, pa.scalar(None, pa.string()), cells), target)


def _find_types(path: Path, text: CsvText, on_progress: ProgressCallback) -> dict[str, Fits]:
    fits = {name: Fits(_candidates()) for name in text.names}
    rejects, rows = Rejects(), 0
    for batch in _batches(path, text, rejects, lambda share: on_progress(share / 2, _("Finding types"))):
        rows += batch.num_rows
        for name, column in zip(text.names, batch, strict=True):
            _narrow(fits[name], column)
    check_rows(rows, rejects.count)
    return fits


def _candidates() -> "list[pa.DataType]":
    """From the strictest to the loosest; what fits none of them is text."""
    import pyarrow as pa

    moments = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
    return [pa.int64(), pa.bool_(), pa.date32(), *moments, pa.float64()]


def _narrow(fits: Fits, column: "pa.Array") -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    # Most columns say the same few values again and again, and a value that was said twice fits what it fitted before.
    cells = pc.utf8_trim_whitespace(pc.unique(column))
    cells = cells.filter(pc.invert(pc.is_in(cells, value_set=pa.array(NOTHING))))
    if not len(cells) or not fits.types:
        fits.is_empty = fits.is_empty and not len(cells)
        return
    fits.is_empty = False
    fits.types = [candidate for candidate in fits.types if _fits(cells, candidate)]
    if pa.int64() in fits.types:
        fits.has_leading_zero |= bool(pc.any(pc.match_substring_regex(cells, LEADING_ZERO)).as_py())


def _fits(cells: "pa.Array", candidate: "pa.DataType") -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.cast(cells, candidate)
    except pa.ArrowInvalid:
        return False
    return True


def _chosen(fits: Fits) -> "pa.DataType":
    import pyarrow as pa

    return pa.string() if fits.is_empty or fits.has_leading_zero or not fits.types else fits.types[0]


def _words(fits_by_name: dict[str, Fits]) -> list[str]:
    """What else the values of a column would have fitted, where a person may have meant it."""
    sentences = []
    for name, fits in fits_by_name.items():
        others = [type_name(other) for other in fits.types if other != _chosen(fits)]
        if fits.has_leading_zero and not fits.is_empty:
            sentences.append(
                _("{name} is text: as numbers its values would lose their leading zeros.").format(name=name)
            )
        elif not fits.is_empty and {"BOOLEAN", "DATE", "TIMESTAMP"} & set(others):
            chosen = type_name(_chosen(fits))
            sentence = _("{name} is {type}; its values would also fit {others}.")
            sentences.append(sentence.format(name=name, type=chosen, others=", ".join(others)))
    return sentences


def _batches(path: Path, text: CsvText, rejects: Rejects, progress: Any) -> "Iterator[pa.RecordBatch]":
    """The cells of every line as text."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    size = max(1, path.stat().st_size)
    options = {
        "read_options": arrow_csv.ReadOptions(
            column_names=list(text.names), skip_rows=1, block_size=MOST_LINE, encoding=text.encoding, use_threads=False
        ),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=text.separator, invalid_row_handler=rejects, newlines_in_values=text.has_quotes
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(text.names, pa.string()), strings_can_be_null=False
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
