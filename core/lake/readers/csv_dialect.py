"""The text of a CSV file before anybody reads cells in it: its encoding, its header and its separator. What is unusual
is proposed in words; what is broken is refused."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.column_types import check_names, name_columns
from core.lake.import_values import ImportChoices
from core.lake.readers.table_stream import MOST_COLUMNS

SEPARATORS = {",": N_("a comma"), ";": N_("a semicolon"), "\t": N_("a tab"), "|": N_("a bar")}
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
MOST_LINE = 4 * 2**20
CHUNK = 2**20
SAMPLE_LINES = 50
# A longer line says nothing about separators, and a longer header has names that nobody reads.
MOST_SAMPLE = 100_000


@dataclass(frozen=True)
class CsvText:
    """How a file's bytes become cells, and what was decided about that in words."""

    encoding: str
    separator: str
    names: tuple[str, ...]
    has_quotes: bool
    choices: tuple[str, ...]


def inspect(path: Path, choices: ImportChoices) -> CsvText:
    """Looks at every byte once. Raises Invalid: NUL, not UTF-8 and no encoding chosen, two encodings in one file, no
    header, names missing or twice, too many columns, a first line without end."""
    encoding, sentences = _encoding(path, choices.encoding)
    has_quotes = _check_bytes(path, encoding)
    lines = _first_lines(path, encoding)
    separator = choices.separator or _separator(lines)
    if separator != ",":
        sentences.append(
            _("Columns are separated by {what}.").format(what=_(SEPARATORS.get(separator, repr(separator))))
        )
    return CsvText(encoding, separator, tuple(_header(lines, separator)), has_quotes, tuple(sentences))


def _encoding(path: Path, chosen: str) -> tuple[str, list[str]]:
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "")
    encoding = chosen or marked or "utf-8"
    if encoding == "utf-8":
        return encoding, []
    return encoding, [_("The text is read as {encoding}.").format(encoding=encoding)]


def _check_bytes(path: Path, encoding: str) -> bool:
    """Whether there is a quotation mark in the file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, has_quotes = 0, False
    for chunk in _chunks(path):
        text = _decoded(decoder, chunk, path=path, lines=lines)
        if (position := text.find("\0")) >= 0:
            line = lines + text.count("\n", 0, position) + 1
            raise Invalid(_("Line {line} has a NUL byte").format(line=line), hint=_save_as_utf8(), field="content")
        lines += text.count("\n")
        has_quotes = has_quotes or '"' in text
    _decoded(decoder, b"", path=path, lines=lines, final=True)
    if encoding not in ("utf-8", "utf-16") and _has_utf8(path):
        raise _mixed(encoding)
    return has_quotes


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, *, path: Path, lines: int, final: bool = False) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line = lines + error.object.count(b"\n", 0, error.start) + 1
        if _has_utf8(path):
            raise _mixed("UTF-8", line=line) from error
        raise Invalid(
            _("Line {line} is not UTF-8").format(line=line),
            hint=_("Files of older office programs are often windows-1252: choose that encoding, or save as UTF-8."),
            field="content",
        ) from error


def _mixed(encoding: str, *, line: int = 0) -> Invalid:
    where = _("Line {line} is not {encoding}").format(line=line, encoding=encoding) + ": " if line else ""
    return Invalid(where + _("the file mixes encodings"), hint=_save_as_utf8(), field="content")


def _has_utf8(path: Path) -> bool:
    """Whether some line has letters beyond ASCII that are surely UTF-8: other encodings hit its pattern by chance only
    rarely."""
    with path.open("rb") as file:
        return any(_is_utf8(line) for line in iter(lambda: file.readline(MOST_LINE), b"") if not line.isascii())


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _first_lines(path: Path, encoding: str) -> list[str]:
    with path.open(encoding=encoding, newline="") as file:
        lines = [file.readline(MOST_LINE + 1) for _number in range(SAMPLE_LINES)]
    if len(lines[0]) > MOST_LINE:
        raise line_too_long()
    return [line.rstrip("\r\n").removeprefix("\ufeff") for line in lines if line]


def line_too_long() -> Invalid:
    return Invalid(
        _("A line is longer than {most} MB").format(most=MOST_LINE // 2**20),
        hint=_("Is a quotation mark left open? A row of a table is one line."),
        field="content",
    )


def _separator(lines: list[str]) -> str:
    """The comma, unless the header has none and another separator splits the first lines alike."""
    short = [line for line in lines if len(line) < MOST_SAMPLE]
    widths = {mark: [len(row) for row in csv.reader(short, delimiter=mark)] or [0] for mark in SEPARATORS}
    if widths[","][0] > 1:
        return ","
    alike = [mark for mark, counts in widths.items() if counts[0] > 1 and len(set(counts)) == 1]
    return alike[0] if alike else ","


def _header(lines: list[str], separator: str) -> list[str]:
    """The names in the first line. A line of numbers is data, so it is no header."""
    if len(lines[0]) >= MOST_SAMPLE:
        raise Invalid(_("The first line is too long for a header"), hint=name_columns(), field="content")
    names = next(csv.reader(lines[:1], delimiter=separator), [])
    if len(names) > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
    if numbers := [name for name in names if _is_number(name)]:
        raise Invalid(
            _("The file has no header: its first line has the number {number}").format(number=numbers[0][:40]),
            hint=name_columns(),
            field="content",
        )
    check_names(names)
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _save_as_utf8() -> str:
    return _("Save the file as CSV in UTF-8.")
