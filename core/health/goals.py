"""How versions stand with their goals: the figures of each on every endpoint that it serves, read at once."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.health.assessment import Assessment, Figures, assess, levels_of, metrics_of
from core.health.endpoints import Endpoints
from core.health.measurements import Readings, evaluated, evidence_figures, replayed
from core.registry.tables import VersionRow
from core.requirements.tables import RequirementRow
from core.requirements.values import Criterion
from core.serving.tables import EndpointRow
from core.serving.values import ServiceLevel
from core.tasks.task import quality_metrics

MOST_VERSIONS = 12


class Goals:
    """`rows` are versions with the title of their model; what is measured by evidence is read of those that serve, or
    of `also`, as it takes long to read."""

    def __init__(
        self, call: Call, rows: Mapping[str, Any], *, endpoints: Endpoints, also: Collection[str] = ()
    ) -> None:
        self._endpoints = endpoints
        self._criteria = _criteria(call, {row.requirement_id for row in rows.values() if row.requirement_id})
        cited = [row.id for row in rows.values() if row.id in also or row.id in endpoints.versions]
        self._evidence = evidence_figures(call, [key for key in cited if self._asks_for_evidence(rows[key])])
        self._replayed = replayed(call, endpoints.serving_any(rows))

    def of(self, row: Any) -> tuple[Assessment, ...]:
        """On every endpoint that it serves; once, without one, where it serves none."""
        places = self._endpoints.places(row.id)
        return tuple(assessment for place in places or (None,) for assessment in self._on(row, place))

    def on(self, row: Any, endpoint_id: str) -> tuple[Assessment, ...]:
        """On one endpoint."""
        return tuple(self._on(row, self._endpoints.row(endpoint_id)))

    def _on(self, row: Any, place: EndpointRow | None) -> Iterator[Assessment]:
        goals = {criterion.metric: criterion for criterion in self._criteria.get(row.requirement_id, ())}
        levels = levels_of(ServiceLevel.model_validate(place.slo)) if place else {}
        measured: Readings = self._replayed.get((place.id, row.id), {}) if place else {}
        promised = evaluated(row.evaluations) | self._evidence.get(row.id, {})
        for metric in metrics_of(goals, levels, measured=measured):
            figures = Figures(
                version_id=row.id,
                title=f"{row.model} v{row.version}",
                endpoint_id=place.id if place else "",
                endpoint=place.entry.title if place else "",
                metric=metric,
                goal=goals.get(metric),
                level=levels.get(metric),
                promised=promised.get(metric),
                measured=measured.get(metric),
                registered_at=row.created_at,
            )
            yield assess(figures)

    def _asks_for_evidence(self, row: Any) -> bool:
        known = quality_metrics()
        return any(criterion.metric not in known for criterion in self._criteria.get(row.requirement_id, ()))


def versions_for(call: Call, requirement_id: str, *, endpoints: Endpoints) -> list[str]:
    """The versions that answer to a requirement: those that serve, then the newest."""
    wanted = select(VersionRow.id).where(
        VersionRow.requirement_id == requirement_id, *call.permitted.condition(VersionRow.project)
    )
    newest = call.session.exec(wanted.order_by(col(VersionRow.created_at).desc())).all()
    return sorted(newest, key=lambda version_id: version_id not in endpoints.versions)[:MOST_VERSIONS]


def serving_for(call: Call, requirement_ids: Collection[str], *, endpoints: Endpoints) -> Mapping[str, tuple[str, ...]]:
    """By requirement, the versions that serve for it; asks once for all."""
    if not requirement_ids or not endpoints.versions:
        return {}
    wanted = select(VersionRow.requirement_id, VersionRow.id).where(
        col(VersionRow.id).in_(endpoints.versions),
        col(VersionRow.requirement_id).in_(requirement_ids),
        *call.permitted.condition(VersionRow.project),
    )
    serving: dict[str, tuple[str, ...]] = {}
    for requirement_id, version_id in call.session.exec(wanted):
        serving[requirement_id] = (*serving.get(requirement_id, ()), version_id)
    return serving


def _criteria(call: Call, requirement_ids: Collection[str]) -> Mapping[str, list[Criterion]]:
    wanted = select(RequirementRow.id, RequirementRow.criteria).where(
        col(RequirementRow.id).in_(requirement_ids), *call.permitted.condition(RequirementRow.project)
    )
    rows = call.session.exec(wanted) if requirement_ids else ()
    return {row_id: [Criterion.model_validate(item) for item in criteria] for row_id, criteria in rows}
