"""The health of model versions, models and endpoints: the goal, what the features do, and whether the bytes serve."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from sqlmodel import col, func, select

from core.features.catalog.learned_from import LearnedSet
from core.foundation.actions.call import Call
from core.foundation.objects import ObjectRow
from core.foundation.text import _, percent
from core.health.features import FeatureHealth, learned_sets
from core.health.quarantine import Quarantines
from core.health.values import Health, worst
from core.registry.sentences import title_of
from core.registry.tables import VersionRow
from core.registry.values import Evaluation, at_chance, judging
from core.requirements.tables import RequirementRow
from core.requirements.values import Comparison, Criterion
from core.serving.counter_file import SERVERS, Counted, counted_in
from core.serving.endpoint_inputs import endpoint_inputs
from core.serving.rows import closed_words, routes_of
from core.serving.tables import EndpointRow
from core.serving.values import Server

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


class Endpoints:
    """The endpoints that may be seen, and what each of them serves now."""

    def __init__(self, call: Call, *, is_needed: bool = True) -> None:
        self._session, self._now, self._home = call.session, call.now, call.foundation.settings.home
        visible = select(EndpointRow).where(*call.permitted.condition(EndpointRow.project))
        rows = call.session.exec(visible.order_by(EndpointRow.name)) if is_needed else ()
        self._rows = {row.id: row for row in rows}
        self._served = {row.id: [route.version_id for route in routes_of(row)] for row in self._rows.values()}

    @property
    def versions(self) -> set[str]:
        """All versions that serve somewhere."""
        return {version_id for served in self._served.values() for version_id in served}

    def served_by(self, endpoint_id: str) -> list[str]:
        return self._served.get(endpoint_id, [])

    def serving(self, version_id: str) -> list[Health]:
        """How the endpoints are that send traffic to a version."""
        return [self.own(endpoint_id) for endpoint_id, served in self._served.items() if version_id in served]

    def own(self, endpoint_id: str) -> Health:
        """Whether it can serve what it should, whatever that rests on, and whether all was taken out of a production
        one; nothing else is judged while it serves nothing."""
        row = self._rows.get(endpoint_id)
        if row is None or not row.routes:
            return self._without_version(row, endpoint_id)
        servers = (Server.model_validate(server) for server in row.servers)
        refused = [server.cause for server in servers if server.state == "refused"]
        if not row.cause and not refused:
            return self._asked_beyond(row)
        reason = _("{name} cannot serve what it should: {cause}").format(
            name=row.entry.title,
            cause=next((cause for cause in (row.cause, *refused) if cause), _("no reason was given")),
        )
        return Health(object_id=endpoint_id, state="refused", reason=reason, cause_id=endpoint_id, since=row.changed_at)

    def _asked_beyond(self, row: EndpointRow) -> Health:
        """Whether much more of what it is asked than before is unknown to its models, or missing."""
        inputs = endpoint_inputs(self._counted, endpoint_id=row.id, now=self._now)
        gap = next((gap for gap in inputs.gaps if gap.has_jumped), None)
        if gap is None:
            return Health(object_id=row.id, state="healthy")
        reasons = {
            "unknown": _("{name} was unknown to the model in {share} of the rows of the last hour"),
            "missing": _("{name} had no features for {share} of the rows of the last hour"),
        }
        reason = reasons[gap.kind].format(name=gap.name, share=percent(gap.share))
        if gap.share_before is not None:
            reason = _("{reason}; before it was {share}").format(reason=reason, share=percent(gap.share_before))
        return Health(object_id=row.id, state="unknown_inputs", reason=reason, cause_id=row.id)

    @cached_property
    def _counted(self) -> list[Counted]:
        """What all model servers have counted: read once, and only where an endpoint serves."""
        return list(counted_in(self._home / SERVERS))

    def _without_version(self, row: EndpointRow | None, endpoint_id: str) -> Health:
        if row is None or row.environment != "production" or not row.generation:
            return Health(object_id=endpoint_id, state="")
        reason = closed_words(self._session, row)
        return Health(object_id=row.id, state="taken_out", reason=reason, cause_id=row.id, since=row.changed_at)


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
        self._criteria = _criteria(call, {row.requirement_id for row in active if row.requirement_id})
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
        parts = (part for row in served if row is not None for part in self._parts(row))
        return worst(endpoint_id, (self._endpoints.own(endpoint_id), *parts))

    def _parts(self, row: Any) -> list[Health]:
        """What a version promises and rests on, wherever it serves."""
        quarantined = self._quarantined.get(row.id)
        learned: LearnedSet | None = self._learned.get(row.training_set_id)
        evaluation = judging(Evaluation.model_validate(item) for item in row.evaluations)
        return [
            *_goal(row, evaluation, self._criteria.get(row.requirement_id, ())),
            *_learned_nothing(row, evaluation),
            *([quarantined] if quarantined else []),
            *self._features.below_a_model(row.feature_versions, learned=learned),
        ]


def _goal(row: Any, evaluation: Evaluation | None, criteria: Iterable[Criterion]) -> list[Health]:
    """Whether the conditions hold that its evaluation can answer; nothing where it answers none."""
    figures = evaluation.metrics if evaluation else {}
    judged = [criterion for criterion in criteria if criterion.metric in figures]
    missed = [criterion for criterion in judged if not criterion.holds(figures[criterion.metric].value)]
    if not missed:
        return [Health(object_id=row.id, state="healthy")] if judged else []
    words = _("at least") if missed[0].comparison is Comparison.AT_LEAST else _("at most")
    reason = _("{model} v{version} misses the goal: {metric} is {value}, {words} {limit} is asked for").format(
        model=row.model,
        version=row.version,
        metric=title_of(missed[0].metric),
        value=f"{figures[missed[0].metric].value:.4g}",
        words=words,
        limit=f"{missed[0].limit:g}",
    )
    return [Health(object_id=row.id, state="goal_missed", reason=reason, cause_id=row.id, since=row.created_at)]


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
        value=f"{interval.value:.4g}",
        low=f"{interval.low:.4g}",
        high=f"{interval.high:.4g}",
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


def _criteria(call: Call, requirement_ids: Collection[str]) -> Mapping[str, list[Criterion]]:
    wanted = select(RequirementRow.id, RequirementRow.criteria).where(
        col(RequirementRow.id).in_(requirement_ids), *call.permitted.condition(RequirementRow.project)
    )
    rows = call.session.exec(wanted) if requirement_ids else ()
    return {row_id: [Criterion.model_validate(item) for item in criteria] for row_id, criteria in rows}
