"""A workbook before anybody reads cells in it: an archive that strangers made, whose parts are held to what memory and
time can take, and which of its sheets is read."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from core.foundation.errors import Invalid
from core.foundation.text import _

MOST_MEMBERS = 10_000
MOST_UNPACKED = 2 * 2**30
# The texts of all cells are in memory at once; of the other parts, which are small, elements are.
MOST_TEXTS = 160 * 2**20
MOST_PART, MOST_ELEMENTS = 32 * 2**20, 500_000
CHUNK = 2**20
MERGED, EMPTY = b"<mergeCell ", re.compile(rb"(?:</f>|<f[^>]*/>)(?:<v></v>|<v ?/>)?</c>")
OVERRIDE = re.compile(rb"<Override [^>]*sharedStrings[^>]*>")
PART_NAME = re.compile(rb"""PartName=["']/?([^"']+)""")
SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
PEEKED = 10_000
# How the library and what it is made of fail on what is torn; a password is a RuntimeError.
FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    EOFError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Marks(NamedTuple):
    """How many ranges of cells are merged in a sheet, and how many formulas have no value."""

    merged: int = 0
    empty: int = 0


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, dict[str, Marks]]]:
    """The workbook, its sheets not yet read, and what the library does not say of these, by their places in the file.
    Raises Invalid for what is damaged, larger than can be read, or no workbook."""
    import openpyxl

    with whole(), zipfile.ZipFile(path) as archive:
        marks = _check(archive)
    with path.open("rb") as file:
        with whole():
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        yield workbook, marks


def marks_of(sheet: Any, marks: dict[str, Marks]) -> Marks:
    return marks.get(str(sheet._worksheet_path).lstrip("/"), Marks())


@contextmanager
def whole() -> Iterator[None]:
    """The library warns of what it leaves out, pictures and their kind, and fails in many ways on what is torn."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FAILURES as error:
        raise damaged() from error


def damaged() -> Invalid:
    return Invalid(
        _("The workbook is damaged, or no .xlsx"), hint=_("Save it again as .xlsx, or as CSV."), field="content"
    )


def _check(archive: zipfile.ZipFile) -> dict[str, Marks]:
    infos = {info.filename: info for info in archive.infolist()}
    if "xl/workbook.xml" not in infos:
        raise damaged()
    if len(infos) > MOST_MEMBERS or sum(info.file_size for info in infos.values()) > MOST_UNPACKED:
        raise _too_large(MOST_UNPACKED)
    overrides = b"".join(OVERRIDE.findall(_part(archive, "[Content_Types].xml")))
    texts = {name.decode("latin-1") for name in PART_NAME.findall(overrides)}
    if any(name in infos and infos[name].file_size > MOST_TEXTS for name in texts):
        raise _too_large(MOST_TEXTS)
    sheets = {name for name in infos if SHEETS.fullmatch(name)} - texts
    for name in infos.keys() - texts - sheets:
        _part(archive, name)
    return {name: _marks(archive, name) for name in sheets}


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part that is read at once. Entities, which could make more of it, are in no workbook."""
    if archive.getinfo(name).file_size > MOST_PART:
        raise _too_large(MOST_PART)
    content = archive.read(name)
    if content.count(b"<") > MOST_ELEMENTS or b"<!DOCTYPE" in content:
        raise _too_large(MOST_PART)
    return content


def _too_large(most: int) -> Invalid:
    return Invalid(
        _("A part of the workbook is larger than {most} MB").format(most=most // 2**20),
        hint=_("Save the sheet as CSV."),
        field="content",
    )


def chosen_sheet(workbook: Any, wanted: str) -> tuple[Any, tuple[str, ...]]:
    """The sheet to read, and the names of those that have rows, that one first. Raises Invalid where there is none of
    the wanted name, or none with rows."""
    filled = [sheet for sheet in workbook.worksheets if has_rows(sheet)]
    names = [sheet.title for sheet in filled]
    if wanted and wanted not in names:
        raise Invalid(
            _("There is no sheet {name} with rows").format(name=repr(wanted)),
            hint=_("It has: {names}.").format(names=", ".join(names)),
            field="choices.sheet",
        )
    visible = [sheet for sheet in filled if sheet.sheet_state == "visible"] or filled
    if not visible:
        raise Invalid(_("The workbook has no sheet with rows"), field="content")
    sheet = next((sheet for sheet in filled if sheet.title == wanted), visible[0])
    return sheet, tuple(dict.fromkeys([sheet.title, *names]))


def has_rows(sheet: Any) -> bool:
    """Whether there is anything in the first rows of a sheet. Its own word on how large it is does not count."""
    with whole():
        return any(value is not None for _number, values in islice(rows_of(sheet), PEEKED) for value in values.values())


def rows_of(sheet: Any) -> Iterator[tuple[int, dict[int, Any]]]:
    """The rows of a sheet that stand in the file, by their numbers: the values of their cells by column, counted from
    0. The library's own rows leave out whatever does not come in its order. Raises ValueError for rows that do not, and
    for two cells in one place."""
    from openpyxl.worksheet._reader import WorkSheetParser

    book, last = sheet.parent, 0
    formats = {"date_formats": book._date_formats, "timedelta_formats": book._timedelta_formats}
    with sheet._get_source() as source:
        parser = WorkSheetParser(source, sheet._shared_strings, data_only=True, epoch=book.epoch, **formats)
        for number, cells in parser.parse():
            values = {cell["column"] - 1: cell["value"] for cell in cells}
            if number <= last or len(values) < len(cells):
                raise ValueError
            last = number
            yield number, values


def _marks(archive: zipfile.ZipFile, name: str) -> Marks:
    """Looks at all bytes of a sheet. Of a sheet, one row or what follows them all is in memory at once."""
    merged = empty = since = 0
    with archive.open(name) as file:
        for text in _pieces(file):
            merged += text.count(MERGED)
            empty += len(EMPTY.findall(text))
            row = text.rfind(b"<row")
            since = since + len(text) if row < 0 else len(text) - row
            if since > MOST_PART or b"<!DOCTYPE" in text:
                raise _too_large(MOST_PART)
    return Marks(merged, empty)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes in parts that end before a cell or a range begins, where there are such."""
    rest = b""
    for chunk in iter(lambda: file.read(CHUNK), b""):
        text = rest + chunk
        cut = max(text.rfind(b"<c "), text.rfind(MERGED))
        yield text[:cut] if cut > 0 else text
        rest = text[cut:] if cut > 0 else b""
    yield rest
