"""The health of a model version, beside its life cycle: the worst of what it promises and where it serves."""

from collections.abc import Mapping, Sequence

from app.next_action.serving import is_refused
from app.registry.evaluations import judging
from app.session import actor, portal
from core.registry.values import ModelVersion
from core.requirements.values import Criterion
from core.serving.values import Endpoint

Criteria = Mapping[str, Sequence[Criterion]]


def criteria_of(versions: Sequence[ModelVersion]) -> Criteria:
    """The conditions that versions were made for, by the id of their requirement; each requirement is read once."""
    wanted = {version.requirement_id for version in versions if version.requirement_id}
    service = portal().requirements
    return {
        requirement_id: service.get_requirement(actor(), requirement_id=requirement_id).criteria
        for requirement_id in sorted(wanted)
    }


def health_of(version: ModelVersion, *, criteria: Criteria, serves_on: Sequence[Endpoint]) -> str:
    """The state to show: what cannot be served, else a missed goal, else healthy; "" while nothing was judged. An
    archived version has no health."""
    if version.state == "archived":
        return ""
    if any(is_refused(endpoint) for endpoint in serves_on):
        return "refused"
    evaluation = judging(version.evaluations)
    figures = evaluation.metrics if evaluation else {}
    judged = [
        criterion.holds(figures[criterion.metric].value)
        for criterion in criteria.get(version.requirement_id, ())
        if criterion.metric in figures
    ]
    if not judged:
        return "healthy" if serves_on else ""
    return "healthy" if all(judged) else "goal_missed"
