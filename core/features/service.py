"""Feature views, versions and training sets. What people write in SQL runs in jobs, never here."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlmodel import col, func, select

from core.compute import ComputeService
from core.features.duckdb_rows import CREATED, EVENT
from core.features.ordering import build_job, build_order, fitted, join_job, join_order
from core.features.records import (
    JOINED_INTO,
    training_set_of,
    training_set_row,
    version_of,
    version_row,
    versions_of,
    view_of,
    view_row,
)
from core.features.tables import FeatureVersionRow, FeatureViewRow, TrainingSetRow
from core.features.values import (
    ColumnName,
    Columns,
    EntityQuery,
    FeatureVersion,
    FeatureView,
    Seconds,
    Sources,
    Split,
    Sql,
    TrainingSet,
    TrainingSetState,
    VersionState,
    ViewName,
    ViewUse,
)
from core.foundation.actions import Call, Foundation, Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake import ColumnProfile, LakeService, Snapshot, TablePreview
from core.lake.profile import preview_file
from core.lake.values import Limit as PreviewLimit
from core.requirements import RequirementService

Description = Annotated[str, StringConstraints(max_length=4000)]
Entity = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_ -]{1,59}$")]
Keys = Annotated[tuple[ColumnName, ...], Field(max_length=8)]
Uses = Annotated[tuple[ViewUse, ...], Field(max_length=40)]
Splits = Annotated[tuple[Split, ...], Field(min_length=1, max_length=20)]


class FeatureService(Service):
    domain = "features"

    def __init__(
        self, foundation: Foundation, *, lake: LakeService, compute: ComputeService, requirements: RequirementService
    ) -> None:
        super().__init__(foundation)
        self.lake, self.compute, self.requirements = lake, compute, requirements

    @action(permission=Permission.DATA_WRITE)
    def create_view(
        self,
        call: Call,
        *,
        project: str,
        name: ViewName,
        entity: Entity,
        keys: Keys = (),
        description: Description = "",
    ) -> FeatureView:
        """Create a feature view: a named group of features of an entity, found by its keys."""
        call.in_project(project)
        taken = select(FeatureViewRow).where(FeatureViewRow.project == project, FeatureViewRow.name == name)
        if call.session.exec(taken).first():
            raise Conflict(_("There is a feature view called {name}").format(name=name), hint=_("Choose another name."))
        view_id = call.create(Kind.FEATURE_VIEW, project=project, title=name, state="empty")
        row = FeatureViewRow(
            id=view_id,
            project=project,
            name=name,
            entity=entity,
            keys=list(keys),
            description=description,
            owner=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        return view_of(call, row)

    @action(permission=Permission.FEATURE_SQL)
    def create_version(
        self,
        call: Call,
        *,
        view_id: str,
        sql: Sql,
        sources: Sources,
        event_time: ColumnName,
        created_time: Annotated[str, StringConstraints(max_length=60)] = "",
        ttl_seconds: Seconds = 0,
        delay_seconds: Seconds = 0,
        categories: Columns = (),
        numbers: Columns = (),
        description: Description = "",
    ) -> FeatureVersion:
        """Create a version of a feature view: SQL over named snapshots, built by a job.

        `sources` maps the names of tables in the SQL to snapshots. `event_time` names the column with the time from
        which a row is true, `created_time` the one with the time at which it was written, if there is one. A row older
        than `ttl_seconds` answers nothing; `delay_seconds` is how long a row takes to arrive. Without `categories` and
        `numbers` every other column is a feature, text and truth values as categories."""
        call.within(view_id)
        view = view_row(call, view_id)
        newest = versions_of(call, view_id)
        row = FeatureVersionRow(
            id="",
            view_id=view_id,
            version=newest[0].version + 1 if newest else 1,
            state=VersionState.BUILDING,
            sql=sql,
            sources=dict(sources),
            event_time=event_time,
            created_time=created_time,
            ttl_seconds=ttl_seconds,
            delay_seconds=delay_seconds,
            description=description,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        self._build(call, row, view, categories, numbers)
        return version_of(call, row)

    @action(permission=Permission.READ, reads=True)
    def list_views(
        self, call: Call, *, project: str = "", query: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[FeatureView]:
        """List feature views by name."""
        kept = conditions(call, FeatureViewRow, project=project)
        if query:
            kept.append(func.lower(FeatureViewRow.name).contains(query.lower(), autoescape=True))
        return page_of(
            call.session,
            FeatureViewRow,
            where=kept,
            order=(FeatureViewRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda row: view_of(call, row),
        )

    @action(permission=Permission.READ, reads=True)
    def get_view(self, call: Call, *, view_id: str) -> FeatureView:
        """Show a feature view and its newest version."""
        call.within(view_id)
        return view_of(call, view_row(call, view_id))

    @action(permission=Permission.READ, reads=True)
    def list_versions(
        self, call: Call, *, view_id: str, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[FeatureVersion]:
        """List the versions of a feature view, the newest first."""
        call.within(view_id)
        view = view_of(call, view_row(call, view_id))
        items = tuple(version_of(call, row) for row in versions_of(call, view_id, offset=offset, limit=limit))
        return Listing(items=items, total=view.versions, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_version(self, call: Call, *, version_id: str) -> FeatureVersion:
        """Show a feature version: its SQL, its sources, its features, and why it failed if it did."""
        call.within(version_id)
        return self.version(call, version_id)

    @action(permission=Permission.READ, reads=True)
    def preview_version(self, call: Call, *, version_id: str, limit: PreviewLimit = 50) -> TablePreview:
        """Show the first rows of a published version."""
        call.within(version_id)
        version = self.version(call, version_id)
        _check_made(version.rows_digest, version.state)
        times = [EVENT, CREATED] if version.created_time else [EVENT]
        shown = [*version.keys, *times, *(feature.name for feature in version.features)]
        preview = preview_file(self.foundation.store.verified_path(version.rows_digest), limit=limit, columns=shown)
        named = {EVENT: version.event_time, CREATED: version.created_time}
        return preview.model_copy(update={"columns": tuple(named.get(name, name) for name in preview.columns)})

    @action(permission=Permission.READ, reads=True)
    def statistics(self, call: Call, *, version_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every feature of a version."""
        call.within(version_id)
        return tuple(ColumnProfile.model_validate(item) for item in version_row(call, version_id).statistics)

    @action(permission=Permission.FEATURE_SQL)
    def create_training_set(
        self,
        call: Call,
        *,
        project: str,
        name: ViewName,
        entity: EntityQuery,
        uses: Uses = (),
        splits: Splits,
        known_at: bool = True,
        requirement_id: str = "",
    ) -> TrainingSet:
        """Create a training set: entity rows, joined with what was known at each of them, split by time.

        With `known_at` a value counts from when it was written; without it late rows and corrections count from their
        event time, and the set is refused where that would use them too early."""
        call.in_project(project)
        row = TrainingSetRow(
            id="",
            project=project,
            name=name,
            state=TrainingSetState.BUILDING,
            entity=entity.model_dump(mode="json"),
            uses=[use.model_dump(mode="json") for use in uses],
            asked=[split.model_dump(mode="json") for split in splits],
            known_at=known_at,
            requirement_id=requirement_id,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        self._join(call, row, entity, uses, splits)
        return training_set_of(row)

    @action(permission=Permission.READ, reads=True)
    def get_training_set(self, call: Call, *, training_set_id: str) -> TrainingSet:
        """Show a training set: its splits, its contract, and the leaks that were found."""
        call.within(training_set_id)
        return self.training_set(call, training_set_id)

    @action(permission=Permission.READ, reads=True)
    def list_training_sets(
        self, call: Call, *, project: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[TrainingSet]:
        """List training sets, the newest first."""
        kept = conditions(call, TrainingSetRow, project=project)
        return page_of(
            call.session,
            TrainingSetRow,
            where=kept,
            order=(col(TrainingSetRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=training_set_of,
        )

    @action(permission=Permission.READ, reads=True)
    def preview_training_set(
        self, call: Call, *, training_set_id: str, split: str, limit: PreviewLimit = 50
    ) -> TablePreview:
        """Show the first rows of a split."""
        call.within(training_set_id)
        found = self.training_set(call, training_set_id)
        digests = {item.name: item.digest for item in found.splits}
        _check_made("made" if digests else "", found.state)
        if split not in digests:
            raise Invalid(
                _("There is no split {name}").format(name=repr(split[:60])),
                hint=_("There are: {names}.").format(names=", ".join(digests)),
                field="split",
            )
        return preview_file(self.foundation.store.verified_path(digests[split]), limit=limit)

    def training_set(self, call: Call, training_set_id: str) -> TrainingSet:
        """A training set as it is in the caller's transaction; the caller has checked that it may be read."""
        return training_set_of(training_set_row(call, training_set_id))

    def version(self, call: Call, version_id: str) -> FeatureVersion:
        """A feature version as it is in the caller's transaction; the caller has checked that it may be read."""
        return version_of(call, version_row(call, version_id))

    def source_digests(self, call: Call, sources: Mapping[str, str]) -> dict[str, str]:
        """The digest of every snapshot that SQL reads, by the name it calls it."""
        return {name: self.lake.snapshot(call, id_).digest for name, id_ in sorted(sources.items())}

    def _build(
        self, call: Call, row: FeatureVersionRow, view: FeatureViewRow, categories: Columns, numbers: Columns
    ) -> None:
        """Gives a new version its id and its job."""
        snapshots = self._snapshots(call, row.sources, project=view.project)
        order = build_order(
            row, view=view.name, keys=view.keys, snapshots=snapshots, categories=categories, numbers=numbers
        )
        title = f"{view.name} v{row.version}"
        row.id = call.create(Kind.FEATURE_VERSION, project=view.project, title=title, state=row.state)
        work = build_job(order, project=view.project, title=title, subject=row.id, snapshots=snapshots)
        row.job_id = self.compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        call.link(view.id, row.id, "has")
        call.update(view.id, state="ready")
        self._feed(call, row.id, snapshots)

    def _join(
        self, call: Call, row: TrainingSetRow, entity: EntityQuery, uses: Sequence[ViewUse], splits: Sequence[Split]
    ) -> None:
        """Gives a new training set its id and its job."""
        snapshots = self._snapshots(call, entity.sources, project=row.project)
        used = [(use, self._used(call, use, project=row.project)) for use in uses]
        order = join_order(entity, snapshots=snapshots, uses=used, splits=splits, known_at=row.known_at)
        row.id = call.create(Kind.TRAINING_SET, project=row.project, title=row.name, state=row.state)
        work = join_job(order, project=row.project, title=row.name, subject=row.id, snapshots=snapshots)
        row.job_id = self.compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        self._feed(call, row.id, snapshots)
        for _use, version in used:
            call.link(version.id, row.id, JOINED_INTO)
        self._answer(call, row)

    def _snapshots(self, call: Call, sources: Mapping[str, str], *, project: str) -> dict[str, Snapshot]:
        """The snapshots that SQL may read, by the names it calls them."""
        return {name: self.lake.snapshot(call, _of(call, id_, project)) for name, id_ in sources.items()}

    def _used(self, call: Call, use: ViewUse, *, project: str) -> FeatureVersion:
        return self.version(call, _of(call, use.version_id, project))

    def _feed(self, call: Call, target: str, snapshots: Mapping[str, Snapshot]) -> None:
        for snapshot in snapshots.values():
            call.link(snapshot.id, target, "feeds")

    def _answer(self, call: Call, row: TrainingSetRow) -> None:
        """The requirement that a training set is made for, where there is one."""
        if row.requirement_id:
            self.requirements.requirement(call, _of(call, row.requirement_id, row.project))
            call.link(row.requirement_id, row.id, "asks for")


def _of(call: Call, object_id: str, project: str) -> str:
    """The id, once the caller may read the object and it belongs to the project: what is made of it must not show it
    to other people."""
    subject = call.subject
    if call.within(object_id).project != project:
        raise Invalid(_("{id} belongs to another project").format(id=object_id), hint=_("Import it into this project."))
    call.subject = subject
    return object_id


def _check_made(made: str, state: str) -> None:
    if not made:
        raise Conflict(_("There are no rows to show: it is {state}").format(state=state))
