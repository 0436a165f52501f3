"""Looking through the store: every file is read and held against its digest, and what is damaged or missing is named,
with what refers to it. A part at a time, so that a large store says how far it is and nobody waits for an answer."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.storage import Store
from core.foundation.text import N_, _
from core.foundation.validation import shaped
from core.foundation.values import Part
from core.identity.permissions import Permission
from core.lake.retention.needs import needed, things_needing
from core.lake.retention.values import DamagedFile

PART_BYTES, PART_FILES = 512 * 2**20, 1_000
Digest = Annotated[
    str,
    shaped(
        r"^([0-9a-f]{64})?$",
        allowed=N_("the 64 hexadecimal digits of a file's SHA-256, or nothing"),
        example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
]


class StoreReport(Part):
    """A part of the store: how many files and bytes of it were read, and those that are damaged or, in the last part,
    missing."""

    files: int
    bytes: int
    damaged: tuple[DamagedFile, ...]


class StoreVerificationService(Service):
    domain = "store"

    def __init__(self, foundation: Foundation, *, part_bytes: int = PART_BYTES) -> None:
        super().__init__(foundation)
        self._part_bytes = part_bytes

    @action(permission=Permission.GC, reads=True)
    def verify(self, call: Call, *, after: Digest = "") -> StoreReport:
        """Read the files of the store and name those that are damaged or missing, with what needs them.

        An answer is about a part of the store. While it says `next`, send that as `after` for the next part; the
        command line does so by itself."""
        call.unscoped()
        part = _read(self.foundation.store, after=after, now=call.now.timestamp(), most_bytes=self._part_bytes)
        faults = part.faults if part.next else part.faults | self._missing(call)
        damaged = self._damaged(call, faults)
        strangers = () if part.next else self.foundation.store.strangers()
        return StoreReport(
            files=part.files,
            bytes=part.bytes,
            damaged=damaged,
            problems=(*map(_in_words, damaged), *map(_stranger, strangers)),
            next=part.next,
            progress=int(part.next[:4], 16) / 0x10000 if part.next else 1.0,
        )

    def _missing(self, call: Call) -> dict[str, str]:
        store = self.foundation.store
        digests = needed(call.session, store, now=call.now)
        return dict.fromkeys((digest for digest in digests if not store.path(digest).exists()), _("is missing"))

    def _damaged(self, call: Call, faults: Mapping[str, str]) -> tuple[DamagedFile, ...]:
        if not faults:
            return ()
        things = things_needing(call.session, self.foundation.store, faults, now=call.now)
        return tuple(
            DamagedFile(digest=digest, fault=fault, needed_by=things.get(digest, ()))
            for digest, fault in sorted(faults.items())
        )


@dataclass
class ReadPart:
    """The files that were read, and the digest behind which others follow."""

    files: int = 0
    bytes: int = 0
    next: str = ""
    faults: dict[str, str] = field(default_factory=dict)


def _read(store: Store, *, after: str, now: float, most_bytes: int) -> ReadPart:
    part = ReadPart()
    for digest in store.digests(after=after):
        part.files += 1
        if fault := store.fault_of(digest, now=now):
            part.faults[digest] = fault
        with suppress(OSError):
            part.bytes += store.path(digest).lstat().st_size
        if part.bytes >= most_bytes or part.files >= PART_FILES:
            part.next = digest
            break
    return part


def _in_words(file: DamagedFile) -> str:
    things = ", ".join(f"{thing.id} ({thing.title})" for thing in file.needed_by)
    needed_by = _("needed by {things}").format(things=things) if things else _("nothing refers to it")
    return _("File {digest} {fault}; {needed_by}").format(digest=file.digest, fault=file.fault, needed_by=needed_by)


def _stranger(name: str) -> str:
    return _("{name} lies among the files of the store and is none").format(
        name=name.encode("utf-8", "replace").decode()
    )
