"""Conditions beside what was measured: for each, the best figure among the versions and evidence that follow from the
requirement."""

from app.wording import metric_value
from core.foundation.values import Value
from core.requirements.values import Criterion, Requirement


class Measured(Value):
    """A condition, the best figure for it as Markdown, and what the figure rests on."""

    criterion: Criterion
    shown: str
    basis: str


def measured_for(requirement: Requirement) -> tuple[Measured, ...]:
    """What was measured for each condition, in the order of the conditions."""
    return tuple(
        Measured(criterion=criterion, shown=metric_value("", None), basis="") for criterion in requirement.criteria
    )
