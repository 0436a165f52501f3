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


class Quarantined(Value):
    """A snapshot in quarantine from which something came, and why it is there."""

    snapshot_id: str
    title: str
    reason: str


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


class SweepReport(Value):
    """Files of the store that nothing names any more: how many, how large, and how many files there are in all."""

    orphans: int
    orphan_bytes: int
    files: int
    is_dry_run: bool
