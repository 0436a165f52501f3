"""A tree of files as the portal keeps it: a tar of plain files with nothing of its own but paths and bytes, so that the
same files are the same bytes."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value

MB = 2**20
LONGEST_PATH = 400
# Where git keeps its own files; whoever runs git there would run what they say.
GIT = ".git"


class TreeLimits(Value):
    """How much a tree may be, and how many seconds it may take to get it."""

    files: int = 5_000
    file_mb: int = 50
    total_mb: int = 100
    seconds: float = 120.0


class Gathered:
    """The files of a tree as they come, held to the limits."""

    def __init__(self, limits: TreeLimits) -> None:
        self._limits = limits
        self._files: dict[str, bytes] = {}
        self._size = 0

    @property
    def most_bytes(self) -> int:
        """Of the next file."""
        return min(self._limits.file_mb * MB, self._limits.total_mb * MB - self._size)

    def refuse_size(self, path: str, *, size: int) -> None:
        """Invalid for a file that is larger than the next one may be."""
        if size > self.most_bytes or len(self._files) >= self._limits.files:
            raise too_large(self._limits, path=path)

    def add(self, path: str, *, data: bytes) -> None:
        refuse_path(path)
        self.refuse_size(path, size=len(data))
        if path in self._files:
            raise Invalid(_("There are two files {path}").format(path=repr(path[:80])), field="source")
        self._size += len(data)
        self._files[path] = data

    def packed(self, *, without_top: bool = False) -> bytes:
        """All of them as one tar. `without_top` leaves out the single folder in which they may lie, as in what a host
        of repositories gives to download. Invalid where there are none."""
        if not self._files:
            raise Invalid(_("There is no file in it"), hint=_("Send the folder of your code."), field="source")
        tops = {path.partition("/")[0] for path in self._files}
        is_nested = without_top and len(tops) == 1 and all("/" in path for path in self._files)
        return _tar((path.partition("/")[2] if is_nested else path, data) for path, data in self._files.items())


def refuse_path(path: str) -> None:
    """Invalid for a path that is no plain one below its folder."""
    parts = path.split("/")
    is_plain = all(part.strip() and part not in (".", "..") and part.casefold() != GIT for part in parts)
    if not is_plain or "\\" in path or not path.isprintable() or len(path) > LONGEST_PATH:
        raise Invalid(
            _("{path} is no path of a file that can be taken in").format(path=repr(path[:80])),
            hint=_("Leave it out, or give it a plain name."),
            field="source",
        )


def too_large(limits: TreeLimits, *, path: str = "") -> Invalid:
    message = _("It is too large: at most {files} files, {file} MB a file and {total} MB in all")
    return Invalid(
        message.format(files=limits.files, file=limits.file_mb, total=limits.total_mb),
        hint=_("{path} is beyond that.").format(path=repr(path[:80])) if path else _("Keep data out of it."),
        field="source",
    )


def unpack(archive: Path, *, into: Path) -> None:
    """Lays the files of a tree that was packed here into a folder."""
    with tarfile.open(archive, "r:") as files:
        for member in files:
            refuse_path(member.name)
            reader = files.extractfile(member)
            assert reader is not None  # Nothing but files was packed.
            (path := into / member.name).parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(reader.read())


def _tar(files: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in sorted(files):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
