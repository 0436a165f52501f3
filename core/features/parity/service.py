"""Parity of the online store with the point-in-time join: asked for, measured by a job, kept as a record that never
changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field
from sqlmodel import col, select

from core.compute.service import ComputeService
from core.compute.values import JobSpec, Resources
from core.features.materialization.plan import build_job_spec_of, live_view
from core.features.materialization.records import materialization_of_version, parts_known, served_version
from core.features.materialization.values import FeatureParity
from core.features.normal_form import microseconds
from core.features.parity.job_spec import FEATURE_PARITY, ParityJobSpec
from core.features.parity.records import parity_of, parity_row
from core.features.sandboxed_job import fitted
from core.features.tables import FeatureParityRow, FeatureVersionRow
from core.features.values import FeatureVersion
from core.features.versions.job_specs import source_inputs, source_tables
from core.features.versions.sources import SourceSnapshots
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.ids import Kind
from core.foundation.listings import page_of
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.values import Snapshot

Rows = Annotated[int, Field(ge=1, le=20_000)]
# Versions of the view, the newest first, whose answers are held against a key that differs.
MOST_OTHERS = 3


class FeatureParityService(Service):
    domain = "online"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "online.parity_measured": EventSpec(N_("measured the parity of the online store:")),
    }

    def __init__(self, foundation: Foundation, *, sources: SourceSnapshots, compute: ComputeService) -> None:
        super().__init__(foundation)
        self._sources, self._compute = sources, compute

    @action(permission=Permission.EVIDENCE_WRITE, says=N_("started the parity check"))
    def check_parity(
        self, call: Call, *, version_id: str, rows: Rows = 200, at: AwareDatetime | None = None
    ) -> FeatureParity:
        """Compare what the online store answers with what the point-in-time join answers, for sampled keys at one
        instant: the newest of the version's rows unless said otherwise."""
        call.may_reach(version_id)
        version = served_version(call, version_id)
        snapshots = self._sources.newest_snapshots(call, version.sources)
        parity_id = call.create(
            Kind.FEATURE_PARITY,
            project=version.project,
            title=_("Parity of {version}").format(version=version.title),
            state="running",
        )
        call.link(version.id, parity_id, "measured by")
        work = self._parity_job(call, version, snapshots, subject=parity_id, rows=rows, at=at)
        row = FeatureParityRow(
            id=parity_id,
            project=version.project,
            version_id=version.id,
            state="running",
            job_id=self._compute.submit(call, fitted(work, self.foundation.settings)).id,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.about(parity_id)
        call.note(version=version_id, rows=rows)
        return parity_of(row)

    @action(permission=Permission.READ, reads=True)
    def list_parity(
        self, call: Call, *, version_id: str, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[FeatureParity]:
        """List the parity checks of a feature version, the newest first."""
        call.may_reach(version_id)
        return page_of(
            call.session,
            FeatureParityRow,
            where=(col(FeatureParityRow.version_id) == version_id,),
            order=(col(FeatureParityRow.created_at).desc(), col(FeatureParityRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=parity_of,
        )

    @action(permission=Permission.READ, reads=True)
    def get_parity(self, call: Call, *, parity_id: str) -> FeatureParity:
        """Show a parity check: its verdict, and the cause of every mismatch."""
        call.may_reach(parity_id)
        return parity_of(parity_row(call, parity_id))

    def _parity_job(
        self,
        call: Call,
        version: FeatureVersion,
        snapshots: Mapping[str, Snapshot],
        *,
        subject: str,
        rows: int,
        at: datetime | None,
    ) -> JobSpec:
        materialization = materialization_of_version(call, version.id)
        parts = {
            f"part_{number}": part.rows_digest
            for number, part in enumerate(parts_known(call, materialization) if materialization else ())
            if part.rows_digest
        }
        others = {f"other_{number}": digest for number, digest in enumerate(self._others(call, version))}
        job_spec = ParityJobSpec(
            build=build_job_spec_of(version, source_tables(snapshots)),
            view=live_view(version),
            version_digest=version.digest,
            snapshots={name: snapshot.id for name, snapshot in snapshots.items()},
            parts=tuple(parts),
            others=tuple(others),
            rows=rows,
            seed=int(subject.rpartition("-")[2]),
            at_us=None if at is None else microseconds(at),
            now_us=microseconds(call.now),
            watermark_us=microseconds(materialization.watermark)
            if materialization and materialization.watermark
            else None,
            as_of_us=microseconds(materialization.as_of) if materialization and materialization.as_of else None,
        )
        return JobSpec(
            kind=FEATURE_PARITY,
            project=version.project,
            title=_("Parity of {version}").format(version=version.title),
            subject=subject,
            payload=job_spec.model_dump(mode="json"),
            inputs=source_inputs(snapshots) | parts | others,
            resources=Resources(cpus=1, memory_mb=job_spec.memory_mb),
        )

    def _others(self, call: Call, version: FeatureVersion) -> list[str]:
        """The rows of other versions of the view that have the same features."""
        rows = select(FeatureVersionRow).where(
            FeatureVersionRow.view_id == version.view_id,
            FeatureVersionRow.digest != version.digest,
            FeatureVersionRow.rows_digest != "",
        )
        named = {feature.name for feature in version.features}
        newest = call.session.exec(rows.order_by(col(FeatureVersionRow.version).desc())).all()
        alike = [row.rows_digest for row in newest if {feature["name"] for feature in row.features} == named]
        return alike[:MOST_OTHERS]
