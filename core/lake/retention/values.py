"""What hangs on a snapshot, and what becomes of old ones."""

from datetime import datetime
from typing import Literal

from core.foundation.objects import Thing
from core.foundation.ports import Pin
from core.foundation.values import Value


class SnapshotImpact(Value):
    """All that followed from a snapshot, in the order of the chain, and what of it is live now: "this snapshot is bad:
    these runs, versions, endpoints". `is_cut` when there was more than is listed."""

    snapshot_id: str
    things: tuple[Thing, ...]
    live: tuple[Pin, ...]
    is_cut: bool


class RetentionItem(Value):
    """What a retention rule does with a snapshot, and why. `freed_bytes` are those of files that nothing else has."""

    snapshot_id: str
    version: int
    rows: int
    bytes: int
    freed_bytes: int
    created_at: datetime
    verdict: Literal["delete", "keep"]
    reason: str


class RetentionPlan(Value):
    """The dry run of a retention rule. Applying it names `digest`, so that what happens is what was looked at."""

    dataset_id: str
    keep_last: int
    older_than_days: int
    items: tuple[RetentionItem, ...]
    freed_bytes: int
    digest: str


class StoredFile(Value):
    """A file of the store, and when it was last put there."""

    digest: str
    bytes: int
    put_at: datetime


class DamagedFile(Value):
    """A file of the store that cannot be read as what it was, why, and the objects that refer to it."""

    digest: str
    fault: str
    needed_by: tuple[Thing, ...]


class AgeGroup(Value):
    """Files that were last put longer ago than so many days, and not longer than those of the next group."""

    older_than_days: int
    files: int
    bytes: int


class GarbageReport(Value):
    """What the store holds, and those of its files that nothing names any more and that are older than a day: how many,
    how large, by age, and the largest of them. `young` are those that nothing names yet. The worker collects
    every `every_days`, at `due_at` the next time; with 0 never."""

    orphans: int
    orphan_bytes: int
    files: int
    held_bytes: int
    young: int
    young_bytes: int
    ages: tuple[AgeGroup, ...]
    largest: tuple[StoredFile, ...]
    every_days: int
    due_at: datetime | None
    is_dry_run: bool
