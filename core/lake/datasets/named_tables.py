"""The tables that some SQL can read because it names them."""

import re

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.lake.datasets.service import DatasetService
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import Snapshot
from core.sandbox.duckdb_session import folded


def newest_named(call: Call, datasets: DatasetService, *, project: str, sql: str) -> dict[str, Snapshot]:
    """The newest snapshots of the datasets of a project whose names the SQL has as words, which is all it can read."""
    words = set(re.findall(r"\w+", folded(sql)))
    named = select(DatasetRow).where(DatasetRow.project == project, col(DatasetRow.name).in_(words))
    snapshots = {}
    for dataset in call.session.exec(named.order_by(DatasetRow.name)):
        newest = select(SnapshotRow.id).where(
            SnapshotRow.dataset_id == dataset.id, col(SnapshotRow.deleted_at).is_(None)
        )
        if snapshot_id := call.session.exec(newest.order_by(col(SnapshotRow.version).desc()).limit(1)).first():
            snapshots[dataset.name] = datasets.usable(call, snapshot_id)
    return snapshots
