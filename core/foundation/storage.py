"""Content-addressed storage. What is asked for by digest is hashed when read, and the very bytes that were hashed
are the ones returned; a file that rotted is refused, never answered, and whole again once its bytes are put anew. A
blob's time is when it was last put, so that what nobody names any more is told from what is being put just now."""

import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from core.foundation.actions.content import Content
from core.foundation.digests import canonical, digest_bytes, digest_file
from core.foundation.errors import Invalid, NoSpace, NotFound, PortalError, Unavailable, is_disk_full
from core.foundation.text import _
from core.foundation.values import Value

DIGEST = re.compile("[0-9a-f]{64}")
# Clocks of several machines differ by less.
AHEAD_SECONDS = 86_400.0
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
        if not DIGEST.fullmatch(digest):
            raise Invalid(_("{digest} is no SHA-256 digest").format(digest=repr(digest[:80])))
        return self.root / "sha256" / digest[:2] / digest[2:]

    def put_bytes(self, data: bytes) -> str:
        digest = digest_bytes(data)
        if not _put_again(self.path(digest), data):
            self._place(self._temporary(lambda target: target.write_bytes(data)), digest)
        return digest

    def put_content(self, content: Content) -> str:
        """Writes what came with a call, a part at a time, and returns its digest."""
        return self._put(lambda target: content.write_to(target))

    def put_file(self, source: Path) -> str:
        """Copies a file in and returns its digest; the copy is what was hashed, so a writer at the source cannot
        interfere. It takes the place of one that is there: that may have rotted, and to read it would cost more."""
        return self._put(lambda target: shutil.copyfile(source, target))

    def _put(self, write: "Writer") -> str:
        written = self._temporary(write)
        digest = digest_file(written)
        self._place(written, digest)
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
        except OSError as error:
            raise _unreadable(digest, error) from error
        if digest_bytes(data) != digest:
            raise _rotten(digest)
        return data

    def verified_path(self, digest: str) -> Path:
        """The path of a blob that has just been hashed, for engines that insist on reading files themselves."""
        path = self.path(digest)
        try:
            is_whole = digest_file(path) == digest
        except OSError as error:
            raise _unreadable(digest, error) from error
        if not is_whole:
            raise _rotten(digest)
        return path

    def manifest(self, digest: str) -> Manifest:
        """Unavailable where the file is no manifest."""
        try:
            return Manifest.model_validate_json(self.read(digest))
        except ValidationError as error:
            raise Unavailable(_("File {digest} in the store is no manifest").format(digest=digest[:12])) from error

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
        for digest in self.digests():
            with suppress(FileNotFoundError):
                status = self.path(digest).lstat()
                if stat.S_ISREG(status.st_mode):
                    yield digest, status.st_size, status.st_mtime

    def digests(self, *, after: str = "") -> Iterator[str]:
        """The digests for which anything is there, in order, behind one of them."""
        blobs = self.root / "sha256"
        for folder in _names(blobs):
            if folder >= after[:2]:
                names = (folder + name for name in _names(blobs / folder))
                yield from (name for name in names if DIGEST.fullmatch(name) and name > after)

    def strangers(self) -> Iterator[str]:
        """The paths of what lies among the blobs and cannot be one."""
        blobs = self.root / "sha256"
        for folder in _names(blobs):
            if not (blobs / folder).is_dir():
                yield folder
            names = _names(blobs / folder)
            yield from (f"{folder}/{name}" for name in names if not DIGEST.fullmatch(folder + name))

    def fault_of(self, digest: str, *, now: float) -> str:
        """What is wrong with a blob, in words that follow its name; empty where nothing is."""
        path = self.path(digest)
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                return _("is no plain file")
            if digest_file(path) != digest:
                return _("is damaged: its bytes do not match its digest") if status.st_size else _("is empty")
        except FileNotFoundError:
            return _("is missing")
        except OSError as error:
            return _("cannot be read: {why}").format(why=error.strerror)
        is_ahead = status.st_mtime > now + AHEAD_SECONDS
        return _("has a time ahead of now, before which garbage collection leaves it") if is_ahead else ""

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

    def remove_unfinished(self, *, before: float) -> None:
        """Removes what was begun before that time and never became a blob: whoever wrote it has been killed."""
        incoming = self.root / "incoming"
        for path in map(incoming.joinpath, _names(incoming)):
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime >= before:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def check(self) -> None:
        """Writes a file and reads it back. Unavailable where that does not work."""
        try:
            probe = self._temporary(lambda target: target.write_bytes(PROBE))
            whole = probe.read_bytes() == PROBE
            probe.unlink()
        except NoSpace:
            raise
        except OSError as error:
            raise Unavailable(_("The store cannot be written")) from error
        if not whole:
            raise Unavailable(_("The store does not give back what was written"))

    def _incoming(self) -> Path:
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def _temporary(self, write: "Writer") -> Path:
        """NoSpace when the disk is full; what was written until then is removed."""
        target = self._incoming()
        try:
            write(target)
            _flush(target)
        except OSError as error:
            target.unlink(missing_ok=True)
            if not is_disk_full(error):
                raise
            raise NoSpace(_("No space is left in the store")) from error
        return target

    def _place(self, source: Path, digest: str) -> None:
        target = self.path(digest)
        if target.parent.is_file():
            os.rename(target.parent, self._incoming())
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            os.rename(target, self._incoming())
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


def _put_again(path: Path, data: bytes) -> bool:
    """A blob that holds these bytes is put now; False where there is none that does."""
    try:
        if path.stat().st_size != len(data) or path.read_bytes() != data:
            return False
        os.utime(path)
    except OSError:
        return False
    return True


def _names(folder: Path) -> list[str]:
    """What is in a folder, in order; nothing where it is none."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(digest: str) -> NotFound:
    return NotFound(_("The store has no file {digest}").format(digest=digest[:12]), hint=_("Restore it from a backup."))


def _unreadable(digest: str, error: OSError) -> PortalError:
    if isinstance(error, FileNotFoundError):
        return _missing(digest)
    return Unavailable(
        _("File {digest} in the store cannot be read: {why}").format(digest=digest[:12], why=error.strerror),
        hint=_("Restore it from a backup."),
    )


def _rotten(digest: str) -> Unavailable:
    return Unavailable(
        _("File {digest} in the store is damaged: its bytes do not match its digest").format(digest=digest[:12]),
        hint=_("Restore it from a backup; nothing was read from it."),
    )
