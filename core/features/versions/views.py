"""Feature views: named groups of features of an entity, and which of their versions people get."""

from typing import Annotated

from pydantic import Field

from core.features.tables import FeatureViewRow
from core.features.values import AliasPeriod, ColumnName, FeatureView, Impact, Tags, ViewName
from core.features.versions.impact import impact_of
from core.features.versions.records import (
    MOST_VERSIONS,
    version_row,
    versions_of,
    view_of,
    view_row,
    views_of,
)
from core.features.versions.states import DEPRECATED, PUBLISHED, alias_periods_of, before, move, move_alias
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions
from core.foundation.naming.names import RENAMED, entitled, named, refuse_taken, rename
from core.foundation.naming.texts import Description, Reason
from core.foundation.naming.titles import Title
from core.foundation.objects import are_kept
from core.foundation.ports import LiveUses
from core.foundation.text import N_, _
from core.foundation.validation import shaped
from core.foundation.values import Listing
from core.identity.people import find_person
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset

Entity = Annotated[
    str,
    shaped(
        r"^[a-z][a-z0-9_ -]{1,59}$",
        allowed=N_("lower-case letters, digits, spaces, hyphens and underscores, beginning with a letter"),
        example="customer",
    ),
]
Keys = Annotated[tuple[ColumnName, ...], Field(max_length=8)]


class FeatureViewService(Service):
    domain = "features"

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self._live_uses = live_uses

    @action(permission=Permission.DATA_WRITE, says=N_("created the feature view"))
    def create_view(
        self,
        call: Call,
        *,
        project: str,
        name: ViewName | None = None,
        title: Title | None = None,
        entity: Entity,
        keys: Keys = (),
        description: Description = "",
    ) -> FeatureView:
        """Create a feature view: a named group of features of an entity, found by its keys.

        Without a name queries call it by what follows from its title."""
        call.may_reach_project(project)
        naming = named(call, Kind.FEATURE_VIEW, project=project, name=name, title=title)
        words, hint = _("There is a feature view called {name}"), _("Choose another name.")
        refuse_taken(call, Kind.FEATURE_VIEW, project=project, name=naming.name, words=words, hint=hint)
        view_id = call.create(Kind.FEATURE_VIEW, project=project, title=naming.title, name=naming.name, state="empty")
        call.about(view_id)
        row = FeatureViewRow(
            id=view_id,
            project=project,
            name=naming.name,
            entity=entity,
            keys=list(keys),
            description=description,
            owner=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        return view_of(call, row)

    @action(permission=Permission.DATA_WRITE, says=RENAMED)
    def rename_view(self, call: Call, *, view_id: str, title: Title) -> FeatureView:
        """Give a feature view another title. The name by which queries and columns call it stays."""
        call.may_reach(view_id)
        row = view_row(call, view_id)
        rename(call, view_id, title)
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
        """Change the description, owner and tags of a feature view."""
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
        self,
        call: Call,
        *,
        project: str = "",
        query: str = "",
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[FeatureView]:
        """List feature views by name."""
        filters = conditions(call, FeatureViewRow, project=project)
        filters.append(are_kept(FeatureViewRow.id, kind=Kind.FEATURE_VIEW, archived=archived))
        if query:
            filters.append(entitled(FeatureViewRow, query, kind=Kind.FEATURE_VIEW))
        return batch_of(
            call.session,
            FeatureViewRow,
            where=filters,
            order=(FeatureViewRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda rows: views_of(call, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_view(self, call: Call, *, view_id: str) -> FeatureView:
        """Show a feature view and its newest version."""
        call.may_reach(view_id)
        return view_of(call, view_row(call, view_id))

    @action(permission=Permission.FEATURE_SQL, says=N_("moved the alias of"))
    def point_alias(self, call: Call, *, view_id: str, version_id: str, reason: Reason) -> FeatureView:
        """Point a view's alias at one of its published versions: it is what people get who name no version."""
        call.may_reach(view_id)
        call.about(view_id)
        view = view_row(call, view_id)
        row = version_row(call, version_id)
        if row.view_id != view_id:
            raise Invalid(_("{id} is no version of {view}").format(id=version_id, view=view.name), field="version_id")
        if row.state != PUBLISHED:
            raise Conflict(
                _("Version {version} is {state}").format(version=row.version, state=row.state),
                hint=_("Publish it first."),
            )
        move_alias(call, row, by=call.actor.person_id, reason=reason)
        return view_of(call, view)

    @action(permission=Permission.FEATURE_SQL, says=N_("rolled back"))
    def roll_back(self, call: Call, *, view_id: str, reason: Reason) -> FeatureView:
        """Point a view's alias at the version that was live before. A deprecated one is published again by it."""
        call.may_reach(view_id)
        view = view_row(call, view_id)
        rows = [version_row(call, version_id) for version_id in before(alias_periods_of(call, view_id))]
        usable = [row for row in rows if row.state in (PUBLISHED, DEPRECATED)]
        if not usable:
            raise Conflict(
                _("{view} has no version to go back to").format(view=view.name),
                hint=_("Publish another version, or point the alias at one."),
            )
        if usable[0].state == DEPRECATED:
            move(call, usable[0], to=PUBLISHED)
            usable[0].reason = ""
        move_alias(call, usable[0], by=call.actor.person_id, reason=reason)
        call.about(view_id)
        call.note(version=usable[0].id)
        return view_of(call, view)

    @action(permission=Permission.READ, reads=True)
    def alias_history(self, call: Call, *, view_id: str) -> tuple[AliasPeriod, ...]:
        """Show where a view's alias pointed, the newest period first."""
        call.may_reach(view_id)
        return tuple(
            AliasPeriod(**period.model_dump(exclude={"view_id"}), version=version_row(call, period.version_id).version)
            for period in alias_periods_of(call, view_row(call, view_id).id)
        )

    @action(permission=Permission.READ, reads=True)
    def impact(self, call: Call, *, view_id: str) -> Impact:
        """Show what uses which version of a view: training sets, runs, model versions and endpoints."""
        call.may_reach(view_id)
        versions = [row.id for row in versions_of(call, view_row(call, view_id).id, limit=MOST_VERSIONS)]
        return impact_of(call, view_id, versions=versions, live_uses=self._live_uses)
