"""The health of objects, as lists, headers, the palette and the lineage map show it."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.foundation.ports import LiveUses
from core.foundation.text import _
from core.health.assessment import Assessment
from core.health.endpoints import Endpoints
from core.health.failures import Failure, failures_of
from core.health.features import FeatureHealth
from core.health.goals import Goals, serving_for, versions_for
from core.health.models import ModelHealth, Models
from core.health.quarantine import Quarantines
from core.health.values import Health, Problem
from core.identity.permissions import Permission

MOST = 500
MOST_OWN = 100
ObjectIds = Annotated[tuple[str, ...], Field(max_length=MOST)]
OWNED = (Kind.DATASET, Kind.FEATURE_VIEW, Kind.MODEL, Kind.ENDPOINT, Kind.REQUIREMENT)
# A requirement that nobody asks for any more is nobody's problem.
DROPPED = "dropped"
MADE_OF_DATA = (Kind.SNAPSHOT, Kind.TRAINING_SET)
OF_FEATURES = (Kind.FEATURE_VIEW, Kind.FEATURE_VERSION)
OF_MODELS = (Kind.MODEL, Kind.MODEL_VERSION, Kind.ENDPOINT, Kind.REQUIREMENT)


class HealthService(Service):
    domain = "health"

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self._live_uses = live_uses

    @action(permission=Permission.READ, reads=True)
    def of_objects(self, call: Call, *, object_ids: ObjectIds) -> tuple[Health, ...]:
        """Show how objects are, rolled up from the worst of what they rest on: what cannot be served, a missed goal,
        a broken promise, a model no better than chance, data in quarantine, drifted features, stale features.

        An answer has the objects of which something was judged, as far as they may be seen. It costs the same number
        of questions to the database for one object as for hundreds."""
        call.reach()
        return self._judged(call, [col(ObjectRow.id).in_(object_ids)]) if object_ids else ()

    @action(permission=Permission.READ, reads=True)
    def own_problems(self, call: Call) -> tuple[Problem, ...]:
        """Show what is wrong with datasets, feature views, models, endpoints and open requirements of your own, the
        first of those that have one cause, among the newest 100. Stale features are left out: they wait for data, not
        for somebody."""
        is_own = (col(ObjectRow.owner) == call.actor.person_id, col(ObjectRow.kind).in_(OWNED))
        own = (*is_own, col(ObjectRow.state) != DROPPED, col(ObjectRow.put_away) == "")
        judged = self._judged(call, own, most=MOST_OWN)
        wrong = [health for health in judged if health.cause_id and health.state != "stale"]
        by_cause = {health.cause_id: health for health in reversed(wrong)}
        first = [health for health in wrong if by_cause[health.cause_id] is health]
        named = select(ObjectRow.id, ObjectRow.title).where(
            col(ObjectRow.id).in_([health.object_id for health in first])
        )
        titles = dict(call.session.exec(named).all())
        return tuple(Problem(title=titles[health.object_id], health=health) for health in first)

    @action(permission=Permission.READ, reads=True)
    def assessments(self, call: Call, *, object_id: str) -> tuple[Assessment, ...]:
        """Show what was promised, what was measured and what the goal asks for, side by side: of what an endpoint
        serves, of a model version wherever it serves, or of the versions that answer to a requirement."""
        kind = call.may_reach(object_id).kind
        endpoints = Endpoints(call)
        if kind == Kind.ENDPOINT:
            versions = endpoints.served_by(object_id)
        elif kind == Kind.REQUIREMENT:
            versions = versions_for(call, object_id, endpoints=endpoints)
        elif kind == Kind.MODEL_VERSION:
            versions = [object_id]
        else:
            raise Invalid(
                _("{id} promises nothing").format(id=object_id),
                hint=_("Name an endpoint, a model version or a requirement."),
                field="object_id",
            )
        rows = Models(call, versions=versions, models=(), endpoints=endpoints).rows
        goals = Goals(call, rows, endpoints=endpoints, also=versions)
        shown = [rows[version_id] for version_id in versions if version_id in rows]
        if kind == Kind.ENDPOINT:
            return tuple(assessment for row in shown for assessment in goals.on(row, object_id))
        return tuple(assessment for row in shown for assessment in goals.of(row))

    @action(permission=Permission.READ, reads=True)
    def own_failures(self, call: Call) -> tuple[Failure, ...]:
        """Show which runs, sweeps, imports, training sets, feature versions and materializations of your own failed in
        the last seven days, without those that were made good since."""
        return failures_of(call)

    def _judged(self, call: Call, which: Sequence[ColumnElement[bool]], *, most: int = MOST) -> tuple[Health, ...]:
        """The health of the newest of these objects as far as they may be seen, in the order of the chain."""
        visible = select(ObjectRow.id, ObjectRow.kind).where(*which, *call.reach().unindexed(ObjectRow.project))
        by_kind: dict[str, list[str]] = {}
        newest = call.session.exec(visible.order_by(col(ObjectRow.created_at).desc()).limit(most)).all()
        for object_id, kind in reversed(newest):
            by_kind.setdefault(kind, []).append(object_id)
        return tuple(health for health in self._of_kinds(call, by_kind) if health.state) if by_kind else ()

    def _of_kinds(self, call: Call, by_kind: dict[str, list[str]]) -> Iterator[Health]:
        """What led to a model is walked first, for its data and features are among it."""
        quarantines = Quarantines(call.session, call.permitted)
        models, versions, served, requirements = (by_kind.get(kind, []) for kind in OF_MODELS)
        views, features = (by_kind.get(kind, []) for kind in OF_FEATURES)
        endpoints = Endpoints(call, is_needed=bool(models or versions or served or requirements))
        answering = serving_for(call, requirements, endpoints=endpoints)
        needed = {*versions, *endpoints.served_by_any(served), *chain.from_iterable(answering.values())}
        known = Models(call, versions=needed, models=models, endpoints=endpoints)
        quarantines.below([row.id for row in known.active])
        judged = FeatureHealth(call, versions={*features, *known.looked_up}, views=views, quarantines=quarantines)
        yield from self._of_data(call, by_kind, quarantines)
        yield from map(judged.of_view, views)
        yield from map(judged.of_version, features)
        of_models = ModelHealth(call, known, features=judged, quarantines=quarantines)
        yield from map(of_models.of_model, models)
        yield from map(of_models.of_version, versions)
        yield from map(of_models.of_endpoint, served)
        for requirement_id in requirements:
            yield of_models.of_requirement(requirement_id, served_by=answering.get(requirement_id, ()))

    def _of_data(self, call: Call, by_kind: dict[str, list[str]], quarantines: Quarantines) -> Iterator[Health]:
        """Of training sets and snapshots only quarantine is told: the rest of them never changes."""
        derived = [object_id for kind in MADE_OF_DATA for object_id in by_kind.get(kind, ())]
        yield from quarantines.below(derived).values()
        if datasets := by_kind.get(Kind.DATASET, []):
            yield from quarantines.of_datasets(datasets, live=self._live_uses.reached(call.session)).values()
