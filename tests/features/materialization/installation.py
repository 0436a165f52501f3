"""An installation with a dataset that is split by days and a version over it, for tests of what is kept online. Both
are written down as imports and builds leave them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import col, select

from core.features.materialization.values import Materialization
from core.features.tables import FeatureVersionRow, FeatureViewRow, MaterializationRow
from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.identity.permissions import Permission
from core.lake.tables import SnapshotRow
from core.lake.values import ImportReport
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.features.materialization.in_process import FEATURES, SQL, START, events
from tests.registry.onnx_files import calling

SYSTEM = Actor.system("test")
Rows = list[tuple[Any, ...]]


@dataclass
class Installation:
    """`days` are the rows of the dataset by day; `add_snapshot` makes a snapshot of them."""

    portal: Portal
    people: People
    folder: Path
    days: dict[str, Rows] = field(default_factory=dict)
    dataset_id: str = ""
    view_id: str = ""
    version_id: str = ""

    def __post_init__(self) -> None:
        portal, engineer = self.portal, self.people.engineer
        self.days = {"2013-01-01": [("a", START, START, 1, "x"), ("b", START, START, 2, None)]}
        self.dataset_id = portal.datasets.create_dataset(engineer, project="PROJ-1", name="events").id
        view = portal.feature_views.create_view(engineer, project="PROJ-1", name="totals", entity="key", keys=("k",))
        self.view_id = view.id
        self.version_id = self.version(snapshot_id=self.add_snapshot())

    def add_snapshot(self, tables: Mapping[str, pa.Table] | None = None) -> str:
        """The next snapshot, with a file for each day; returns its id."""
        files = []
        for partition, table in (tables or {day: events(rows) for day, rows in sorted(self.days.items())}).items():
            path = self.folder / "file.parquet"
            pq.write_table(table, path)
            digest = self.portal.foundation.store.put_file(path)
            files.append({"digest": digest, "rows": table.num_rows, "bytes": 1, "partition": partition})
        report = ImportReport(rows_read=0, rows_rejected=0, reasons=(), choices=())
        with calling(self.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
            snapshot_id = call.create(Kind.SNAPSHOT, project="PROJ-1", title="events", state="ready")
            version = len(call.session.exec(select(SnapshotRow.id)).all()) + 1
            row = {
                "id": snapshot_id,
                "dataset_id": self.dataset_id,
                "version": version,
                "digest": snapshot_id.rjust(64, "0"),
            }
            row |= {"files": files, "rows": 1, "bytes": 1, "created_by": "P-1", "created_at": call.now}
            call.session.add(SnapshotRow(**row, report=report.model_dump(mode="json")))
        return snapshot_id

    def version(self, *, snapshot_id: str, sql: str = SQL, **changes: Any) -> str:
        """A version as a build leaves it; returns its id."""
        kinds = changes.pop("kinds", FEATURES)
        with calling(self.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
            version_id = call.create(Kind.FEATURE_VERSION, project="PROJ-1", title="totals", state="published")
            number = len(call.session.exec(select(FeatureVersionRow.id)).all()) + 1
            row = {
                "id": version_id,
                "view_id": call.session.exec(select(FeatureViewRow.id)).one(),
                "version": number,
                "state": "published",
                "sql": sql,
                "sources": {"events": snapshot_id},
                "event_time": "happened",
                "created_time": "written",
                "ttl_seconds": 0,
                "delay_seconds": 0,
                "features": [{"name": name, "type": "", "kind": kind} for name, kind in kinds.items()],
                "description": "",
                "digest": f"{version_id}{sql}"[:64].ljust(64, "0"),
                "rows_digest": "r",
                "lookback_seconds": 86_400,
                "created_by": "P-2",
                "created_at": call.now,
            }
            call.session.add(FeatureVersionRow(**row | changes))
        return version_id

    def change(self, table: type[Any], object_id: str, **values: Any) -> None:
        with calling(self.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
            row = call.session.get_one(table, object_id)
            for name, value in values.items():
                setattr(row, name, value)
            call.session.add(row)

    def materialize(self, version_id: str = "", *, every_seconds: int = 0) -> Materialization:
        """Orders it and runs its job to the end."""
        materialization = self.portal.materialization.materialize(
            self.people.engineer, version_id=version_id or self.version_id, every_seconds=every_seconds
        )
        return self.finished(materialization)

    def run(self, materialization_id: str, **how: Any) -> Materialization:
        return self.finished(
            self.portal.materialization.run_materialization(
                self.people.engineer, materialization_id=materialization_id, **how
            )
        )

    def finished(self, materialization: Materialization) -> Materialization:
        if materialization.state == "running":
            run_job_here(self.portal, materialization.job_id)
        return self.now(materialization.id)

    def now(self, materialization_id: str) -> Materialization:
        return self.portal.materialization.get_materialization(
            self.people.viewer, materialization_id=materialization_id
        )

    def statuses(self, *keys: Any, version_id: str = "") -> list[str]:
        named_keys = tuple({"k": key} for key in keys)
        answers = self.portal.materialization.get_online(
            self.people.viewer, version_id=version_id or self.version_id, keys=named_keys
        )
        return [answer.status for answer in answers]

    def due(self, materialization_id: str) -> MaterializationRow:
        with self.portal.foundation.database.read() as session:
            query = select(MaterializationRow).where(col(MaterializationRow.id) == materialization_id)
            return session.exec(query).one()
