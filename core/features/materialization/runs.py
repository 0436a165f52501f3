"""How a materialization is run: started as a job where something has changed, and updated by what the job
did or by why it failed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import col, delete

from core.compute.service import ComputeService
from core.features.materialization.job_spec import MaterializeResult
from core.features.materialization.plan import plan
from core.features.materialization.records import State, parts_known, served_version
from core.features.normal_form import known_moment, moment_of
from core.features.sandboxed_job import fitted
from core.features.tables import MaterializationRow, MaterializedPartRow
from core.features.values import FeatureVersion, MaterializationState
from core.features.versions.sources import SourceSnapshots
from core.foundation.actions.call import Call
from core.foundation.ids import Kind
from core.foundation.settings import Settings
from core.foundation.text import _


class MaterializationRuns:
    """Changes a materialization in the caller's transaction."""

    def __init__(self, settings: Settings, *, sources: SourceSnapshots, compute: ComputeService) -> None:
        self._settings, self._sources, self._compute = settings, sources, compute

    def new(self, call: Call, version: FeatureVersion) -> MaterializationRow:
        title = _("{view} v{version} online").format(view=version.view, version=version.version)
        materialization_id = call.create(Kind.MATERIALIZATION, project=version.project, title=title, state=State.READY)
        call.link(version.id, materialization_id, "kept online by")
        row = MaterializationRow(
            id=materialization_id,
            project=version.project,
            version_id=version.id,
            state=State.READY,
            every_seconds=0,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        return row

    def start(self, call: Call, row: MaterializationRow, *, whole: bool = False) -> None:
        """Runs a materialization, unless nothing has changed since its last run. After a run that failed, and may have
        put some of its rows, all rows are put again."""
        version = served_version(call, row.version_id)
        planned = plan(
            version,
            self._sources.newest_snapshots(call, version.sources),
            known=parts_known(call, row),
            since=row.as_of,
            at=call.now,
            whole=whole or row.as_of is None or row.state == State.FAILED,
        )
        if planned.is_idle:
            row.as_of, row.snapshots = call.now, planned.job_spec.snapshots
            self._finish(call, row)
            return
        work = planned.job(version, subject=row.id, owner=row.created_by)
        row.job_id = self._compute.submit(call, fitted(work, self._settings)).id
        row.state, row.cause = State.RUNNING, ""
        self._save(call, row)

    def ingest(
        self, call: Call, row: MaterializationRow, *, result: MaterializeResult, files: Mapping[str, str]
    ) -> None:
        """Writes down what a run did. `files` are the digests of the parts' rows by name."""
        names = [*result.gone, *(part.name for part in result.parts)]
        mine = col(MaterializedPartRow.materialization_id) == row.id
        call.session.exec(delete(MaterializedPartRow).where(mine, col(MaterializedPartRow.partition).in_(names)))
        for part in result.parts:
            part_row = MaterializedPartRow(
                materialization_id=row.id,
                partition=part.name,
                sources=part.sources,
                rows_digest=files.get(part.name, ""),
                rows=part.rows,
                newest_event=moment_of(part.newest_event_us),
                newest_known=known_moment(part.newest_known_us),
                made_at=call.now,
            )
            call.session.add(part_row)
        call.session.flush()
        row.watermark = moment_of(result.watermark_us)
        row.keys, row.as_of, row.snapshots = result.keys, moment_of(result.at_us), dict(result.snapshots)
        self._finish(call, row)

    def fail(self, call: Call, row: MaterializationRow, *, cause: str) -> None:
        """Tells why a run ended badly; the next due time is another try."""
        row.state, row.cause, row.finished_at = State.FAILED, cause, call.now
        self._save(call, row)
        call.record("online.materialization_failed", subject=row.id, details={"cause": cause[:200]})

    def _finish(self, call: Call, row: MaterializationRow) -> None:
        parts = parts_known(call, row)
        row.rows = sum(part.rows for part in parts)
        row.state, row.cause, row.finished_at = resting(row), "", call.now
        self._save(call, row)
        call.record("online.materialized", subject=row.id, details={"rows": row.rows, "keys": row.keys})

    def _save(self, call: Call, row: MaterializationRow) -> None:
        call.session.add(row)
        call.session.flush()
        call.update(row.id, state=row.state)


def resting(row: MaterializationRow) -> MaterializationState:
    """The state between two runs: a schedule without a next time is paused."""
    return State.PAUSED if row.every_seconds and row.due_at is None else State.READY


def next_due(row: MaterializationRow, *, now: datetime) -> datetime | None:
    """The first due time after now: however many were missed, they are made up by one run."""
    if not row.every_seconds or row.due_at is None:
        return None
    every = timedelta(seconds=row.every_seconds)
    return row.due_at + every * (max(now - row.due_at, timedelta()) // every + 1)
