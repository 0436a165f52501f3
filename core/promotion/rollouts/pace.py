"""When a rollout goes on: pure reckoning over what is stored and the database's time."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from core.foundation.text import _
from core.promotion.tables import RolloutRow
from core.promotion.values import Plan
from core.serving.values import Endpoint

# A model server has this long to load and to take its share before the rollout is given up.
SETTLE_SECONDS = 180


class Pace(NamedTuple):
    """The next move, and the cause of a rollback."""

    move: Literal["wait", "hold", "step", "finish", "abort"]
    cause: str = ""


def next_move(rollout: RolloutRow, *, endpoint: Endpoint, plan: Plan, now: datetime) -> Pace:
    """A step is held from the moment at which the gateway had confirmed its traffic. Anything wrong leads back."""
    if endpoint.generation != rollout.generation:
        return Pace("abort", _("Someone else switched the traffic"))
    if endpoint.cause:
        return Pace("abort", endpoint.cause)
    if not endpoint.settled:
        late = now - rollout.switched_at > timedelta(seconds=SETTLE_SECONDS)
        return Pace("abort", _("The gateway did not take the traffic over in time")) if late else Pace("wait")
    if rollout.settled_at is None:
        return Pace("hold")
    if now - rollout.settled_at < timedelta(seconds=plan.steps[rollout.step].hold_seconds):
        return Pace("wait")
    return Pace("finish" if rollout.step == len(plan.steps) - 1 else "step")
