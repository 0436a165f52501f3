"""The health of a version beside its life cycle."""

import pytest

from app.registry.health import health_of
from core.registry.values import Evaluation, Interval
from core.requirements.values import Comparison, Criterion, Metric
from core.serving.values import Endpoint
from tests.app.next_action.objects import endpoint, model_version

GOAL = {
    "R-1": (
        Criterion(metric=Metric.LOG_LOSS, comparison=Comparison.AT_MOST, limit=0.55),
        Criterion(metric=Metric.AUC, comparison=Comparison.AT_LEAST, limit=0.7),
        Criterion(metric=Metric.P99_MS, comparison=Comparison.AT_MOST, limit=50),
    )
}
SERVING = endpoint(serves={2: 100})
REFUSED = endpoint(serves={2: 100}, cause="no memory")


def judged(auc: float) -> tuple[Evaluation, ...]:
    figures = {name: Interval(value=value, low=value, high=value) for name, value in (("auc", auc), ("log_loss", 0.5))}
    return (
        Evaluation(holdout="h", holdout_name="test", rows=10, positive_share=0.5, metrics=figures, predictions="p"),
    )


@pytest.mark.parametrize(
    ("auc", "state", "serves_on", "health"),
    [
        (0.8, "active", (), "healthy"),
        (0.6, "active", (), "goal_missed"),
        (0.6, "active", (SERVING,), "goal_missed"),
        (0.8, "active", (SERVING, REFUSED), "refused"),
        (0.6, "active", (REFUSED,), "refused"),
        (0.6, "archived", (), ""),
        (None, "active", (SERVING,), "healthy"),
        (None, "active", (), ""),
    ],
)
def test_the_worst_of_what_a_version_rests_on_counts(
    auc: float | None, state: str, serves_on: tuple[Endpoint, ...], health: str
) -> None:
    evaluations = judged(auc) if auc is not None else ()
    version = model_version(state=state, requirement_id="R-1", evaluations=evaluations)
    assert health_of(version, criteria=GOAL, serves_on=serves_on) == health


def test_a_version_without_a_goal_and_without_traffic_has_no_health_yet() -> None:
    assert health_of(model_version(evaluations=judged(0.6)), criteria={}, serves_on=()) == ""
