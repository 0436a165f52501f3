"""Feature versions: what there is to see of them, and their life from staged to retired."""

from collections.abc import Mapping
from typing import ClassVar

from core.features.normal_form import CREATED, EVENT
from core.features.tables import FeatureVersionRow
from core.features.values import FeatureVersion, Tags, VersionState
from core.features.versions.records import (
    MOST_VERSIONS,
    count_versions,
    find_version,
    joined_into,
    live_version,
    refuse_without_rows,
    values_of,
    version_of,
    version_row,
    versions_of,
    view_row,
)
from core.features.versions.states import (
    DEPRECATED,
    DISCARDED,
    PUBLISHED,
    RETIRED,
    STAGED,
    move,
    publish,
    refuse_unchecked,
)
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.errors import Conflict
from core.foundation.naming.texts import Description, Reason
from core.foundation.ports import LiveUses
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.profiles.profile import preview_file
from core.lake.values import Limit as PreviewLimit
from core.lake.values import TablePreview


class FeatureVersionService(Service):
    domain = "features"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "features.version_published": EventSpec(N_("published")),
        "features.version_staged": EventSpec(N_("built and checked")),
        "features.version_failed": EventSpec(N_("could not build")),
    }

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self._live_uses = live_uses

    @action(permission=Permission.READ, reads=True)
    def list_versions(
        self, call: Call, *, view_id: str, discarded: bool = False, offset: Offset = 0, limit: Limit = 50
    ) -> Listing[FeatureVersion]:
        """List the versions of a feature view, the newest first; those that were `discarded` too, if asked for."""
        call.may_reach(view_id)
        wanted = view_row(call, view_id).id
        rows = versions_of(call, wanted, offset=offset, limit=limit, discarded=discarded)
        total = count_versions(call, wanted, discarded=discarded)
        return Listing(items=values_of(call, rows), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_version(self, call: Call, *, version_id: str) -> FeatureVersion:
        """Show a feature version: its SQL, its sources, its features, and why it failed if it did."""
        call.may_reach(version_id)
        return find_version(call, version_id)

    @action(permission=Permission.READ, reads=True)
    def preview_version(self, call: Call, *, version_id: str, limit: PreviewLimit = 50) -> TablePreview:
        """Show the first rows of a published version."""
        call.may_reach(version_id)
        version = find_version(call, version_id)
        refuse_without_rows(version.rows_digest, version.state)
        times = [EVENT, CREATED] if version.created_time else [EVENT]
        shown = [*version.keys, *times, *(feature.name for feature in version.features)]
        preview = preview_file(self.foundation.store.verified_path(version.rows_digest), limit=limit, columns=shown)
        named = {EVENT: version.event_time, CREATED: version.created_time}
        return preview.model_copy(update={"columns": tuple(named.get(name, name) for name in preview.columns)})

    @action(permission=Permission.DATA_WRITE, says=N_("described"))
    def describe_version(
        self, call: Call, *, version_id: str, description: Description | None = None, tags: Tags | None = None
    ) -> FeatureVersion:
        """Change the description and tags of a version. It stays the same version."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        row.description = row.description if description is None else description
        row.tags = row.tags if tags is None else list(tags)
        call.session.add(row)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, says=N_("published"))
    def publish_version(self, call: Call, *, version_id: str, accept: Description = "") -> FeatureVersion:
        """Publish a staged version, and point the alias of its view at it; or undo its deprecation.

        With a failed check it is refused. Where a check was inconclusive, `accept` says why it may be published."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        if row.state == DEPRECATED:
            move(call, row, to=PUBLISHED)
            row.reason = ""
            return version_of(call, row)
        unsure = row.state == STAGED and refuse_unchecked(row, accept=accept)
        publish(call, row, by=call.actor.person_id, reason=accept or _("Published."))
        if unsure:
            row.notes = [*row.notes, _("Published although a check was inconclusive: {why}").format(why=accept)]
            call.note(accept=accept)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, says=N_("deprecated"))
    def deprecate_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Deprecate a version: no new training set may use it, and existing uses continue."""
        call.may_reach(version_id, even_put_away=True)
        call.about(version_id)
        return self._leave(call, version_row(call, version_id), to=DEPRECATED, reason=reason)

    @action(permission=Permission.FEATURE_SQL, says=N_("retired"))
    def retire_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Retire a deprecated version for good. Refused while something live needs it."""
        call.may_reach(version_id, even_put_away=True)
        call.about(version_id)
        row = version_row(call, version_id)
        self._refuse_needed(call, row)
        return self._leave(call, row, to=RETIRED, reason=reason)

    @action(permission=Permission.FEATURE_SQL, says=N_("discarded"))
    def discard_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Discard a version before it is published: a draft, one that failed or one that is staged. It leaves the
        lists, and its number is not used again. Refused once a training set was made with it."""
        call.may_reach(version_id, even_put_away=True)
        call.about(version_id)
        row = version_row(call, version_id)
        self._refuse_pinned(call, row)
        if joined := joined_into(call, row.id):
            raise Conflict(
                _("Training sets were made with it: {named}").format(named=", ".join(joined)),
                hint=_("Publish it and deprecate it then: they keep it."),
            )
        return self._leave(call, row, to=DISCARDED, reason=reason)

    def _leave(self, call: Call, row: FeatureVersionRow, *, to: VersionState, reason: str) -> FeatureVersion:
        """Out of use, with the reason beside the version and in the audit log."""
        move(call, row, to=to)
        row.reason = reason
        call.note(reason=reason)
        return version_of(call, row)

    def _refuse_pinned(self, call: Call, row: FeatureVersionRow) -> None:
        if pins := self._live_uses.of(call.session, row.id):
            named = "; ".join(
                _("{endpoint} ({role}: {version}, {id})").format(
                    endpoint=pin.endpoint, role=pin.role, version=pin.version, id=pin.version_id
                )
                for pin in pins
            )
            raise Conflict(
                _("Something live needs it: {named}").format(named=named),
                hint=_("Let those endpoints serve another model version first."),
            )

    def _refuse_needed(self, call: Call, row: FeatureVersionRow) -> None:
        """Conflict while an endpoint needs the version, or while people get it by the name of its view though another
        could take its place."""
        self._refuse_pinned(call, row)
        rest = versions_of(call, row.view_id, limit=MOST_VERSIONS)
        others = [other for other in rest if other.id != row.id and other.state == PUBLISHED]
        if others and live_version(call, row.view_id) == row.id:
            raise Conflict(
                _("The alias of its view points at it"), hint=_("Point it at version {n}.").format(n=others[0].version)
            )
