"""Content-addressed storage. What is asked for by digest is hashed when read, and the very bytes that were hashed
are the ones returned; a file that rotted is refused, never answered. A blob's time is when it was last put, so that
what nobody names any more is told from what is being put just now."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.foundation.digests import canonical, digest_bytes, digest_file
from core.foundation.errors import Conflict, Invalid, NotFound, Unavailable, is_disk_full
from core.foundation.text import _
from core.foundation.values import Value

PROBE = b"whether the store can be written"


class ManifestFile(Value):
    """One file of a folder: its path with forward slashes, its SHA-256 and its size in bytes."""

    path: str
    sha256: str
    size: int


class Manifest(Value):
    """The files of a folder, sorted by path. Its digest names the folder's exact content."""

    files: tuple[ManifestFile, ...]

    @property
    def digest(self) -> str:
        return digest_bytes(canonical(self))

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class Store:
    """Blobs by digest, under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where a blob lies. Says nothing about whether it is there or whole."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise Invalid(_("{digest} is no SHA-256 digest").format(digest=repr(digest[:80])))
        return self.root / "sha256" / digest[:2] / digest[2:]

    def put_bytes(self, data: bytes) -> str:
        digest = digest_bytes(data)
        if not _touch(self.path(digest)):
            self._place(self._temporary(lambda target: target.write_bytes(data)), digest)
        return digest

    def put_file(self, source: Path) -> str:
        """Copies a file in and returns its digest; the copy is what was hashed, so a writer at the source cannot
        interfere."""
        copied = self._temporary(lambda target: shutil.copyfile(source, target))
        digest = digest_file(copied)
        if _touch(self.path(digest)):
            copied.unlink()
        else:
            self._place(copied, digest)
        return digest

    def put_folder(self, folder: Path) -> Manifest:
        """Every regular file below `folder`. Links and special files are refused with Invalid. The manifest comes
        last."""
        files = []
        for file in _regular_files(folder):
            digest = self.put_file(file)
            size = self.path(digest).stat().st_size
            files.append(ManifestFile(path=file.relative_to(folder).as_posix(), sha256=digest, size=size))
        manifest = Manifest(files=tuple(files))
        self.put_bytes(canonical(manifest))
        return manifest

    def read(self, digest: str) -> bytes:
        """The bytes of a blob. NotFound when it is missing, Unavailable when they are not what the digest says."""
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise _missing(digest) from error
        if digest_bytes(data) != digest:
            raise _rotten(digest)
        return data

    def verified_path(self, digest: str) -> Path:
        """The path of a blob that has just been hashed, for engines that insist on reading files themselves."""
        path = self.path(digest)
        if not path.exists():
            raise _missing(digest)
        if digest_file(path) != digest:
            raise _rotten(digest)
        return path

    def manifest(self, digest: str) -> Manifest:
        return Manifest.model_validate_json(self.read(digest))

    def fetch_folder(self, manifest_digest: str, into: Path) -> Manifest:
        """Writes the files of a manifest below `into`, each checked on the way."""
        manifest = self.manifest(manifest_digest)
        for file in manifest.files:
            target = into / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.read(file.sha256))
        return manifest

    def blobs(self) -> Iterator[tuple[str, int, float]]:
        """Digest, size in bytes and time of the last put (seconds since 1970) of every blob."""
        for path in (self.root / "sha256").glob("??/*"):
            with suppress(FileNotFoundError):
                status = path.stat()
                yield path.parent.name + path.name, status.st_size, status.st_mtime

    def remove(self, digest: str, *, before: float) -> int:
        """Removes a blob that was last put before that time and returns its size; 0 where it is not there or younger.

        It leaves its place before its time is looked at: whoever puts it at the same moment touches it in time, or
        finds it gone and puts it anew."""
        leaving = self._incoming()
        try:
            os.rename(self.path(digest), leaving)
        except FileNotFoundError:
            return 0
        status = leaving.stat()
        if status.st_mtime >= before:
            os.rename(leaving, self.path(digest))
            return 0
        leaving.unlink()
        return status.st_size

    def check(self) -> None:
        """Writes a file and reads it back. Unavailable where that does not work."""
        try:
            probe = self._temporary(lambda target: target.write_bytes(PROBE))
            whole = probe.read_bytes() == PROBE
            probe.unlink()
        except (OSError, Conflict) as error:
            raise Unavailable(_("The store cannot be written")) from error
        if not whole:
            raise Unavailable(_("The store does not give back what was written"))

    def _incoming(self) -> Path:
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def _temporary(self, write: "Writer") -> Path:
        """Conflict when the disk is full; what was written until then is removed."""
        target = self._incoming()
        try:
            write(target)
            _flush(target)
        except OSError as error:
            target.unlink(missing_ok=True)
            if not is_disk_full(error):
                raise
            raise Conflict(
                _("No space is left in the store"), hint=_("Nothing was changed. Free some space and try again.")
            ) from error
        return target

    def _place(self, source: Path, digest: str) -> None:
        target = self.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o444)
        os.replace(source, target)
        _flush(target.parent)


class Writer(Protocol):
    """What writes a temporary file."""

    def __call__(self, target: Path) -> object: ...


def _regular_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Invalid(_("{name} is a link or a special file").format(name=path.name), hint=_("Send plain files."))
        if path.is_file() and path.stat().st_nlink > 1:
            raise Invalid(_("{name} is a hard link").format(name=path.name), hint=_("Send a copy of the file."))
        if path.is_file():
            yield path


def _touch(path: Path) -> bool:
    """A blob that is there is put now; False where there is none."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(digest: str) -> NotFound:
    return NotFound(_("The store has no file {digest}").format(digest=digest[:12]), hint=_("Restore it from a backup."))


def _rotten(digest: str) -> Unavailable:
    return Unavailable(
        _("File {digest} in the store is damaged: its bytes do not match its digest").format(digest=digest[:12]),
        hint=_("Restore it from a backup; nothing was read from it."),
    )
