"""Retention of snapshots: what hangs on one, quarantine, deletion and rules. What a live model learned from is never
deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlmodel import col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.digests import digest_of
from core.foundation.errors import Conflict
from core.foundation.ids import Kind, kind_of
from core.foundation.naming.texts import Reason
from core.foundation.objects import LinkRow, ObjectRow, thing_of, walk
from core.foundation.ports import LiveUses
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.datasets.built_on import versions_built_on
from core.lake.datasets.quarantine import quarantined_sources
from core.lake.datasets.records import dataset_row, kept_snapshots_of, snapshot_of, snapshot_row
from core.lake.retention.freeable import freed_by
from core.lake.retention.values import RetentionItem, RetentionPlan, SnapshotImpact
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import Quarantined, Snapshot

KeepLast = Annotated[int, Field(ge=1, le=10_000)]
Days = Annotated[int, Field(ge=0, le=36_500)]
CHAIN = (
    Kind.FEATURE_VERSION,
    Kind.TRAINING_SET,
    Kind.RUN,
    Kind.SWEEP,
    Kind.MODEL_VERSION,
    Kind.PROMOTION,
)
MOST = 500
READY, QUARANTINED, DELETED = "ready", "quarantined", "deleted"
# States in which a feature version still needs its source: it may be built again or checked against it.


class RetentionService(Service):
    domain = "lake"

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self.live_uses = live_uses

    @action(permission=Permission.READ, reads=True)
    def impact(self, call: Call, *, snapshot_id: str) -> SnapshotImpact:
        """Show all that followed from a snapshot, and what of it is live now.

        An endpoint is among it while it serves, or could roll back to, a version that learned from the snapshot."""
        call.may_reach(snapshot_id)
        edges = walk(call.session, snapshot_id, upstream=False, most=MOST)
        pins = self.live_uses.of(call.session, snapshot_id)
        wanted = {edge.target for edge in edges if kind_of(edge.target) in CHAIN}
        wanted |= {object_id for pin in pins for object_id in (pin.version_id, pin.endpoint_id)}
        rows = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(wanted)))
        order = (*CHAIN, Kind.ENDPOINT)
        in_order = sorted(rows, key=lambda row: (order.index(Kind(row.kind)), -row.created_at.timestamp()))
        things = tuple(thing_of(row) for row in in_order)
        return SnapshotImpact(snapshot_id=snapshot_id, things=things, live=pins, is_cut=len(edges) >= MOST)

    @action(permission=Permission.READ, reads=True)
    def quarantined_upstream(self, call: Call, *, object_id: str) -> tuple[Quarantined, ...]:
        """Show the snapshots in quarantine from which an object came."""
        call.may_reach(object_id)
        starts = {object_id}
        if kind_of(object_id) is Kind.ENDPOINT:
            # What it served once is among what led to it, and no longer a reason to warn.
            starts = {pin.version_id for pin in self.live_uses.of(call.session, object_id) if pin.role == "serves"}
        return quarantined_sources(call, starts)

    @action(permission=Permission.QUARANTINE, says=N_("put a snapshot into quarantine"))
    def quarantine(self, call: Call, *, snapshot_id: str, reason: Reason) -> Snapshot:
        """Put a snapshot into quarantine: nothing new is made of it, and what came of it shows a warning."""
        return self._set_quarantine(call, snapshot_id, reason=reason, quarantine=reason, state=QUARANTINED)

    @action(permission=Permission.QUARANTINE, says=N_("took a snapshot out of quarantine"))
    def release(self, call: Call, *, snapshot_id: str, reason: Reason) -> Snapshot:
        """Take a snapshot out of quarantine."""
        return self._set_quarantine(call, snapshot_id, reason=reason, quarantine="", state=READY)

    @action(permission=Permission.DATA_WRITE, says=N_("deleted a snapshot"))
    def delete_snapshot(self, call: Call, *, snapshot_id: str, reason: Reason) -> Snapshot:
        """Delete the rows of a snapshot; its place in the chain stays. Refused while something live, or a feature
        version that may still be built, needs it.

        The worker removes the files an hour later; a file that another snapshot has stays."""
        call.may_reach(snapshot_id, even_put_away=True)
        call.about(snapshot_id)
        row = snapshot_row(call, snapshot_id)
        if needed := self._needed(call, row):
            raise Conflict(_("{id} cannot be deleted: {why}").format(id=snapshot_id, why=needed))
        return self._delete(call, row, reason=reason)

    @action(permission=Permission.READ, reads=True)
    def plan_retention(
        self, call: Call, *, dataset_id: str, keep_last: KeepLast = 5, older_than_days: Days = 90
    ) -> RetentionPlan:
        """Show what a retention rule would delete, what it would free, and what stays and why."""
        call.may_reach(dataset_id)
        return self._plan(call, dataset_row(call, dataset_id), keep_last=keep_last, older_than_days=older_than_days)

    @action(permission=Permission.GC, says=N_("applied a retention rule"))
    def apply_retention(
        self, call: Call, *, dataset_id: str, keep_last: KeepLast = 5, older_than_days: Days = 90, plan_digest: str
    ) -> RetentionPlan:
        """Delete what a retention rule would. `plan_digest` is that of the plan that was looked at."""
        call.may_reach(dataset_id)
        plan = self._plan(call, dataset_row(call, dataset_id), keep_last=keep_last, older_than_days=older_than_days)
        if plan.digest != plan_digest:
            raise Conflict(_("The plan has changed meanwhile"), hint=_("Look at the new one, then apply it."))
        for item in plan.items:
            if item.verdict == "delete":
                self._delete(call, snapshot_row(call, item.snapshot_id), reason=_("Retention"))
        call.about(dataset_id)
        call.note(plan=plan.digest, freed_bytes=plan.freed_bytes)
        return plan

    def empty(self, call: Call, dataset_id: str, reason: str) -> None:
        """Deletes the rows of all snapshots of a dataset, as its deletion does. Conflict while one is needed."""
        for row in call.session.exec(kept_snapshots_of(dataset_id)).all():
            if needed := self._needed(call, row):
                raise Conflict(_("{id} cannot be deleted: {why}").format(id=row.id, why=needed))
            self._delete(call, row, reason=reason)

    def _set_quarantine(self, call: Call, snapshot_id: str, *, reason: str, quarantine: str, state: str) -> Snapshot:
        call.may_reach(snapshot_id, even_put_away=True)
        row = snapshot_row(call, snapshot_id)
        if row.deleted_at is not None or bool(row.quarantine) == bool(quarantine):
            raise Conflict(_("{id} is {state}").format(id=snapshot_id, state=_state(row)))
        row.quarantine = quarantine
        call.session.add(row)
        call.update(snapshot_id, state=state)
        call.about(snapshot_id)
        call.note(reason=reason, live=[pin.endpoint for pin in self.live_uses.of(call.session, snapshot_id)])
        return snapshot_of(row, call.session.get_one(DatasetRow, row.dataset_id))

    def _delete(self, call: Call, row: SnapshotRow, *, reason: str) -> Snapshot:
        if row.deleted_at is not None:
            raise Conflict(_("{id} is {state}").format(id=row.id, state=DELETED))
        row.deleted_at = call.now
        call.session.add(row)
        call.update(row.id, state=DELETED)
        call.record("lake.snapshot_deleted", subject=row.id, details={"reason": reason, "digest": row.digest})
        return snapshot_of(row, call.session.get_one(DatasetRow, row.dataset_id))

    def _needed(self, call: Call, row: SnapshotRow) -> str:
        """Why a snapshot must stay, in words; empty when nothing prevents its deletion."""
        if pins := self.live_uses.of(call.session, row.id):
            pin = pins[0]
            words = _("{version} ({id}) learned from it, and {endpoint} {role}")
            role = _("serves it") if pin.role == "serves" else _("has it as its rollback target")
            return words.format(version=pin.version, id=pin.version_id, endpoint=pin.endpoint, role=role)
        versions = versions_built_on(call, col(LinkRow.source) == row.id)
        if not versions:
            return ""
        return _("the feature version {title} ({id}) is built on it; retire it first").format(
            title=versions[0].title, id=versions[0].id
        )

    def _plan(self, call: Call, dataset: DatasetRow, *, keep_last: int, older_than_days: int) -> RetentionPlan:
        rows: Sequence[SnapshotRow] = call.session.exec(kept_snapshots_of(dataset.id)).all()
        before = call.now - timedelta(days=older_than_days)
        reasons = {row.id: self._stays(call, row, place, keep_last, before) for place, row in enumerate(rows)}
        going = [row for row in reversed(rows) if not reasons[row.id]]
        freed = freed_by(call.session, self.foundation.store, going, form=dataset.form, now=call.now)
        items = tuple(_item(row, reason=reasons[row.id], freed=freed.get(row.id, 0)) for row in rows)
        covered = [dataset.id, keep_last, older_than_days, [[item.snapshot_id, item.verdict] for item in items]]
        return RetentionPlan(
            dataset_id=dataset.id,
            keep_last=keep_last,
            older_than_days=older_than_days,
            items=items,
            freed_bytes=sum(item.freed_bytes for item in items),
            digest=digest_of(covered),
        )

    def _stays(self, call: Call, row: SnapshotRow, place: int, keep_last: int, before: datetime) -> str:
        if place < keep_last:
            return _("among the last {count}").format(count=keep_last)
        if row.created_at > before:
            return _("not old enough")
        return self._needed(call, row)


def _item(row: SnapshotRow, *, reason: str, freed: int) -> RetentionItem:
    return RetentionItem(
        snapshot_id=row.id,
        version=row.version,
        rows=row.rows,
        bytes=row.bytes,
        freed_bytes=freed,
        created_at=row.created_at,
        verdict="keep" if reason else "delete",
        reason=reason or _("older than the rule keeps, and nothing needs it"),
    )


def _state(row: SnapshotRow) -> str:
    if row.deleted_at is not None:
        return DELETED
    return _("in quarantine already") if row.quarantine else _("not in quarantine")
