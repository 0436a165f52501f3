"""Feature versions without the jobs that build them: a job's end is told as compute tells it, with whatever its checks
gave. For tests of what may follow what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.compute.values import Job, JobState
from core.features.job_specs import BuildResult
from core.features.values import Check, Feature, FeatureVersion
from core.features.versions.kind import BuildKind
from core.features.versions.sources import SourceSnapshots
from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.foundation.parquet import write_parquet
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import ImportReport
from core.portal import Portal, build_portal
from tests.features.departures import MARKS, VIEW_SQL, flights
from tests.installed import People, copy_home, prepared, settings_in
from tests.registry.onnx_files import calling

SYSTEM = Actor.system("test")


@dataclass
class Drafts:
    """A portal, its people, a snapshot of flights, and a view that can be exchanged for a new one."""

    portal: Portal
    people: People
    snapshot: str
    view: str = ""
    views: int = 0

    def open_view(self) -> str:
        self.views += 1
        self.view = self.portal.feature_views.create_view(
            self.people.engineer, project="PROJ-1", name=f"view_{self.views}", entity="carrier", keys=("carrier",)
        ).id
        return self.view

    def create(self, **changes: Any) -> FeatureVersion:
        return self.portal.feature_drafts.create_version(
            self.people.engineer, view_id=self.view, **self.definition(**changes)
        )

    def definition(self, **changes: Any) -> dict[str, Any]:
        return {"sql": VIEW_SQL, "sources": {"flights": self.snapshot}, "event_time": "left_at"} | changes

    @property
    def kind(self) -> BuildKind:
        return BuildKind(self.portal.foundation, sources=SourceSnapshots(self.portal.datasets))

    def built(self, version: FeatureVersion, *verdicts: str) -> FeatureVersion:
        """The job of the version ends well; each verdict is one of its checks."""
        checks = tuple(
            Check.model_validate({"name": f"check {number}", "verdict": verdict, "detail": "so it is"})
            for number, verdict in enumerate(verdicts)
        )
        feature = Feature(name="mean_delay", type="DOUBLE", kind="number")
        result = BuildResult(features=(feature,), rows=3, notes=(), statistics=(), checks=checks, seconds=1.5)
        with calling(self.portal, SYSTEM) as call:
            self.kind.ingest_outputs(call, self.job(version), (result, "0" * 64))
        return self.now(version)

    def failed(self, version: FeatureVersion, cause: str = "It broke.") -> FeatureVersion:
        job = self.job(version).model_copy(update={"state": JobState.FAILED, "cause": cause})
        with calling(self.portal, SYSTEM) as call:
            self.kind.ended(call, job)
        return self.now(version)

    def job(self, version: FeatureVersion) -> Job:
        return self.portal.compute.get_job(SYSTEM, job_id=self.now(version).job_id)

    def now(self, version: FeatureVersion) -> FeatureVersion:
        return self.portal.feature_versions.get_version(self.people.engineer, version_id=version.id)

    def published(self, **changes: Any) -> FeatureVersion:
        return self.built(self.create(**changes), "pass")

    @property
    def live(self) -> str:
        version = self.portal.feature_views.get_view(self.people.viewer, view_id=self.view).live
        return version.id if version else ""


def open_drafts(home: Path, **settings: Any) -> Drafts:
    home_settings = settings_in(home, **settings)
    copy_home(home_settings, with_people=True)
    return drafts_of(build_portal(home_settings), prepared().people, home)


def drafts_of(portal: Portal, people: People, folder: Path) -> Drafts:
    drafts = Drafts(portal, people, keep_flights(portal, folder))
    drafts.open_view()
    return drafts


def keep_flights(portal: Portal, folder: Path, *, project: str = "PROJ-1", name: str = "flights") -> str:
    """A snapshot as the lake leaves it, without an import."""
    table, path = flights(), folder / "flights.parquet"
    write_parquet(table.to_batches(), path, schema=table.schema)
    digest = portal.foundation.store.put_file(path)
    file = {"digest": digest, "rows": table.num_rows, "bytes": path.stat().st_size}
    columns = [
        {"name": column, "type": "", "null_share": 0.0, "known": MARKS.get(column, "")} for column in table.schema.names
    ]
    report = ImportReport(rows_read=table.num_rows, rows_rejected=0, reasons=(), choices=())
    with calling(portal, SYSTEM) as call:
        dataset = call.create(Kind.DATASET, project=project, title=name, state="ready")
        snapshot = call.create(Kind.SNAPSHOT, project=project, title=f"{name} v1", state="ready")
        call.session.add(
            DatasetRow(id=dataset, project=project, name=name, description="", owner="P-2", created_at=call.now)
        )
        call.session.flush()
        call.session.add(
            SnapshotRow(
                id=snapshot,
                dataset_id=dataset,
                version=1,
                digest=digest,
                files=[file],
                rows=table.num_rows,
                bytes=file["bytes"],
                columns=columns,
                report=report.model_dump(mode="json"),
                created_by="P-2",
                created_at=call.now,
            )
        )
    return snapshot
