"""Plans and the pace of a rollout: pure rules (B071, B074)."""

from datetime import timedelta
from typing import Any

import pytest

from core.foundation.errors import Invalid
from core.promotion.requests.traffic_plan import check_plan, in_words
from core.promotion.rollouts.pace import SETTLE_SECONDS, next_move
from core.promotion.tables import RolloutRow
from core.promotion.values import Plan, Step
from tests.promotion.values_to_judge import NOW, endpoint


def plan(*weights: int, hold: int = 60) -> Plan:
    return Plan(steps=tuple(Step(weight=weight, hold_seconds=hold) for weight in weights))


def test_a_plan_that_rises_to_100_is_good() -> None:
    for weights in ((100,), (5, 25, 100), tuple(range(1, 101))):
        check_plan(plan(*weights))


@pytest.mark.parametrize(
    ("weights", "field"),
    [
        ((5, 25), "plan.steps.1.weight"),
        ((99,), "plan.steps.0.weight"),
        ((5, 5, 100), "plan.steps.1.weight"),
        ((50, 25, 100), "plan.steps.1.weight"),
        ((100, 100), "plan.steps.1.weight"),
    ],
)
def test_a_plan_that_does_not_is_refused_by_its_step(weights: tuple[int, ...], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_plan(plan(*weights))
    assert refusal.value.field == field


def test_a_plan_reads_as_a_sentence() -> None:
    words = Plan(
        steps=(Step(weight=5, hold_seconds=300), Step(weight=25, hold_seconds=90), Step(weight=100, hold_seconds=3600))
    )
    assert in_words(words) == "5 % for 5 min, then 25 % for 90 s, then 100 % for 1 h"


def rollout(**changes: Any) -> RolloutRow:
    standard: dict[str, Any] = {
        "promotion_id": "PR-1",
        "endpoint_id": "EP-1",
        "step": 0,
        "state": "moving",
        "generation": 1,
        "before": [],
        "cause": "",
        "switched_at": NOW,
    }
    return RolloutRow(**{**standard, **changes})


def move(seconds: float = 0, *, target: Any = None, **changes: Any) -> str:
    now = NOW + timedelta(seconds=seconds)
    return next_move(rollout(**changes), endpoint=target or endpoint(), plan=plan(5, 100), now=now).move


def test_a_step_is_held_from_the_moment_it_had_settled() -> None:
    assert move(1, target=endpoint(settled=False)) == "wait"
    assert move(100) == "hold"
    held = {"state": "holding", "settled_at": NOW + timedelta(seconds=100)}
    assert move(159, **held) == "wait"
    assert move(160, **held) == "step"
    assert move(160, **held, step=1) == "finish"


def test_what_goes_wrong_leads_back() -> None:
    assert move(1, target=endpoint(cause="the server refused its bytes")) == "abort"
    assert move(1, target=endpoint(generation=2)) == "abort"
    assert move(SETTLE_SECONDS, target=endpoint(settled=False)) == "wait"
    assert move(SETTLE_SECONDS + 1, target=endpoint(settled=False)) == "abort"


def test_a_step_that_comes_loose_while_it_is_held_waits_and_then_leads_back() -> None:
    held = {"state": "holding", "settled_at": NOW}
    assert move(61, target=endpoint(settled=False), **held) == "wait"
    assert move(SETTLE_SECONDS + 1, target=endpoint(settled=False), **held) == "abort"
