"""What is sent to the lake, read as a table in parts or refused in words. The bytes decide what a file is, not its
name, and every choice that the bytes leave open is told."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.import_values import ImportChoices
from core.lake.readers.table_stream import REASONS_SHOWN, ProgressCallback, Reading, ignore_progress

if TYPE_CHECKING:
    import pyarrow as pa

MARKS = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"\xff\xff\xff\xff": "Arrow stream",
    b"PK\x03\x04": "ZIP",
    b"PK\x05\x06": "ZIP",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "XLS",
}
NAMED = {"Parquet": (".parquet",), "Arrow": (".arrow", ".feather"), "JSON lines": (".jsonl", ".ndjson", ".json")}


def read_file(
    path: Path, *, name: str = "", choices: ImportChoices | None = None, on_progress: ProgressCallback = ignore_progress
) -> Reading:
    """The table in a file. Raises Invalid for one that is empty, of a kind that the lake does not read, or damaged."""
    chosen = choices or ImportChoices()
    kind = kind_of(path)
    reading = _reader(kind)(path, chosen, on_progress=on_progress)
    if _says_otherwise(name, kind):
        told = _("The file is called {name}; its bytes are {kind}, and so it was read.")
        reading.choices.insert(0, told.format(name=name[-60:], kind=kind))
    return reading


def read_files(
    paths: Sequence[Path], *, choices: ImportChoices, on_progress: ProgressCallback = ignore_progress
) -> Reading:
    """One table that lies in several files. Invalid where their columns differ."""
    readings = [read_file(path, choices=choices, on_progress=on_progress) for path in paths]
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
    whole.tables = _one_after_another(readings, whole)
    return whole


def _one_after_another(readings: "Sequence[Reading]", whole: Reading) -> "Iterator[pa.Table]":
    for reading in readings:
        yield from reading.tables
        whole.rejected += reading.rejected
        whole.reasons += reading.reasons[: REASONS_SHOWN - len(whole.reasons)]


def kind_of(path: Path) -> str:
    """What a file is by its first bytes. Invalid when there are none."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise Invalid(_("The file is empty"), field="content")
    found = next((kind for mark, kind in MARKS.items() if start.startswith(mark)), "")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return found or ("JSON lines" if text.startswith(b"{") else "JSON" if _is_list(text) else "CSV")


def _is_list(text: bytes) -> bool:
    return text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"[", b"]")


def _reader(kind: str) -> "Callable[..., Reading]":
    from core.lake.readers.csv import read_csv
    from core.lake.readers.typed_files import read_arrow, read_arrow_stream, read_json_lines, read_parquet

    readers = {
        "CSV": read_csv,
        "Parquet": read_parquet,
        "Arrow": read_arrow,
        "Arrow stream": read_arrow_stream,
        "JSON lines": read_json_lines,
    }
    if kind == "JSON":
        raise Invalid(_("The file is one JSON list"), hint=_("Write one object on each line."), field="content")
    if kind not in readers:
        raise Invalid(
            _("The file is {kind}, which is no table").format(kind=kind),
            hint=_("Send CSV, JSON lines, Parquet or Arrow, or a ZIP of images or texts."),
            field="content",
        )
    return readers[kind]


def _says_otherwise(name: str, kind: str) -> bool:
    suffix = Path(name).suffix.lower()
    known = {ending for endings in NAMED.values() for ending in endings} | {".csv", ".tsv", ".zip"}
    return suffix in known and suffix not in NAMED.get(kind, (".csv", ".tsv"))
