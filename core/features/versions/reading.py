"""Feature views, and what there is to see of their versions."""

from typing import Annotated

from pydantic import Field
from sqlmodel import func, select

from core.features.normal_form import CREATED, EVENT
from core.features.tables import FeatureViewRow
from core.features.values import ColumnName, Description, FeatureVersion, FeatureView, Tags, ViewName
from core.features.versions.records import count_versions, version_of, version_row, versions_of, view_of, view_row
from core.features.versions.shared import FeatureParts, check_made
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.text import N_, _
from core.foundation.validation import shaped
from core.foundation.values import Listing
from core.identity.people import find_person
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.profiles.profile import preview_file
from core.lake.values import ColumnProfile, TablePreview
from core.lake.values import Limit as PreviewLimit

Entity = Annotated[
    str,
    shaped(
        r"^[a-z][a-z0-9_ -]{1,59}$",
        allowed=N_("lower-case letters, digits, spaces, hyphens and underscores, beginning with a letter"),
        example="customer",
    ),
]
Keys = Annotated[tuple[ColumnName, ...], Field(max_length=8)]


class VersionActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.DATA_WRITE, says=N_("created the feature view"))
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
        call.may_reach_project(project)
        taken = select(FeatureViewRow).where(FeatureViewRow.project == project, FeatureViewRow.name == name)
        if call.session.exec(taken).first():
            raise Conflict(_("There is a feature view called {name}").format(name=name), hint=_("Choose another name."))
        view_id = call.create(Kind.FEATURE_VIEW, project=project, title=name, state="empty")
        call.about(view_id)
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

    @action(permission=Permission.DATA_WRITE, says=N_("described"))
    def describe_view(
        self,
        call: Call,
        *,
        view_id: str,
        description: Description | None = None,
        owner: str | None = None,
        tags: Tags | None = None,
    ) -> FeatureView:
        """Change what is said about a feature view, who owns it, and its tags."""
        call.may_reach(view_id)
        call.about(view_id)
        row = view_row(call, view_id)
        row.description = row.description if description is None else description
        row.owner = row.owner if owner is None else find_person(call.session, owner).id
        row.tags = row.tags if tags is None else list(tags)
        call.session.add(row)
        call.update(view_id, owner=row.owner)
        return view_of(call, row)

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
        call.may_reach(view_id)
        return view_of(call, view_row(call, view_id))

    @action(permission=Permission.READ, reads=True)
    def list_versions(
        self, call: Call, *, view_id: str, discarded: bool = False, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[FeatureVersion]:
        """List the versions of a feature view, the newest first; those that were `discarded` too, if asked for."""
        call.may_reach(view_id)
        wanted = view_row(call, view_id).id
        rows = versions_of(call, wanted, offset=offset, limit=limit, discarded=discarded)
        total = count_versions(call, wanted, discarded=discarded)
        return Listing(items=tuple(version_of(call, row) for row in rows), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_version(self, call: Call, *, version_id: str) -> FeatureVersion:
        """Show a feature version: its SQL, its sources, its features, and why it failed if it did."""
        call.may_reach(version_id)
        return self.version(call, version_id)

    @action(permission=Permission.READ, reads=True)
    def preview_version(self, call: Call, *, version_id: str, limit: PreviewLimit = 50) -> TablePreview:
        """Show the first rows of a published version."""
        call.may_reach(version_id)
        version = self.version(call, version_id)
        check_made(version.rows_digest, version.state)
        times = [EVENT, CREATED] if version.created_time else [EVENT]
        shown = [*version.keys, *times, *(feature.name for feature in version.features)]
        preview = preview_file(self.foundation.store.verified_path(version.rows_digest), limit=limit, columns=shown)
        named = {EVENT: version.event_time, CREATED: version.created_time}
        return preview.model_copy(update={"columns": tuple(named.get(name, name) for name in preview.columns)})

    @action(permission=Permission.READ, reads=True)
    def statistics(self, call: Call, *, version_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every feature of a version."""
        call.may_reach(version_id)
        return tuple(ColumnProfile.model_validate(item) for item in version_row(call, version_id).statistics)
