"""How far a requirement is: its conditions by version. A figure is always that of one version, and a version is judged
by all of its figures together."""

from collections.abc import Sequence

from app.ui.components.assessments import assessments_of
from app.ui.numbers import metric_value
from core.foundation.text import _
from core.foundation.values import Value
from core.health.assessment import Assessment
from core.health.values import SEVERITY
from core.requirements.values import Criterion, Requirement

MOST_VERSIONS = 5


class Candidate(Value):
    """A version that answers to the requirement, with what is known of each condition, in their order."""

    version_id: str
    title: str
    endpoints: tuple[str, ...]
    assessments: tuple[Assessment, ...]

    @property
    def met(self) -> int:
        """How many conditions hold."""
        return sum(assessment.health.state == "healthy" for assessment in self.assessments)


def candidates(requirement: Requirement) -> tuple[Candidate, ...]:
    """Those that serve, then the newest."""
    by_version: dict[str, list[Assessment]] = {}
    for assessment in assessments_of(requirement.id):
        by_version.setdefault(assessment.version_id, []).append(assessment)
    return tuple(_candidate(requirement.criteria, shown) for shown in list(by_version.values())[:MOST_VERSIONS])


def best(known: Sequence[Candidate]) -> Candidate | None:
    """The one in production or else on staging; while none serves, the one that keeps the most conditions."""
    if not known or known[0].endpoints:
        return next(iter(known), None)
    return max(known, key=lambda candidate: candidate.met)


def _candidate(criteria: Sequence[Criterion], shown: Sequence[Assessment]) -> Candidate:
    places = dict.fromkeys(assessment.endpoint for assessment in shown if assessment.endpoint)
    return Candidate(
        version_id=shown[0].version_id,
        title=shown[0].title,
        endpoints=tuple(places),
        assessments=tuple(_worst(criterion, shown) for criterion in criteria),
    )


def _worst(criterion: Criterion, shown: Sequence[Assessment]) -> Assessment:
    """Of a version that serves on several endpoints, the figure of the one where it is worst; what was measured comes
    before what was not."""
    own = [assessment for assessment in shown if assessment.metric == criterion.metric]
    return min(own, key=lambda assessment: (SEVERITY.index(assessment.health.state), assessment.measured is None))


def cell(assessment: Assessment) -> str:
    """What is known of a condition, as Markdown."""
    figure = assessment.counts
    if figure is None:
        text = _("not measured")
        return f":gray[{text}]"
    color, icon = ("green", "check_circle") if assessment.health.state == "healthy" else ("red", "cancel")
    value = metric_value(assessment.metric, figure.value)
    basis = _("before it served")
    if assessment.measured:
        promised = assessment.promised
        basis = _("promised {value}").format(value=metric_value(assessment.metric, promised.value)) if promised else ""
    return f":{color}[:material/{icon}:] {value}" + (f" :gray[{basis}]" if basis else "")
