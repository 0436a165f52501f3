"""From staged to retired: publishing, the alias and going back, and what any of it would touch."""

from typing import Annotated

from pydantic import StringConstraints

from core.features.tables import FeatureVersionRow
from core.features.values import AliasStretch, FeatureVersion, FeatureView, Impact, Reason, VersionState
from core.features.versions.impact import impact_of
from core.features.versions.records import (
    joined_into,
    live_version,
    version_of,
    version_row,
    versions_of,
    view_of,
    view_row,
)
from core.features.versions.shared import FeatureParts
from core.features.versions.states import (
    DEPRECATED,
    DISCARDED,
    PUBLISHED,
    RETIRED,
    STAGED,
    before,
    move,
    point,
    publish,
    refuse_unchecked,
    stretches_of,
)
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission

MOST_VERSIONS = 200


class LifecycleActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.FEATURE_SQL, says=N_("published"))
    def publish_version(
        self, call: Call, *, version_id: str, accept: Annotated[str, StringConstraints(max_length=1000)] = ""
    ) -> FeatureVersion:
        """Publish a staged version, and point the alias of its view at it; or take back that it was deprecated.

        With a failed check it is refused. Where a check could not tell, `accept` says why it may be all the same."""
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
            row.notes = [*row.notes, _("Published although a check could not tell: {why}").format(why=accept)]
            call.note(accept=accept)
        return version_of(call, row)

    @action(permission=Permission.FEATURE_SQL, says=N_("deprecated"))
    def deprecate_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Say that a version is not for new use. What uses it goes on."""
        call.may_reach(version_id)
        call.about(version_id)
        return self._leave(call, version_row(call, version_id), to=DEPRECATED, reason=reason)

    @action(permission=Permission.FEATURE_SQL, says=N_("retired"))
    def retire_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Retire a deprecated version for good. Refused while something live needs it."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        self._refuse_needed(call, row)
        return self._leave(call, row, to=RETIRED, reason=reason)

    @action(permission=Permission.FEATURE_SQL, says=N_("discarded"))
    def discard_version(self, call: Call, *, version_id: str, reason: Reason) -> FeatureVersion:
        """Give up a version before it is published: a draft, one that failed or one that is staged. It is in lists no
        more, and its number is not given again. Refused once a training set was made with it."""
        call.may_reach(version_id)
        call.about(version_id)
        row = version_row(call, version_id)
        self._refuse_pinned(call, row)
        if joined := joined_into(call, row.id):
            raise Conflict(
                _("Training sets were made with it: {named}").format(named=", ".join(joined)),
                hint=_("Publish it and deprecate it then: they keep it."),
            )
        return self._leave(call, row, to=DISCARDED, reason=reason)

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
        point(call, row, by=call.actor.person_id, reason=reason)
        return view_of(call, view)

    @action(permission=Permission.FEATURE_SQL, says=N_("rolled back"))
    def roll_back(self, call: Call, *, view_id: str, reason: Reason) -> FeatureView:
        """Point a view's alias at the version that was live before. A deprecated one is published again by it."""
        call.may_reach(view_id)
        view = view_row(call, view_id)
        rows = [version_row(call, version_id) for version_id in before(stretches_of(call, view_id))]
        usable = [row for row in rows if row.state in (PUBLISHED, DEPRECATED)]
        if not usable:
            raise Conflict(
                _("{view} has no version to go back to").format(view=view.name),
                hint=_("Publish another version, or point the alias at one."),
            )
        if usable[0].state == DEPRECATED:
            move(call, usable[0], to=PUBLISHED)
            usable[0].reason = ""
        point(call, usable[0], by=call.actor.person_id, reason=reason)
        call.about(view_id)
        call.note(version=usable[0].id)
        return view_of(call, view)

    @action(permission=Permission.READ, reads=True)
    def alias_history(self, call: Call, *, view_id: str) -> tuple[AliasStretch, ...]:
        """Show where a view's alias pointed, the newest stretch first."""
        call.may_reach(view_id)
        return tuple(
            AliasStretch(
                **stretch.model_dump(exclude={"view_id"}), version=version_row(call, stretch.version_id).version
            )
            for stretch in stretches_of(call, view_row(call, view_id).id)
        )

    @action(permission=Permission.READ, reads=True)
    def impact(self, call: Call, *, view_id: str) -> Impact:
        """Show what uses which version of a view: training sets, runs, model versions and endpoints."""
        call.may_reach(view_id)
        versions = [row.id for row in versions_of(call, view_row(call, view_id).id, limit=MOST_VERSIONS)]
        return impact_of(call, view_id, versions=versions, pins=self.pins)

    def _leave(self, call: Call, row: FeatureVersionRow, *, to: VersionState, reason: str) -> FeatureVersion:
        """Out of use, with the reason beside the version and in the audit log."""
        move(call, row, to=to)
        row.reason = reason
        call.note(reason=reason)
        return version_of(call, row)

    def _refuse_pinned(self, call: Call, row: FeatureVersionRow) -> None:
        if pins := self.pins.of(call.session, row.id):
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
