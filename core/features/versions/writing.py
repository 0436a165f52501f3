"""Writing feature versions: drafts, and the jobs that build them. What people write runs in jobs, never here."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from core.features.logic.definition import Logic, meaning_of
from core.features.logic.revisions import refuse_outdated
from core.features.tables import FeatureVersionRow, FeatureViewRow
from core.features.values import (
    ColumnName,
    Columns,
    Description,
    FeatureVersion,
    Python,
    Seconds,
    Sources,
    Sql,
    Tags,
    Until,
    VersionState,
    VersionTests,
)
from core.features.versions.job_specs import build_job, build_order, fitted
from core.features.versions.records import newest_number, version_of, version_row, versions_of, view_row
from core.features.versions.shared import FeatureParts
from core.features.versions.states import BUILDING, DRAFT, FAILED, move
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.values import Snapshot

CreatedTime = Annotated[str, StringConstraints(max_length=60)]
Revision = Annotated[str, StringConstraints(max_length=64)]
NO_TESTS = VersionTests()
# Further back nobody looks for a version that has the same logic.
MOST_VERSIONS = 200


class WritingActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.FEATURE_SQL, says=N_("wrote the feature version"))
    def create_version(
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
        tags: Tags = (),
        description: Description = "",
        until: Until = "published",
    ) -> FeatureVersion:
        """Create a version of a feature view: SQL, pandas or both over named snapshots, built by a job.

        `sources` maps the names of tables in the logic to snapshots. `event_time` names the column with the time from
        which a row is true, `created_time` the one with the time at which it was written, if there is one. A row older
        than `ttl_seconds` answers nothing; `delay_seconds` is how long a row takes to arrive, `lookback_seconds` how
        far back the rows lie that it is computed from (0: anywhere). Without `categories` and `numbers` every other
        column is a feature, text and truth values as categories. `until` says how far it goes by itself: a draft, built
        and checked, or published when every check passes."""
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
        sources: Sources,
        event_time: ColumnName,
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
        """Change a draft: all that it is asked for is what is sent now. A version that failed becomes a draft again.

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
        self.snapshots_of(call, sources, project=view_row(call, row.view_id).project)
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

    @action(permission=Permission.DATA_WRITE, says=N_("described"))
    def describe_version(
        self, call: Call, *, version_id: str, description: Description | None = None, tags: Tags | None = None
    ) -> FeatureVersion:
        """Change what is said about a version, and its tags. It stays the same version."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        row.description = row.description if description is None else description
        row.tags = row.tags if tags is None else list(tags)
        call.session.add(row)
        return version_of(call, row)

    def _new(
        self, call: Call, view_id: str, logic: Logic, *, description: str, tags: tuple[str, ...]
    ) -> FeatureVersionRow:
        """A draft. Its sources are known to belong to its project."""
        view = view_row(call, view_id)
        self.snapshots_of(call, logic.sources, project=view.project)
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
        title = f"{view.name} v{row.version}"
        row.id = call.create(Kind.FEATURE_VERSION, project=view.project, title=title, state=row.state)
        call.session.add(row)
        call.link(view.id, row.id, "has")
        return row

    def _build(self, call: Call, row: FeatureVersionRow, until: Until) -> None:
        """Gives a version its job."""
        view = view_row(call, row.view_id)
        snapshots = self.snapshots_of(call, row.sources, project=view.project)
        Logic.model_validate(row.model_dump(include=set(Logic.model_fields))).check()
        self._refuse_twice(call, row, view)
        move(call, row, to=BUILDING)
        row.until, row.cause, row.created_by = until, "", call.actor.person_id
        self._submit(call, row, view, snapshots)
        call.update(view.id, state="ready")

    def _submit(
        self, call: Call, row: FeatureVersionRow, view: FeatureViewRow, snapshots: Mapping[str, Snapshot]
    ) -> None:
        order = build_order(
            row,
            view=view.name,
            keys=view.keys,
            snapshots=snapshots,
            categories=row.categories,
            numbers=row.numbers,
        )
        title = f"{view.name} v{row.version}"
        work = build_job(order, project=view.project, title=title, subject=row.id, snapshots=snapshots)
        row.job_id = self.compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        self.feed(call, row.id, snapshots)

    def _refuse_twice(self, call: Call, row: FeatureVersionRow, view: FeatureViewRow) -> None:
        """Conflict when another version of the view is the same in all that decides values, and is judged alike."""
        made = [version for version in VersionState if version not in (DRAFT, FAILED)]
        for other in versions_of(call, view.id, limit=MOST_VERSIONS):
            if other.id != row.id and other.state in made and self._alike(call, row, other, view):
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
            meaning_of(each, keys=view.keys, sources=self.source_digests(call, each.sources)) for each in (row, other)
        ]
        return bool(meanings[0] == meanings[1])
