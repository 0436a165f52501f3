"""What people learn about features before they rely on them."""

import logging
from datetime import datetime

from pydantic import AwareDatetime

from core.features.catalog.drift import (
    DriftResult,
    DriftResults,
    begin_before,
    drift_since_training,
    end_after,
    result_of,
)
from core.features.catalog.freshness import freshness_of
from core.features.catalog.known_rows import newest_known_event
from core.features.catalog.learned_from import unmeasured
from core.features.catalog.statistics_queries import Rows, distances_of, windows_of
from core.features.catalog.usage import dead_of, usage_of
from core.features.catalog.values import (
    DeadFeature,
    FeatureDrift,
    FeatureUsage,
    FeatureWindow,
    Freshness,
    UnmeasuredDrift,
    Window,
)
from core.features.training_sets.records import find_training_set
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureVersion
from core.features.versions.records import find_version, refuse_without_rows, version_row
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Invalid, PortalError
from core.foundation.ports import LiveUses
from core.foundation.text import _
from core.identity.permissions import Permission
from core.identity.service import Limit
from core.lake.values import ColumnProfile

logger = logging.getLogger(__name__)


class FeatureStatisticsService(Service):
    domain = "features"

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self._live_uses = live_uses
        self._results = DriftResults(foundation.settings.home)

    @action(permission=Permission.READ, reads=True)
    def statistics(self, call: Call, *, version_id: str) -> tuple[ColumnProfile, ...]:
        """Show the distribution of every feature of a version."""
        call.may_reach(version_id)
        return tuple(ColumnProfile.model_validate(item) for item in version_row(call, version_id).statistics)

    @action(permission=Permission.READ, reads=True)
    def windows(self, call: Call, *, version_id: str, window: Window = "week") -> tuple[FeatureWindow, ...]:
        """Show the values of every feature of a version by day, week or month of event time, as far as they are known
        by now."""
        call.may_reach(version_id)
        version = find_version(call, version_id)
        refuse_without_rows(version.rows_digest, version.state)
        path = self.foundation.store.verified_path(version.rows_digest)
        return windows_of(path, version.features, keys=version.keys, window=window, now=call.now)

    @action(permission=Permission.READ, reads=True)
    def freshness(self, call: Call, *, view_id: str) -> Freshness:
        """Show how new the rows of a view are, and whether they are as new as they should be."""
        call.may_reach(view_id)
        return freshness_of(call, view_id)

    @action(permission=Permission.READ, reads=True)
    def drift(
        self,
        call: Call,
        *,
        version_id: str,
        training_set_id: str,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
    ) -> tuple[FeatureDrift, ...]:
        """Compare the features' values in a window of event time with those that a training set was learned from.

        The window is the 28 days up to the newest row known by now unless said otherwise, its end excluded. The split
        is the one called train, else the earliest. A version of the same view may be compared with a set made of
        another one."""
        call.may_reach(training_set_id)
        training_set = find_training_set(call, training_set_id)
        call.may_reach(version_id)
        version = find_version(call, version_id)
        refuse_without_rows(version.rows_digest, version.state)
        refuse_without_rows(training_set.splits, training_set.state)
        newest = newest_known_event(self.foundation.store, version, now=call.now)
        end = until or end_after(newest or call.now)
        return self._drift(training_set, version, since=since or begin_before(end), until=end, now=call.now)

    @action(permission=Permission.SYSTEM, reads=True)
    def unmeasured_drift(self, call: Call, *, limit: Limit = 20) -> tuple[UnmeasuredDrift, ...]:
        """Show versions that people get, each with a training set that its newest rows were not compared with yet."""
        call.unscoped()
        live = self._live_uses.reached(call.session)
        pairs = unmeasured(call.session, self._results, live=live, most=limit)
        return tuple(
            UnmeasuredDrift(version_id=pair.version_id, training_set_id=pair.training_set.id) for pair in pairs
        )

    @action(permission=Permission.SYSTEM, reads=True)
    def measure_drift(self, call: Call, *, version_id: str, training_set_id: str) -> DriftResult:
        """Compare the newest rows of a version with those that a training set was learned from, and keep the result.
        What cannot be compared is kept as that, or it would be tried for ever."""
        call.unscoped()
        training_set, version = find_training_set(call, training_set_id), find_version(call, version_id)
        try:
            distances = drift_since_training(self.foundation.store, version, training_set=training_set, now=call.now)
        except PortalError as refusal:
            logger.warning("%s is not compared with %s: %s", version_id, training_set_id, refusal.message)
            distances = {}
        result = result_of(distances, now=call.now)
        self._results.keep(result, rows_digest=version.rows_digest, set_digest=training_set.digest)
        return result

    @action(permission=Permission.READ, reads=True)
    def usage(self, call: Call, *, version_id: str) -> FeatureUsage:
        """Show the training sets, runs, models and endpoints that use a version, and what the version costs."""
        call.may_reach(version_id)
        return usage_of(call, version_id, live_uses=self._live_uses)

    @action(permission=Permission.READ, reads=True)
    def dead_features(self, call: Call, *, project: str = "") -> tuple[DeadFeature, ...]:
        """List the built versions that nothing uses, the most expensive first."""
        return dead_of(call, project, live_uses=self._live_uses)

    def _drift(
        self, training_set: TrainingSet, version: FeatureVersion, *, since: datetime, until: datetime, now: datetime
    ) -> tuple[FeatureDrift, ...]:
        split = min(training_set.splits, key=lambda item: (item.name != "train", item.start))
        of_name = {feature.name: feature for feature in version.features}
        columns = {name: (of_name[name], column) for name, column in _inputs(training_set, version) if name in of_name}
        store = self.foundation.store
        recent = Rows(store.verified_path(version.rows_digest), version.keys, since, until, now)
        rows, distances = distances_of(recent, store.verified_path(split.digest), columns=columns)
        return tuple(
            FeatureDrift(
                feature=name,
                column=columns[name][1],
                split=split.name,
                since=since,
                until=until,
                rows=rows,
                distance=distance,
                caveat=_(
                    "It compares distributions: it cannot see a wrong join or rows that were mixed up; parity can. The"
                    " training set has a value for each of its entities, the window one for each row."
                ),
            )
            for name, distance in distances.items()
        )


def _inputs(training_set: TrainingSet, version: FeatureVersion) -> list[tuple[str, str]]:
    """Which columns of a training set hold which features: of this version, else of another one of its view."""
    views = training_set.contract.views if training_set.contract else ()
    same = [view for view in views if view.version_id == version.id] or [
        view for view in views if view.view == version.view and training_set.project == version.project
    ]
    if not same:
        raise Invalid(
            _("{id} has no feature of {view}").format(id=training_set.id, view=version.view),
            hint=_("Choose a training set that was made of this view."),
            field="training_set_id",
        )
    return [(feature, column) for feature, column, _kind in same[0].outputs]
