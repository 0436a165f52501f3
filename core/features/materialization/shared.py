"""What the online actions are made of, and what serving asks of the live store."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, delete, func, select

from core.compute.service import ComputeService
from core.features.materialization.job_spec import MaterializeResult
from core.features.materialization.plan import live_view, moment_of, plan
from core.features.materialization.values import Materialization, MaterializationState, MissingOnline
from core.features.online.store import OnlineStore, live_address, open_store
from core.features.service import FeatureService
from core.features.tables import FeatureVersionRow, MaterializationRow, MaterializedPartRow
from core.features.values import FeatureContract, FeatureVersion, ServedView, VersionState
from core.features.versions.job_specs import fitted
from core.features.versions.states import GIVEN_UP
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.foundation.listings import row_of
from core.foundation.text import _
from core.lake.tables import SnapshotRow
from core.lake.values import Snapshot

SERVED = (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED)
State = MaterializationState


class OnlineParts(Service):
    """What the actions below are made of, and what serving asks."""

    domain = "online"

    def __init__(self, foundation: Foundation, *, features: FeatureService, compute: ComputeService) -> None:
        super().__init__(foundation)
        self.features, self.compute = features, compute
        self._store: OnlineStore | None = None

    @property
    def store(self) -> OnlineStore:
        """The live store, opened when it is first asked."""
        if self._store is None:
            self._store = open_store(live_address(self.foundation.settings))
        return self._store

    def missing_for(self, call: Call, contract: FeatureContract) -> tuple[MissingOnline, ...]:
        """The versions that a contract looks up and of which the live store has no rows."""
        found = (self._missing(call, view.version_id, view.view) for view in contract.views)
        return tuple(missing for missing in found if missing is not None)

    def newest_sources(self, call: Call, version: FeatureVersion) -> dict[str, Snapshot]:
        """The newest snapshot of every dataset that the version's sources name. Conflict when none of one may be
        used."""
        newest = {name: self._newest(call, id_) for name, id_ in version.sources.items()}
        if lost := [name for name, id_ in newest.items() if not id_]:
            raise Conflict(
                _("No snapshot of {name} may be used").format(name=lost[0]), hint=_("Release one, or import it again.")
            )
        return {name: self.features.lake.snapshot(call, id_) for name, id_ in newest.items()}

    def row(self, call: Call, materialization_id: str) -> MaterializationRow:
        refusal = _("{id} is no materialization")
        return row_of(call, MaterializationRow, materialization_id, refusal=refusal, field="materialization_id")

    def of_version(self, call: Call, version_id: str) -> MaterializationRow | None:
        """The materialization of a version that is not removed; there is one at most."""
        mine = (col(MaterializationRow.version_id) == version_id, col(MaterializationRow.state) != State.REMOVED)
        return call.session.exec(select(MaterializationRow).where(*mine)).first()

    def value(self, call: Call, row: MaterializationRow) -> Materialization:
        version = self.features.version(call, row.version_id)
        newest = {name: self._newest(call, id_) for name, id_ in version.sources.items()}
        parts = select(func.count()).where(MaterializedPartRow.materialization_id == row.id)
        return Materialization(
            **row.model_dump(),
            view_id=version.view_id,
            view=version.view,
            version=version.version,
            behind=row.state != State.REMOVED and newest != row.snapshots,
            parts=call.session.exec(parts).one(),
        )

    def parts_known(self, call: Call, row: MaterializationRow) -> Sequence[MaterializedPartRow]:
        mine = select(MaterializedPartRow).where(MaterializedPartRow.materialization_id == row.id)
        return call.session.exec(mine.order_by(MaterializedPartRow.partition)).all()

    def _newest(self, call: Call, snapshot_id: str) -> str:
        """The newest snapshot of a snapshot's dataset that may be used; empty when there is none."""
        dataset_id = self.features.lake.snapshot(call, snapshot_id).dataset_id
        usable = (
            SnapshotRow.dataset_id == dataset_id,
            SnapshotRow.quarantine == "",
            col(SnapshotRow.deleted_at).is_(None),
        )
        newest = select(SnapshotRow.id).where(*usable).order_by(col(SnapshotRow.version).desc()).limit(1)
        return call.session.exec(newest).first() or ""

    def _missing(self, call: Call, version_id: str, view: str) -> MissingOnline | None:
        row = self.of_version(call, version_id)
        if row is not None and row.as_of is not None:
            return None
        reason = _("is not materialized: its inputs will be missing")
        if row is not None:
            reason = row.cause or _("is being materialized for the first time")
        return MissingOnline(version_id=version_id, view=view, reason=reason)

    def served_version(self, call: Call, version_id: str) -> FeatureVersion:
        """A version that may be kept online. Conflict for one that is not built, or retired."""
        version = self.features.version(call, version_id)
        if version.state not in SERVED:
            raise Conflict(
                _("{view} v{version} is {state}").format(
                    view=version.view, version=version.version, state=version.state
                ),
                hint=_("Only versions that are built and not given up are kept online."),
            )
        return version

    def new(self, call: Call, version: FeatureVersion) -> MaterializationRow:
        title = _("{view} v{version} online").format(view=version.view, version=version.version)
        made = call.create(Kind.MATERIALIZATION, project=version.project, title=title, state=State.READY)
        call.link(version.id, made, "kept online by")
        row = MaterializationRow(
            id=made,
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
        version = self.served_version(call, row.version_id)
        found = plan(
            version,
            self.newest_sources(call, version),
            known=self.parts_known(call, row),
            since=row.as_of,
            at=call.now,
            whole=whole or row.as_of is None or row.state == State.FAILED,
        )
        if found.is_idle:
            row.as_of, row.snapshots = call.now, found.order.snapshots
            self._ended(call, row)
            return
        work = found.job(version, subject=row.id, owner=row.created_by)
        row.job_id = self.compute.submit(call, fitted(work, self.foundation.settings)).id
        row.state, row.cause = State.RUNNING, ""
        self._keep(call, row)

    def take(self, call: Call, row: MaterializationRow, *, result: MaterializeResult, files: Mapping[str, str]) -> None:
        """Writes down what a run did. `files` are the digests of the parts' rows by name."""
        names = [*result.gone, *(part.name for part in result.parts)]
        mine = col(MaterializedPartRow.materialization_id) == row.id
        call.session.exec(delete(MaterializedPartRow).where(mine, col(MaterializedPartRow.partition).in_(names)))
        for part in result.parts:
            made = MaterializedPartRow(
                materialization_id=row.id,
                partition=part.name,
                sources=part.sources,
                rows_digest=files.get(part.name, ""),
                rows=part.rows,
                newest_event=moment_of(part.newest_event_us),
                newest_known=moment_of(part.newest_known_us),
                made_at=call.now,
            )
            call.session.add(made)
        call.session.flush()
        row.keys, row.as_of, row.snapshots = result.keys, moment_of(result.at_us), dict(result.snapshots)
        self._ended(call, row)

    def fail(self, call: Call, row: MaterializationRow, *, cause: str) -> None:
        """Tells why a run ended badly; the next due time is another try."""
        row.state, row.cause, row.finished_at = State.FAILED, cause, call.now
        self._keep(call, row)
        call.record("online.materialization_failed", subject=row.id, details={"cause": cause[:200]})

    def is_shared(self, call: Call, version: FeatureVersion) -> bool:
        """Whether another version with the same digest, hence the same rows, is kept online."""
        same = select(FeatureVersionRow.id).where(
            FeatureVersionRow.digest == version.digest,
            FeatureVersionRow.id != version.id,
            col(FeatureVersionRow.state).not_in(GIVEN_UP),
        )
        others = select(MaterializationRow.id).where(
            col(MaterializationRow.version_id).in_(same), col(MaterializationRow.state) != State.REMOVED
        )
        return call.session.exec(others).first() is not None

    def left_rows(self, call: Call, row: MaterializationRow) -> ServedView | None:
        """What a version that was given up has left in the store that nobody else needs."""
        version = self.features.version(call, row.version_id)
        return None if self.is_shared(call, version) else live_view(version)

    def _ended(self, call: Call, row: MaterializationRow) -> None:
        parts = self.parts_known(call, row)
        row.rows = sum(part.rows for part in parts)
        row.watermark = max((part.newest_event for part in parts if part.newest_event), default=None)
        row.state, row.cause, row.finished_at = resting(row), "", call.now
        self._keep(call, row)
        call.record("online.materialized", subject=row.id, details={"rows": row.rows, "keys": row.keys})

    def _keep(self, call: Call, row: MaterializationRow) -> None:
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
