"""The health of model versions, models, endpoints and requirements: promise and goal, what the features do, and whether
the bytes serve."""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, func, select

from core.features.catalog.learned_from import LearnedSet
from core.foundation.actions.call import Call
from core.foundation.objects import ObjectRow
from core.foundation.text import _, significant
from core.health.endpoints import Endpoints
from core.health.features import FeatureHealth, learned_sets
from core.health.goals import Goals
from core.health.quarantine import Quarantines
from core.health.values import Health, worst
from core.registry.sentences import title_of
from core.registry.tables import VersionRow
from core.registry.values import Evaluation, at_chance, judging

ARCHIVED = "archived"
COLUMNS: tuple[Any, ...] = (
    VersionRow.id,
    VersionRow.model_id,
    col(ObjectRow.title).label("model"),
    VersionRow.version,
    VersionRow.state,
    VersionRow.evaluations,
    VersionRow.feature_versions,
    VersionRow.training_set_id,
    VersionRow.requirement_id,
    VersionRow.created_at,
)


class Models:
    """The versions and the newest of the models that are asked for, and what the active ones look up."""

    def __init__(self, call: Call, *, versions: Collection[str], models: Collection[str], endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.rows = _versions(call, ids=versions, models=models, serving=endpoints.versions)
        self.active = [row for row in self.rows.values() if row.state != ARCHIVED]
        self.looked_up = {version_id for row in self.active for version_id in row.feature_versions}


class ModelHealth:
    """Of versions, models and endpoints; all are read at once."""

    def __init__(self, call: Call, models: Models, *, features: FeatureHealth, quarantines: Quarantines) -> None:
        active = models.active
        self._endpoints, self._rows, self._features = models.endpoints, models.rows, features
        self._learned = learned_sets(call, {row.training_set_id for row in active if row.training_set_id})
        self._goals = Goals(call, {row.id: row for row in active}, endpoints=models.endpoints)
        self._quarantined = quarantines.below([row.id for row in active])

    def of_version(self, version_id: str) -> Health:
        """What cannot be served, else the worst of the goal, the data and the features; an archived version has no
        health, and neither has one of which nothing was judged and that serves nowhere."""
        row = self._rows.get(version_id)
        if row is None or row.state == ARCHIVED:
            return Health(object_id=version_id, state="")
        return worst(version_id, (*self._endpoints.serving(version_id), *self._parts(row)))

    def of_model(self, model_id: str) -> Health:
        """The worst of its versions that serve, else that of its newest one."""
        own = [row for row in self._rows.values() if row.model_id == model_id]
        serving = [row for row in own if row.id in self._endpoints.versions]
        counted = serving or sorted(own, key=lambda row: -row.version)[:1]
        return worst(model_id, [self.of_version(row.id) for row in counted])

    def of_endpoint(self, endpoint_id: str) -> Health:
        """Whether it serves, and the worst of what it serves."""
        served = (self._rows.get(version_id) for version_id in self._endpoints.served_by(endpoint_id))
        parts = (part for row in served if row is not None for part in self._parts(row, endpoint_id))
        return worst(endpoint_id, (self._endpoints.own(endpoint_id), *parts))

    def of_requirement(self, requirement_id: str, *, served_by: Collection[str]) -> Health:
        """Whether what serves for it keeps what it asks for: in production, and while nothing serves there, elsewhere.
        It has no health while nothing serves for it."""
        rows = [row for version_id in served_by if (row := self._rows.get(version_id)) is not None]
        places = [(place, row) for row in rows for place in self._endpoints.places(row.id)]
        live = [(place, row) for place, row in places if place.environment == "production"] or places
        parts = (assessment.health for place, row in live for assessment in self._goals.on(row, place.id))
        return worst(requirement_id, [part for part in parts if part.state])

    def _parts(self, row: Any, endpoint_id: str = "") -> list[Health]:
        """What a version promises and rests on, on one endpoint or wherever it serves."""
        assessments = self._goals.on(row, endpoint_id) if endpoint_id else self._goals.of(row)
        quarantined = self._quarantined.get(row.id)
        learned: LearnedSet | None = self._learned.get(row.training_set_id)
        evaluation = judging(Evaluation.model_validate(item) for item in row.evaluations)
        return [
            *(health for assessment in assessments if (health := assessment.health).state),
            *_learned_nothing(row, evaluation),
            *([quarantined] if quarantined else []),
            *self._features.below_a_model(row.feature_versions, learned=learned),
        ]


def _learned_nothing(row: Any, evaluation: Evaluation | None) -> list[Health]:
    """Whether it is as good as a guess, as far as its evaluation can tell."""
    metric = at_chance(evaluation.metrics) if evaluation else ""
    if not evaluation or not metric:
        return []
    interval = evaluation.metrics[metric]
    reason = _("{model} v{version} is no better than chance: {metric} is {value} ({low} to {high})").format(
        model=row.model,
        version=row.version,
        metric=title_of(metric),
        value=significant(interval.value),
        low=significant(interval.low),
        high=significant(interval.high),
    )
    return [Health(object_id=row.id, state="at_chance", reason=reason, cause_id=row.id, since=row.created_at)]


def _versions(call: Call, *, ids: Collection[str], models: Collection[str], serving: Collection[str]) -> dict[str, Any]:
    """These versions, and of each model those that serve and the newest active one, within reach."""
    if not ids and not models:
        return {}
    is_theirs = col(VersionRow.model_id).in_(models)
    newest = select(VersionRow.model_id, func.max(VersionRow.version).label("version")).where(
        is_theirs, VersionRow.state != ARCHIVED
    )
    latest = newest.group_by(VersionRow.model_id).subquery()
    is_newest = (col(VersionRow.model_id) == latest.c.model_id) & (col(VersionRow.version) == latest.c.version)
    titled = select(*COLUMNS).join(ObjectRow, col(ObjectRow.id) == VersionRow.model_id)
    serves = col(VersionRow.id).in_(serving) & is_theirs
    named = titled.where(col(VersionRow.id).in_(ids) | serves, *call.permitted.condition(VersionRow.project))
    of_models = titled.join(latest, is_newest).where(*call.permitted.condition(VersionRow.project))
    rows = [*call.session.exec(named), *(call.session.exec(of_models) if models else ())]
    return {row.id: row for row in rows}
