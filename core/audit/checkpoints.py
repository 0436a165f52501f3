"""Signed checkpoints of the audit log, in a file outside the database: a line each, in the order of the log. Whatever
has happened to a line before, the next one is written and counts."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from core.audit.keys import made_once, read_key
from core.audit.verify import Findings, json_object, signed_event, statement, why_unreadable
from core.foundation.errors import Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# Far longer than the longest line, so that a torn one does not hide the one before it.
TAIL_BYTES = 16_384


class Head(NamedTuple):
    """The last event of the log."""

    seq: int
    hash: str
    time: datetime


class CheckpointFile:
    """The checkpoints of one installation. The key that signs them lies among its secrets."""

    def __init__(self, home: Path) -> None:
        self.signing_file = home / "secrets" / "checkpoint.key"
        self.public_file = home / "audit" / "checkpoint.pub"
        self.file = home / "audit" / "checkpoints.jsonl"

    def write(self, head: Head) -> bool:
        """Signs this event. False where it, or a later one, was signed before. Unavailable, in words, where the file
        cannot be written or the key cannot be read."""
        with self._opened() as file:
            had_any = self.public_file.exists()
            key = self._key(had_any=had_any)
            if (_last(file, key.public_key()) or 0) >= head.seq:
                return False
            signature = key.sign(statement(head.seq, head.hash)).hex()
            line = {"seq": head.seq, "hash": head.hash, "time": head.time.isoformat(), "signature": signature}
            lines = [line]
            if had_any and not os.fstat(file.fileno()).st_size:
                # A file that was lost must not look as if there had never been another.
                lines.insert(0, {"lost": f"the checkpoints before event {head.seq} are lost"})
            _append(file, "".join(json.dumps(line) + "\n" for line in lines).encode())
            return True

    def last(self) -> int | None:
        """The number of the last event that was signed, as the end of the file says it."""
        if not self.file.exists():
            return None
        with self._opened() as file:
            return _last(file, self._key(had_any=True).public_key())

    def size(self) -> int | None:
        """How long the file is now; None where there is none."""
        return self.file.stat().st_size if self.file.is_file() else None

    def check_keys(self, findings: Findings) -> None:
        """Whether what signs checkpoints is there, and is what they are checked by."""
        try:
            public = self._key(had_any=True).public_key().public_bytes_raw()
        except Unavailable as error:
            findings.add("damaged keys", f"{error.message}: nothing more can be signed")
            return
        if self.public_file.is_file() and self.public_file.read_bytes() != public:
            problem = f"{self.public_file.name} does not belong to {self.signing_file.name}"
            findings.add("damaged keys", problem)

    def _key(self, *, had_any: bool) -> "Ed25519PrivateKey":
        """The key is made once, with its public half; one that was lost is not replaced by another that nobody
        trusts."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(read_key(self.signing_file, is_new=not had_any))
        if not had_any and not self.file.stat().st_size:
            made_once(self.public_file, make=key.public_key().public_bytes_raw)
        return key

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file for reading and appending, held alone: processes write one after the other."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield cast(BinaryIO, file)
        except OSError as error:
            raise Unavailable(f"{self.file.name} {why_unreadable(error)}") from error


def _last(file: BinaryIO, verifier: Any) -> int | None:
    """What the last line that holds signs. A line that was forged or torn counts for nothing."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - TAIL_BYTES))
    for line in reversed(file.read().splitlines()):
        checkpoint = json_object(line)
        if checkpoint is not None and (signed := signed_event(checkpoint, verifier)) is not None:
            return signed[0]
    return None


def _append(file: BinaryIO, lines: bytes) -> None:
    """Flushed to disk, and behind a line break where the last line has none. What could not be written whole is taken
    back."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - 1))
    text = lines if file.read(1) in (b"", b"\n") else b"\n" + lines
    try:
        if file.write(text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), size)
        raise
