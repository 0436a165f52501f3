"""A requirement and its acceptance criteria."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from core.foundation.naming.texts import ONE_LINE
from core.foundation.plugins import OneOf
from core.foundation.text import _
from core.foundation.values import Value
from core.tasks.task import all_metrics

# What a criterion can be about. Rates lie between 0 and 1, times are milliseconds.
MetricName = Annotated[str, OneOf(lambda: list(all_metrics()))]


class Comparison(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Criterion(Value):
    """A typed condition, for instance AUC at least 0.68."""

    metric: MetricName
    comparison: Comparison
    limit: Annotated[float, Field(ge=-1e9, le=1e9)]

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        lowest = all_metrics()[self.metric].scale.lowest
        if self.limit < lowest:
            raise ValueError(_("Limit must be at least {least}").format(least=f"{lowest:g}"))
        return self

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.comparison is Comparison.AT_LEAST else value <= self.limit


Title = Annotated[str, StringConstraints(min_length=3, max_length=160, strip_whitespace=True), ONE_LINE]
Criteria = Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=20)]


class Requirement(Value):
    id: str
    project: str
    title: str
    goal: str
    business_metric: str
    criteria: tuple[Criterion, ...]
    owner: str
    state: str
    created_at: datetime
