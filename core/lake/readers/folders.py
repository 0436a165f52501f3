"""A folder of files as one upload: an archive that says for each file where it lay."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The bytes of a ZIP of (path with forward slashes, content): the same files give the same bytes."""
    written = io.BytesIO()
    write_zip(sorted(files), written)
    return written.getvalue()


def write_zip(files: Iterable[tuple[str, bytes]], target: BinaryIO) -> None:
    """A ZIP of the files in their order, a file at a time."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, content in files:
            archive.writestr(zipfile.ZipInfo(path), content)


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The regular files below a folder in order, hidden ones and links left out."""
    for path in sorted(folder.rglob("*"), key=Path.as_posix):
        place = path.relative_to(folder.parent)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in place.parts[1:]):
            yield place.as_posix(), path.read_bytes()
