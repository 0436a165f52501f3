"""The table of readers: which one reads a file. The bytes decide what a file is, not its name, and every choice that
the bytes leave open is said."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.plugins import discover
from core.foundation.text import _
from core.lake import readers as folder
from core.lake.import_values import ImportChoices
from core.lake.readers.csv import CsvReader
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import REASONS_SHOWN, Reading

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
AS_IT_IS = Workspace(ImportChoices())


@cache
def readers() -> Mapping[str, type[FileReader]]:
    """Every reader by the name of its kind of file: ours, and those of installed packages."""
    return discover(folder, FileReader, group=ENTRY_POINTS)  # type: ignore[type-abstract]  # subclasses are made


def read_file(path: Path, *, name: str = "", workspace: Workspace = AS_IT_IS) -> Reading:
    """The rows in a file. Raises Invalid for one that is empty, of a kind that the lake does not read, or damaged, and
    for one that holds files where the workspace has no place for them."""
    reader = reader_of(path)
    if reader.form == "files" and workspace.outputs is None:
        raise _no_table(reader.name)
    reading = reader().read(path, workspace)
    if _says_otherwise(name, reader):
        message = _("The file is called {name}; its bytes are {kind}, and so it was read.")
        reading.choices.insert(0, message.format(name=name[-60:], kind=reader.name))
    return reading


def read_files(paths: Sequence[Path], *, workspace: Workspace) -> Reading:
    """One table that lies in several files. Invalid where their columns differ."""
    readings = [read_file(path, workspace=workspace) for path in paths]
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
    whole.warnings = list(dict.fromkeys(line for reading in readings for line in reading.warnings))
    whole.unfit = tuple(cells for reading in readings for cells in reading.unfit)
    whole.missing_words = tuple(dict.fromkeys(word for reading in readings for word in reading.missing_words))
    whole.exact_types, whole.is_text, whole.readings = first.exact_types, first.is_text, first.readings
    whole.tables = _one_after_another(readings, whole)
    return whole


def _one_after_another(readings: "Sequence[Reading]", whole: Reading) -> "Iterator[pa.Table]":
    for reading in readings:
        yield from reading.tables
        whole.rejected += reading.rejected
        whole.reasons += reading.reasons[: REASONS_SHOWN - len(whole.reasons)]


def reader_of(path: Path) -> type[FileReader]:
    """The reader of a file, by its first bytes. Invalid when there are none, and for what nothing reads."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise Invalid(_("The file is empty"), field="content")
    if reader := next((reader for reader in readers().values() if reader.recognizes(start)), None):
        return reader
    if unread := next((kind for mark, kind in UNREAD.items() if start.startswith(mark)), ""):
        raise _no_table(unread)
    if _is_list(start.removeprefix(b"\xef\xbb\xbf").lstrip()):
        raise Invalid(_("The file is one JSON list"), hint=_("Write one object on each line."), field="content")
    return CsvReader


def _is_list(text: bytes) -> bool:
    return text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"[", b"]")


def _no_table(kind: str) -> Invalid:
    return Invalid(
        _("The file is {kind}, which is no table").format(kind=kind),
        hint=_("Send CSV, JSON lines, Parquet or Arrow, or a ZIP of images or texts."),
        field="content",
    )


def _says_otherwise(name: str, reader: type[FileReader]) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix not in reader.suffixes and any(suffix in other.suffixes for other in readers().values())
