"""The table of readers: which one reads a file. The bytes decide what a file is, not its name, and every choice that
the bytes leave open is said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

from core.foundation.errors import Invalid
from core.foundation.plugins import discover
from core.foundation.text import _
from core.lake import readers as folder
from core.lake.import_values import ImportChoices
from core.lake.readers.csv import CsvReader
from core.lake.readers.encodings import doubt, encoding_of, in_utf8
from core.lake.readers.gzip import is_packed, unpacked
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import MOST_LISTED, Reading
from core.lake.readers.zip import NAME_AT, OPEN_DOCUMENT
from core.lake.values import FileEncoding

if TYPE_CHECKING:
    import pyarrow as pa

ENTRY_POINTS = "causeway.readers"
# What is known by its first bytes and read by nobody.
UNREAD = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "XLS",
}
# Workbooks of other programs and times, and those that a password locks.
WORKBOOKS = {"XLS", "OpenDocument"}
AS_IT_IS = Workspace(ImportChoices())


@cache
def readers() -> Mapping[str, type[FileReader]]:
    """Every reader by the name of its kind of file: ours, and those of installed packages."""
    return discover(folder, FileReader, group=ENTRY_POINTS)  # type: ignore[type-abstract]  # subclasses are made


def read_file(path: Path, *, name: str = "", workspace: Workspace = AS_IT_IS) -> Reading:
    """The rows in a file. Raises Invalid for one that is empty, of a kind that the lake does not read, or damaged, and
    for one that holds files where the workspace has no place for them."""
    if is_packed(path):
        return _read_packed(path, name=name, workspace=workspace)
    reader = reader_of(path)
    if reader.form == "files" and workspace.outputs is None:
        raise _no_table(reader.name)
    if reader is CsvReader and (encoding := encoding_of(path, chosen=workspace.choices.encoding)):
        return _read_encoded(path, encoding, name=name, workspace=workspace)
    reading = reader().read(path, workspace)
    if _says_otherwise(name, reader):
        message = _("The file is called {name}; its bytes are {kind}, and so it was read.")
        reading.choices.insert(0, message.format(name=name[-60:], kind=reader.name))
    if reader is CsvReader and workspace.choices.encoding not in ("", "utf-8"):
        reading.choices.insert(0, _("The file is UTF-8, and so it was read."))
    return reading


def _read_packed(path: Path, *, name: str, workspace: Workspace) -> Reading:
    """The file inside, which stays until the rows were read. What is packed twice is no table."""
    content = unpacked(path, workspace.spill, on_progress=workspace.on_progress)
    reading = _read_copy(content, name=name.removesuffix(".gz"), workspace=workspace)
    reading.choices.insert(0, _("The file was packed by gzip."))
    return reading


def _read_encoded(path: Path, encoding: FileEncoding, *, name: str, workspace: Workspace) -> Reading:
    """A file of text in another encoding than UTF-8."""
    used = encoding.reading.encoding
    reading = _read_copy(in_utf8(path, used, folder=workspace.spill), name=name, workspace=_as_utf8(workspace))
    reading.encoding = encoding
    reading.choices.insert(0, _("The text is read as {encoding}.").format(encoding=used))
    if encoding.is_asked:
        reading.warnings.insert(0, doubt(encoding))
    return reading


def _as_utf8(workspace: Workspace) -> Workspace:
    return replace(workspace, choices=workspace.choices.model_copy(update={"encoding": ""}))


def _read_copy(content: Path, *, name: str, workspace: Workspace) -> Reading:
    """A file that stays until its rows were read."""
    try:
        reader_of(content)
        reading = read_file(content, name=name, workspace=workspace)
    except BaseException:
        content.unlink()
        raise
    finalize(reading, content.unlink, missing_ok=True)
    return reading


def read_files(paths: Sequence[Path], *, workspace: Workspace) -> Reading:
    """One table that lies in several files. Invalid where their columns differ."""
    readings = _alike(paths, [read_file(path, workspace=workspace) for path in paths], workspace)
    first = readings[0]
    for number, reading in enumerate(readings, start=1):
        if not reading.schema.equals(first.schema):
            raise Invalid(
                _("File {number} has other columns or types than the first").format(number=number),
                hint=_("Choose the types of the columns that differ, or import the files one by one."),
                field="address",
            )
    if len(readings) == 1:
        return first
    whole = Reading(first.schema, (), choices=[_("{count} files were read.").format(count=len(paths)), *first.choices])
    numbered = [(number, line) for number, reading in enumerate(readings, start=1) for line in reading.warnings]
    whole.warnings = [_("File {number}: {line}").format(number=number, line=line) for number, line in numbered]
    whole.unfit = tuple(cells for reading in readings for cells in reading.unfit)
    whole.missing_words = tuple(dict.fromkeys(word for reading in readings for word in reading.missing_words))
    whole.exact_types, whole.is_text, whole.renamed = first.exact_types, first.is_text, first.renamed
    whole.notes = first.notes
    whole.encoding = _common_encoding(readings)
    doubtful = {item.column: item for reading in readings for item in reading.readings if item.is_asked}
    whole.readings = tuple(doubtful.get(item.column, item) for item in first.readings)
    whole.tables = _one_after_another(readings, whole)
    return whole


def _alike(paths: Sequence[Path], readings: list[Reading], workspace: Workspace) -> list[Reading]:
    """The files read again in the notations that some of them surely have, where others leave it open. Invalid where
    two files are surely written differently."""
    sure: dict[str, str] = {}
    numbered = enumerate(map(_sure, readings), start=1)
    for number, column, notation in ((number, *item) for number, columns in numbered for item in columns.items()):
        if sure.setdefault(column, notation) != notation:
            raise _written_differently(number, column, notation=notation, before=sure[column])
    choices = workspace.choices.model_copy(update={"notations": sure | workspace.choices.notations})
    again = replace(workspace, choices=choices)
    return [
        read_file(path, workspace=again) if _is_open(reading, sure) else reading
        for path, reading in zip(paths, readings, strict=True)
    ]


def _sure(reading: Reading) -> dict[str, str]:
    """How columns are written beyond doubt, where that is not plainly."""
    readings = ((item.column, item.reading.notation) for item in reading.readings if not item.is_asked)
    return {column: notation for column, notation in readings if notation}


def _written_differently(number: int, column: str, *, notation: str, before: str) -> Invalid:
    sentence = _("File {number} has {column} written as {notation}, and a file before it as {before}")
    return Invalid(
        sentence.format(number=number, column=column, notation=notation, before=before),
        hint=_("Import the files one by one, or write them alike."),
        field="address",
    )


def _common_encoding(readings: Sequence[Reading]) -> FileEncoding | None:
    """The encoding of the files that are not UTF-8. Invalid where a person would have to answer for several."""
    encodings = [reading.encoding for reading in readings if reading.encoding]
    proposed = [encoding for encoding in encodings if encoding.is_asked]
    names = list(dict.fromkeys(encoding.reading.encoding for encoding in proposed))
    if len(names) > 1:
        raise Invalid(
            _("The files have several encodings: {names}").format(names=", ".join(names)),
            hint=_("Import the files one by one, or save them as UTF-8."),
            field="address",
        )
    return next(iter([*proposed, *encodings]), None)


def _is_open(reading: Reading, sure: Mapping[str, str]) -> bool:
    open_ones = (item for item in reading.readings if item.column in sure)
    return any(item.is_asked or item.reading.notation != sure[item.column] for item in open_ones)


def _one_after_another(readings: "Sequence[Reading]", whole: Reading) -> "Iterator[pa.Table]":
    for reading in readings:
        yield from reading.tables
        whole.rejected += reading.rejected
        whole.rejects += reading.rejects[: MOST_LISTED - len(whole.rejects)]


def reader_of(path: Path) -> type[FileReader]:
    """The reader of a file, by its first bytes. Invalid when there are none, and for what nothing reads."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise Invalid(_("The file is empty"), field="content")
    if reader := next((reader for reader in readers().values() if reader.recognizes(start)), None):
        return reader
    if start[NAME_AT:].startswith(OPEN_DOCUMENT):
        raise _no_table("OpenDocument")
    if unread := next((kind for mark, kind in UNREAD.items() if start.startswith(mark)), ""):
        raise _no_table(unread)
    if _is_list(start.removeprefix(b"\xef\xbb\xbf").lstrip()):
        raise Invalid(_("The file is one JSON list"), hint=_("Write one object on each line."), field="content")
    return CsvReader


def _is_list(text: bytes) -> bool:
    return text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"[", b"]")


def _no_table(kind: str) -> Invalid:
    tables = _("Send CSV, Excel, JSON lines, Parquet or Arrow, or a ZIP of images or texts.")
    return Invalid(
        _("The file is {kind}, which is no table").format(kind=kind),
        hint=_("Save it as .xlsx, without a password.") if kind in WORKBOOKS else tables,
        field="content",
    )


def _says_otherwise(name: str, reader: type[FileReader]) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix not in reader.suffixes and any(suffix in other.suffixes for other in readers().values())
