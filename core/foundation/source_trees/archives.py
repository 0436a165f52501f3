"""An archive that somebody sends, zip or tar, as a tree: read member by member, with an end to what it unpacks to."""

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from core.foundation.errors import Invalid
from core.foundation.source_trees.trees import GIT, MB, Gathered, TreeLimits, too_large
from core.foundation.text import _

ZIP, GZIP = b"PK", b"\x1f\x8b"
# What the headers of a member take beside its bytes, at most.
HEADERS = 4096
FAILURES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
IS_ENCRYPTED = 0x1


def tree_of(archive: bytes, *, limits: TreeLimits) -> bytes:
    """The archive's files as a tree of ours. Raises Invalid for a link, a path that leads elsewhere, too much of
    anything, and for what is no archive."""
    gathered = Gathered(limits)
    with _whole():
        members = _zipped(archive, gathered) if archive.startswith(ZIP) else _tarred(archive, limits, gathered)
        for path, data in members:
            gathered.add(path, data=data)
    return gathered.packed(without_top=True)


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise _damaged() from error
    except FAILURES as error:
        raise _damaged() from error


def _damaged() -> Invalid:
    return Invalid(
        _("This is no zip and no tar.gz archive, or it is damaged or has a password"),
        hint=_("Pack the folder again: git archive -o code.tar.gz HEAD."),
        field="source",
    )


def _zipped(archive: bytes, gathered: Gathered) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for info in files.infolist():
            if info.is_dir() or _is_of_git(info.filename):
                continue
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or info.flag_bits & IS_ENCRYPTED:
                raise _no_file(info.filename)
            gathered.refuse_size(info.filename, size=info.file_size)
            with files.open(info) as member:
                # No more than it says; one that has more does not fit its checksum.
                yield info.filename, member.read(info.file_size + 1)


def _tarred(archive: bytes, limits: TreeLimits, gathered: Gathered) -> Iterator[tuple[str, bytes]]:
    raw = io.BytesIO(archive)
    plain: BinaryIO = gzip.GzipFile(fileobj=raw) if archive.startswith(GZIP) else raw  # type: ignore[assignment]
    with tarfile.open(fileobj=_Bounded(plain, limits), mode="r|") as files:
        for member in files:
            if member.isdir() or _is_of_git(member.name):
                continue
            if not member.isreg():
                raise _no_file(member.name)
            gathered.refuse_size(member.name, size=member.size)
            reader = files.extractfile(member)
            assert reader is not None  # It is a file.
            yield member.name.removeprefix("./"), reader.read()


def _is_of_git(path: str) -> bool:
    """What git keeps beside the files of a folder is not asked for."""
    return GIT in path.split("/")[:-1]


def _no_file(path: str) -> Invalid:
    return Invalid(
        _("{path} is a link, a device or has a password").format(path=repr(path[:80])),
        hint=_("Pack plain files only."),
        field="source",
    )


class _Bounded(io.RawIOBase):
    """A reader that ends a file which unpacks to more than it may."""

    def __init__(self, source: BinaryIO, limits: TreeLimits) -> None:
        self._source, self._limits = source, limits
        self._remaining = limits.total_mb * MB + limits.files * HEADERS

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        # Lengths of headers are a stranger's words: no more is unpacked than remains.
        data = self._source.read(min(size, self._remaining + 1) if size >= 0 else self._remaining + 1)
        self._remaining -= len(data)
        if self._remaining < 0:
            raise too_large(self._limits)
        return data
