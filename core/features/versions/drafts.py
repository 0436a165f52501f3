"""Writing feature versions: drafts, and the jobs that build them. What people write runs in jobs, never here."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from core.compute.service import ComputeService
from core.features.logic.definition import Logic, meaning_of
from core.features.logic.revisions import refuse_outdated
from core.features.sandboxed_job import fitted
from core.features.tables import FeatureVersionRow, FeatureViewRow
from core.features.values import (
    ColumnName,
    Columns,
    DraftSources,
    FeatureVersion,
    LogicPreview,
    OptionalColumn,
    Python,
    Seconds,
    Sources,
    Sql,
    Tags,
    Until,
    VersionState,
    VersionTests,
)
from core.features.versions.job_specs import build_job, build_job_spec, source_inputs
from core.features.versions.previewing import preview
from core.features.versions.records import MOST_VERSIONS, newest_number, version_of, version_row, versions_of, view_row
from core.features.versions.sources import SourceSnapshots, link_sources
from core.features.versions.states import BUILDING, DRAFT, FAILED, move
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.foundation.naming.texts import Description
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.values import Snapshot

CreatedTime = Annotated[str, StringConstraints(max_length=60)]
Revision = Annotated[str, StringConstraints(max_length=64)]
NO_TESTS = VersionTests()


class FeatureDraftService(Service):
    domain = "features"

    def __init__(self, foundation: Foundation, *, sources: SourceSnapshots, compute: ComputeService) -> None:
        super().__init__(foundation)
        self._sources, self._compute = sources, compute

    @action(permission=Permission.FEATURE_SQL, says=N_("wrote the feature version"))
    def create_version(
        self,
        call: Call,
        *,
        view_id: str,
        sql: Sql = "",
        python: Python = "",
        sources: DraftSources,
        event_time: OptionalColumn,
        created_time: CreatedTime = "",
        ttl_seconds: Seconds = 0,
        delay_seconds: Seconds = 0,
        lookback_seconds: Seconds = 0,
        categories: Columns = (),
        numbers: Columns = (),
        tests: VersionTests = NO_TESTS,
        tags: Tags = (),
        description: Description = "",
        until: Until = "published",
    ) -> FeatureVersion:
        """Create a version of a feature view: SQL, pandas or both over named snapshots, built by a job.

        `sources` maps the names of tables in the logic to snapshots. `event_time` names the column with the time from
        which a row is true, `created_time` the one with the time at which it was written, if there is one. A row older
        than `ttl_seconds` answers nothing; `delay_seconds` is how long a row takes to arrive, `lookback_seconds` how
        far back the rows lie that it is computed from (0: anywhere). Without `categories` and `numbers` every other
        column is a feature, text and truth values as categories. `until` says how far it goes by itself: a draft, which
        may be wrong and lack its sources and event time, built and checked, or published when every check passes."""
        call.may_reach(view_id)
        logic = Logic(
            sql=sql,
            python=python,
            sources=sources,
            event_time=event_time,
            created_time=created_time,
            ttl_seconds=ttl_seconds,
            delay_seconds=delay_seconds,
            lookback_seconds=lookback_seconds,
            categories=categories,
            numbers=numbers,
            tests=tests,
        )
        row = self._new(call, view_id, logic, description=description, tags=tags)
        call.about(row.id)
        if until != DRAFT:
            self._build(call, row, until)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, says=N_("changed the draft"))
    def edit_draft(
        self,
        call: Call,
        *,
        version_id: str,
        sql: Sql = "",
        python: Python = "",
        sources: DraftSources,
        event_time: OptionalColumn,
        created_time: CreatedTime = "",
        ttl_seconds: Seconds = 0,
        delay_seconds: Seconds = 0,
        lookback_seconds: Seconds = 0,
        categories: Columns = (),
        numbers: Columns = (),
        tests: VersionTests = NO_TESTS,
        tags: Tags = (),
        description: Description = "",
        expected: Revision = "",
    ) -> FeatureVersion:
        """Change a draft: its whole definition becomes what is sent now. A version that failed becomes a draft again.

        `expected` is the revision that the change began with: refused when somebody has saved another one since.
        Without it the change is made whatever the draft says."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        refuse_outdated(call, row, expected=expected)
        if row.state != DRAFT:
            move(call, row, to=DRAFT)
        logic = Logic(
            sql=sql,
            python=python,
            sources=sources,
            event_time=event_time,
            created_time=created_time,
            ttl_seconds=ttl_seconds,
            delay_seconds=delay_seconds,
            lookback_seconds=lookback_seconds,
            categories=categories,
            numbers=numbers,
            tests=tests,
        )
        self._sources.usable(call, sources, project=view_row(call, row.view_id).project)
        logic.write(row)
        row.description, row.tags, row.cause = description, list(tags), ""
        call.session.add(row)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, says=N_("built"))
    def build_version(self, call: Call, *, version_id: str, until: Until = "staged") -> FeatureVersion:
        """Build a draft, or one that failed once more: its logic runs and its checks are made."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        self._build(call, row, until)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def preview_logic(
        self,
        call: Call,
        *,
        view_id: str,
        sql: Sql = "",
        python: Python = "",
        sources: Sources,
        event_time: ColumnName,
        created_time: CreatedTime = "",
        ttl_seconds: Seconds = 0,
        delay_seconds: Seconds = 0,
        lookback_seconds: Seconds = 0,
        categories: Columns = (),
        numbers: Columns = (),
        tests: VersionTests = NO_TESTS,
    ) -> LogicPreview:
        """Try logic out on the latest rows of a few keys: its newest rows, its features, its checks, and whether SQL
        and pandas agree. Takes at most ten seconds; nothing is kept."""
        call.may_reach(view_id)
        logic = Logic(
            sql=sql,
            python=python,
            sources=sources,
            event_time=event_time,
            created_time=created_time,
            ttl_seconds=ttl_seconds,
            delay_seconds=delay_seconds,
            lookback_seconds=lookback_seconds,
            categories=categories,
            numbers=numbers,
            tests=tests,
        )
        logic.check()
        return self._preview(call, view_id, logic)

    def _preview(self, call: Call, view_id: str, logic: Logic) -> LogicPreview:
        view = view_row(call, view_id)
        snapshots = self._sources.usable(call, logic.sources, project=view.project)
        job_spec = build_job_spec(
            logic,
            view=view.name,
            keys=view.keys,
            snapshots=snapshots,
            categories=logic.categories,
            numbers=logic.numbers,
        )
        store = self.foundation.store
        inputs = {name: store.verified_path(digest) for name, digest in source_inputs(snapshots).items()}
        # What is slow now needs no database: its connection goes back meanwhile.
        call.session.close()
        return preview(job_spec, inputs=inputs, sandboxed=self.foundation.settings.user_code == "caged")

    def _new(
        self, call: Call, view_id: str, logic: Logic, *, description: str, tags: tuple[str, ...]
    ) -> FeatureVersionRow:
        """A draft. Its sources are known to belong to its project."""
        view = view_row(call, view_id)
        self._sources.usable(call, logic.sources, project=view.project)
        row = FeatureVersionRow(
            id="",
            view_id=view_id,
            version=newest_number(call, view_id) + 1,
            state=DRAFT,
            **logic.model_dump(mode="json"),
            description=description,
            tags=list(tags),
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        names = {"title": f"{view.entry.title} v{row.version}", "name": f"{view.name} v{row.version}"}
        row.id = call.create(Kind.FEATURE_VERSION, project=view.project, state=row.state, **names)
        call.session.add(row)
        call.link(view.id, row.id, "has")
        return row

    def _build(self, call: Call, row: FeatureVersionRow, until: Until) -> None:
        """Gives a version its job."""
        view = view_row(call, row.view_id)
        snapshots = self._sources.usable(call, row.sources, project=view.project)
        Logic.model_validate(row.model_dump(include=set(Logic.model_fields))).check()
        self._refuse_twice(call, row, view)
        move(call, row, to=BUILDING)
        row.until, row.cause, row.created_by = until, "", call.actor.person_id
        self._submit(call, row, view, snapshots)
        call.update(view.id, state="ready")

    def _submit(
        self, call: Call, row: FeatureVersionRow, view: FeatureViewRow, snapshots: Mapping[str, Snapshot]
    ) -> None:
        job_spec = build_job_spec(
            row,
            view=view.name,
            keys=view.keys,
            snapshots=snapshots,
            categories=row.categories,
            numbers=row.numbers,
        )
        title = f"{view.name} v{row.version}"
        work = build_job(job_spec, project=view.project, title=title, subject=row.id, snapshots=snapshots)
        row.job_id = self._compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        link_sources(call, row.id, snapshots)

    def _refuse_twice(self, call: Call, row: FeatureVersionRow, view: FeatureViewRow) -> None:
        """Conflict when another version of the view is the same in all that decides values, and is judged alike."""
        built_states = [version for version in VersionState if version not in (DRAFT, FAILED)]
        for other in versions_of(call, view.id, limit=MOST_VERSIONS):
            if other.id != row.id and other.state in built_states and self._alike(call, row, other, view):
                raise Conflict(
                    _("{view} v{version} is exactly this").format(view=view.name, version=other.version),
                    hint=_("It is {id}, {state}. Use it, or change what decides values.").format(
                        id=other.id, state=other.state
                    ),
                )

    def _alike(self, call: Call, row: FeatureVersionRow, other: FeatureVersionRow, view: FeatureViewRow) -> bool:
        # Snapshots are compared by their content, and only for versions whose text is the same.
        names = ("sql", "python", "tests", "categories", "numbers", "event_time")
        if any(getattr(row, name) != getattr(other, name) for name in names):
            return False
        meanings = [
            meaning_of(version, keys=view.keys, sources=self._sources.digests(call, version.sources))
            for version in (row, other)
        ]
        return bool(meanings[0] == meanings[1])
