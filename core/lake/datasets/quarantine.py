"""Quarantine reaches forward along the chain: what came from a snapshot in quarantine shows it, and nothing new is made
of it."""

from collections.abc import Collection

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.ids import Kind, kind_of
from core.foundation.objects import ObjectRow, walk
from core.lake.tables import SnapshotRow
from core.lake.values import Quarantined


def quarantined_sources(call: Call, objects: Collection[str]) -> tuple[Quarantined, ...]:
    """The snapshots in quarantine among the objects and all that led to them."""
    edges = (edge for start in objects for edge in walk(call.session, start, upstream=True))
    sources = {*objects, *(edge.source for edge in edges)}
    snapshots = [object_id for object_id in sources if kind_of(object_id) is Kind.SNAPSHOT]
    rows = select(SnapshotRow).where(col(SnapshotRow.id).in_(snapshots), col(SnapshotRow.quarantine) != "")
    return tuple(
        Quarantined(
            snapshot_id=row.id,
            title=call.session.get_one(ObjectRow, row.id).title,
            reason=row.quarantine,
        )
        for row in call.session.exec(rows.order_by(col(SnapshotRow.id)))
    )
