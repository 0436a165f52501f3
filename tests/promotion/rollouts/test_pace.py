"""When a rollout goes on, by the clock of the database."""

from datetime import timedelta
from typing import Any

import pytest

from core.promotion.rollouts.pace import SETTLE_SECONDS, next_move
from core.promotion.tables import RolloutRow
from core.promotion.values import Plan, Step
from tests.promotion.values_to_judge import NOW, endpoint

HOLDS = (60, 600, 7_200)
PLAN = Plan(
    steps=tuple(Step(weight=weight, hold_seconds=hold) for weight, hold in zip((5, 25, 100), HOLDS, strict=True))
)


def rollout(**fields: Any) -> RolloutRow:
    standard = {"promotion_id": "PR-1", "endpoint_id": "EP-1", "step": 0, "state": "holding", "generation": 1}
    return RolloutRow(**{**standard, "before": [], "cause": "", "switched_at": NOW, "settled_at": NOW, **fields})


def move(rollout: RolloutRow, *, after: float = 0.0, **target: Any) -> str:
    return next_move(rollout, endpoint=endpoint(**target), plan=PLAN, now=NOW + timedelta(seconds=after)).move


@pytest.mark.parametrize("step", [0, 1, 2])
def test_each_step_is_held_as_long_as_the_plan_says_for_it(step: int) -> None:
    held = rollout(step=step)
    assert move(held, after=HOLDS[step] - 1) == "wait"
    assert move(held, after=HOLDS[step]) == ("finish" if step == 2 else "step")


def test_a_step_is_held_from_the_moment_its_traffic_was_confirmed() -> None:
    late = rollout(settled_at=NOW + timedelta(seconds=30))
    assert move(late, after=60) == "wait"
    assert move(late, after=90) == "step"
    assert move(rollout(settled_at=None), after=7_200) == "hold"


def test_traffic_that_is_not_confirmed_in_time_leads_back() -> None:
    moving = rollout(settled_at=None, state="moving")
    assert move(moving, after=SETTLE_SECONDS, settled=False) == "wait"
    assert move(moving, after=SETTLE_SECONDS + 1, settled=False) == "abort"


def test_a_cause_or_a_switch_by_someone_else_leads_back_at_once() -> None:
    assert move(rollout(), cause="The server refused the bytes") == "abort"
    assert move(rollout(), generation=2) == "abort"
