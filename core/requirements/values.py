"""A requirement and its acceptance criteria."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from core.foundation.naming.texts import ONE_LINE
from core.foundation.values import Value


class Metric(StrEnum):
    """What a criterion can be about. Rates lie between 0 and 1, times are milliseconds."""

    AUC = "auc"
    LOG_LOSS = "log_loss"
    ECE = "ece"
    P99_MS = "p99_ms"
    ERROR_RATE = "error_rate"
    CAPACITY_RPS = "capacity_rps"
    PARITY_MISMATCHES = "parity_mismatches"


class Comparison(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Criterion(Value):
    """A typed condition, for instance AUC at least 0.68."""

    metric: Metric
    comparison: Comparison
    limit: Annotated[float, Field(ge=0, le=1e9)]

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
