"""The health of feature versions: their sources, how far their values have drifted, and how new their rows are."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import defer
from sqlmodel import col, select

from core.features.catalog.drift import DriftResults
from core.features.catalog.freshness import freshness_by_version
from core.features.catalog.learned_from import LearnedSet, newest_sets
from core.features.catalog.search import HEAVY, with_shown_version
from core.features.catalog.values import Freshness
from core.features.tables import FeatureVersionRow, FeatureViewRow, TrainingSetRow
from core.features.values import VersionState
from core.foundation.actions.call import Call
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.health.quarantine import Quarantines
from core.health.values import Health, worst

# The title of a view is that of its row among the objects.
IS_ITS_ENTRY = col(ObjectRow.id) == FeatureViewRow.id
# Their rows are there for somebody to use.
IN_USE = (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED)


class Version(NamedTuple):
    """A version with the title of its view."""

    row: FeatureVersionRow
    view: str

    @property
    def title(self) -> str:
        return f"{self.view} v{self.row.version}"


class FeatureHealth:
    """Of the versions that are asked for and of those that people get of their views; all are read at once."""

    def __init__(
        self, call: Call, *, versions: Collection[str], views: Collection[str], quarantines: Quarantines
    ) -> None:
        named = _versions(call, versions)
        self.shown = _shown(call, {*views, *(version.row.view_id for version in named.values())})
        self._versions = named | {version.row.id: version for version in self.shown.values()}
        used = {key: version for key, version in self._versions.items() if version.row.state in IN_USE}
        self._freshness = freshness_by_version(call, [version.row for version in used.values()])
        self._newest_sets = newest_sets(call.session, {version.row.view_id for version in used.values()})
        self._quarantined = quarantines.below(used)
        self._drift = DriftResults(call.foundation.settings.home)
        self._used = used

    def of_version(self, version_id: str) -> Health:
        """Nothing is judged of a version whose rows are not there, or for nobody any more."""
        version = self._used.get(version_id)
        if version is None:
            return Health(object_id=version_id, state="")
        learned = self._newest_sets.get(version.row.view_id)
        parts = (*self._data(version), *self._drifted(version, learned), Health(object_id=version_id, state="healthy"))
        return worst(version_id, parts)

    def of_view(self, view_id: str) -> Health:
        """That of the version that people get."""
        shown = self.shown.get(view_id)
        return self.of_version(shown.row.id).of(view_id) if shown else Health(object_id=view_id, state="")

    def below_a_model(self, version_ids: Iterable[str], *, learned: LearnedSet | None) -> list[Health]:
        """What is wrong with the versions that a model looks its features up in: old rows, and values of today that
        are not those it learned from."""
        parts: list[Health] = []
        for version_id in version_ids:
            if version := self._used.get(version_id):
                parts += self._data(version)
                parts += self._drifted(self.shown.get(version.row.view_id, version), learned)
        return parts

    def _data(self, version: Version) -> list[Health]:
        quarantined = self._quarantined.get(version.row.id)
        return [*([quarantined] if quarantined else []), *_stale(version, self._freshness[version.row.id])]

    def _drifted(self, version: Version, learned: LearnedSet | None) -> list[Health]:
        """Nothing where it was not measured yet."""
        if learned is None or not version.row.rows_digest:
            return []
        result = self._drift.find(rows_digest=version.row.rows_digest, set_digest=learned.digest)
        if result is None or result.verdict != "drifted":
            return []
        reason = _("{feature} of {version} has drifted by {effect} since the training window of {set}").format(
            feature=result.feature, version=version.title, effect=f"{result.effect:.2f}", set=learned.id
        )
        version_id, since = version.row.id, result.measured_at
        return [Health(object_id=version_id, state="drifted", reason=reason, cause_id=version_id, since=since)]


def learned_sets(call: Call, set_ids: Collection[str]) -> Mapping[str, LearnedSet]:
    """Training sets by id, as far as they may be seen."""
    columns = select(TrainingSetRow.id, TrainingSetRow.digest)
    wanted = columns.where(col(TrainingSetRow.id).in_(set_ids), *call.permitted.condition(TrainingSetRow.project))
    return {set_id: LearnedSet(set_id, digest) for set_id, digest in call.session.exec(wanted)} if set_ids else {}


def _stale(version: Version, freshness: Freshness) -> list[Health]:
    if freshness.verdict != "stale":
        return []
    reason = _("{version} is stale: {reason}").format(version=version.title, reason=freshness.reason)
    since = freshness.newest_source
    if freshness.newest_event and 0 < freshness.expected_seconds < (freshness.age_seconds or 0):
        since = freshness.newest_event + timedelta(seconds=freshness.expected_seconds)
    return [Health(object_id=version.row.id, state="stale", reason=reason, cause_id=version.row.id, since=since)]


def _versions(call: Call, version_ids: Collection[str]) -> dict[str, Version]:
    """Those within reach, by id; what is heavy in their rows is left out."""
    if not version_ids:
        return {}
    wanted = select(FeatureVersionRow, ObjectRow.title).join(FeatureViewRow).join(ObjectRow, IS_ITS_ENTRY)
    visible = wanted.where(
        col(FeatureVersionRow.id).in_(version_ids), *call.permitted.condition(FeatureViewRow.project)
    )
    rows = call.session.exec(visible.options(*_light()))
    return {row.id: Version(row, title) for row, title in rows}


def _shown(call: Call, view_ids: Collection[str]) -> dict[str, Version]:
    """The version that people get, by view."""
    if not view_ids:
        return {}
    wanted = with_shown_version(select(FeatureVersionRow, ObjectRow.title)).join(ObjectRow, IS_ITS_ENTRY)
    visible = wanted.where(col(FeatureViewRow.id).in_(view_ids), *call.permitted.condition(FeatureViewRow.project))
    rows = call.session.exec(visible.options(*_light()))
    return {row.view_id: Version(row, title) for row, title in rows if row is not None}


def _light() -> list[Any]:
    return [defer(getattr(FeatureVersionRow, name)) for name in HEAVY]
