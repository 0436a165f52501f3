"""The online side of features: what keeps the live store full, and what it answers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field
from sqlmodel import and_, col, or_, select

from core.features.materialization.plan import live_view
from core.features.materialization.records import (
    State,
    materialization_of_version,
    materialization_row,
    materializations_of,
    missing_online,
    served_version,
    unshared_rows,
)
from core.features.materialization.runs import MaterializationRuns, next_due, resting
from core.features.materialization.values import (
    DueMaterialization,
    Every,
    Materialization,
    MaterializedPart,
    MissingOnline,
    OnlineAnswer,
)
from core.features.normal_form import microseconds, moment_of
from core.features.online.opening import LiveStore
from core.features.tables import FeatureVersionRow, MaterializationRow, MaterializedPartRow
from core.features.values import FeatureContract, FeatureVersion
from core.features.versions.records import find_version
from core.features.versions.sources import SourceSnapshots
from core.features.versions.states import GIVEN_UP
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions, page_of
from core.foundation.objects import are_kept
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset

OF_A_PART = {"rows", "newest_event", "newest_known", "made_at"}
Keys = Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=1000)]


class MaterializationService(Service):
    domain = "online"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "online.materialized": EventSpec(N_("materialized")),
        "online.materialization_failed": EventSpec(N_("could not materialize")),
    }

    def __init__(
        self,
        foundation: Foundation,
        *,
        sources: SourceSnapshots,
        runs: MaterializationRuns,
        live_store: LiveStore,
    ) -> None:
        super().__init__(foundation)
        self._sources, self.runs, self.live_store = sources, runs, live_store

    @action(permission=Permission.JOBS_WRITE, says=N_("scheduled the materialization"))
    def materialize(self, call: Call, *, version_id: str, every_seconds: Every = 0) -> Materialization:
        """Materialize the newest rows of a feature version into the online store.

        With `every_seconds` it is repeated that often, reading only what is new; 0 is by hand. For a version that is
        materialized already it changes the schedule."""
        call.may_reach(version_id)
        version = served_version(call, version_id)
        row = materialization_of_version(call, version_id) or self.runs.new(call, version)
        row.every_seconds = every_seconds
        row.due_at = call.now + timedelta(seconds=every_seconds) if every_seconds else None
        call.session.add(row)
        if row.state != State.RUNNING:
            self.runs.start(call, row)
        call.about(row.id)
        call.note(version=version_id, every_seconds=every_seconds)
        return self._value(call, row)

    @action(permission=Permission.JOBS_WRITE, says=N_("started the materialization"))
    def run_materialization(self, call: Call, *, materialization_id: str, whole: bool = False) -> Materialization:
        """Materialize what is new now; with `whole` backfill everything, for a store that has lost its content."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        served_version(call, row.version_id)
        if row.state == State.RUNNING:
            raise Conflict(_("{job} is running already").format(job=row.job_id), hint=_("Wait until it has ended."))
        self.runs.start(call, row, whole=whole)
        return self._value(call, row)

    @action(permission=Permission.JOBS_WRITE, says=N_("paused the materialization"))
    def pause_materialization(self, call: Call, *, materialization_id: str) -> Materialization:
        """Stop running a materialization by its schedule. What is in the store stays, and goes stale."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        if not row.every_seconds or row.state == State.REMOVED:
            raise Conflict(_("It has no schedule"), hint=_("It runs only when somebody runs it."))
        row.due_at = None
        return self._at_rest(call, row)

    @action(permission=Permission.JOBS_WRITE, says=N_("resumed the materialization"))
    def resume_materialization(self, call: Call, *, materialization_id: str) -> Materialization:
        """Run a paused materialization by its schedule again, for the first time at once."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        served_version(call, row.version_id)
        row.due_at = call.now if row.every_seconds else None
        return self._at_rest(call, row)

    @action(permission=Permission.READ, reads=True)
    def list_materializations(
        self, call: Call, *, version_id: str = "", project: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Materialization]:
        """List materializations, the newest first."""
        if version_id:
            call.may_reach(version_id)
        filters = conditions(call, MaterializationRow, project=project, version_id=version_id)
        return batch_of(
            call.session,
            MaterializationRow,
            where=filters,
            order=(col(MaterializationRow.created_at).desc(), col(MaterializationRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=lambda rows: materializations_of(call, rows, sources=self._sources),
        )

    @action(permission=Permission.READ, reads=True)
    def get_materialization(self, call: Call, *, materialization_id: str) -> Materialization:
        """Show a materialization: how far it is, when it is due, and why its last run failed if it did."""
        call.may_reach(materialization_id)
        return self._value(call, materialization_row(call, materialization_id))

    @action(permission=Permission.READ, reads=True)
    def list_parts(
        self, call: Call, *, materialization_id: str, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[MaterializedPart]:
        """List the days of event time whose rows a materialization has computed, the newest first."""
        call.may_reach(materialization_id)
        row = materialization_row(call, materialization_id)
        return page_of(
            call.session,
            MaterializedPartRow,
            where=(col(MaterializedPartRow.materialization_id) == row.id,),
            order=(col(MaterializedPartRow.partition).desc(),),
            offset=offset,
            limit=limit,
            convert=lambda part: MaterializedPart(day=part.partition, **part.model_dump(include=OF_A_PART)),
        )

    @action(permission=Permission.READ, reads=True)
    def get_online(
        self, call: Call, *, version_id: str, keys: Keys, at: AwareDatetime | None = None
    ) -> tuple[OnlineAnswer, ...]:
        """Look keys up in the online store, as model servers do. `at` decides what has outlived its ttl; it is now
        unless said otherwise."""
        call.may_reach(version_id)
        version = find_version(call, version_id)
        wanted = [_key(version, key) for key in keys]
        answers = self.live_store.store.get(live_view(version), wanted, at_us=microseconds(at or call.now))
        names = [feature.name for feature in version.features]
        return tuple(
            OnlineAnswer(
                status=answer.status,
                values=dict(zip(names, answer.values, strict=True)),
                event_time=moment_of(answer.event_us),
                created_time=moment_of(answer.created_us),
            )
            for answer in answers
        )

    @action(permission=Permission.SYSTEM, reads=True)
    def due_materializations(self, call: Call) -> tuple[DueMaterialization, ...]:
        """The materializations that are due and not running, but for those of views that were put away, and those of
        retired or discarded versions."""
        call.unscoped()
        given_up = select(FeatureVersionRow.id).where(col(FeatureVersionRow.state).in_(GIVEN_UP))
        is_left = col(MaterializationRow.version_id).in_(given_up)
        in_use = select(FeatureVersionRow.id).where(are_kept(FeatureVersionRow.view_id, kind=Kind.FEATURE_VIEW))
        is_due = and_(col(MaterializationRow.due_at) <= call.now, col(MaterializationRow.version_id).in_(in_use))
        at_rest = col(MaterializationRow.state).not_in((State.RUNNING, State.REMOVED))
        rows = select(MaterializationRow).where(at_rest, or_(is_due, is_left)).order_by(MaterializationRow.id)
        return tuple(self._due(call, row) for row in call.session.exec(rows).all())

    @action(permission=Permission.SYSTEM, says=N_("started the materialization, on schedule"))
    def start_due(self, call: Call, *, materialization_id: str) -> None:
        """Run a materialization that is due; whatever was missed meanwhile is made up by this one run."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        if row.state != State.RUNNING and row.due_at is not None and row.due_at <= call.now:
            row.due_at = next_due(row, now=call.now)
            self.runs.start(call, row)

    @action(permission=Permission.SYSTEM, says=N_("could not start the materialization"))
    def note_refusal(self, call: Call, *, materialization_id: str, cause: str) -> None:
        """A run that could not be started: recorded, and tried again at the next due time."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        row.due_at = next_due(row, now=call.now)
        self.runs.fail(call, row, cause=cause)

    @action(permission=Permission.SYSTEM, says=N_("paused the materialization"))
    def note_removal(self, call: Call, *, materialization_id: str) -> None:
        """The rows of a version that was given up are gone from the store."""
        call.may_reach(materialization_id)
        call.about(materialization_id)
        row = materialization_row(call, materialization_id)
        row.state, row.due_at, row.keys, row.as_of = State.REMOVED, None, 0, None
        call.session.add(row)
        call.update(row.id, state=row.state)

    def missing_for(self, call: Call, contract: FeatureContract) -> tuple[MissingOnline, ...]:
        """The versions that a contract looks up and of which the live store has no rows."""
        return missing_online(call, contract)

    def _value(self, call: Call, row: MaterializationRow) -> Materialization:
        return materializations_of(call, [row], sources=self._sources)[0]

    def _due(self, call: Call, row: MaterializationRow) -> DueMaterialization:
        is_given_up = find_version(call, row.version_id).state in GIVEN_UP
        view_to_clear = unshared_rows(call, row) if is_given_up else None
        return DueMaterialization(id=row.id, is_given_up=is_given_up, view_to_clear=view_to_clear)

    def _at_rest(self, call: Call, row: MaterializationRow) -> Materialization:
        row.state = row.state if row.state == State.RUNNING else resting(row)
        call.session.add(row)
        call.update(row.id, state=row.state)
        return self._value(call, row)


def _key(version: FeatureVersion, given: dict[str, Any]) -> tuple[Any, ...]:
    """A key in the version's order. Invalid when its names are others."""
    if given.keys() != set(version.keys):
        raise Invalid(
            _("{view} is found by {keys}").format(view=version.view, keys=", ".join(version.keys) or _("time alone")),
            hint=_("Name exactly these in every key."),
            field="keys",
        )
    if any(isinstance(part, list | dict) for part in given.values()):
        raise Invalid(_("A key is text, a whole number or true and false"), field="keys")
    return tuple(given[name] for name in version.keys)
