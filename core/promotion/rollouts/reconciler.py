"""Makes rollouts go on by themselves: the worker calls it a few times a second."""

from datetime import datetime

from core.foundation.actors import Actor
from core.foundation.errors import PortalError, Unavailable
from core.promotion.rollouts.service import RolloutService

WORKER = Actor.system("worker")


class RolloutReconciler:
    """Takes every rollout one move further when it is time. A move that is refused takes the traffic back."""

    name = "promotion.rollouts"

    def __init__(self, rollouts: RolloutService) -> None:
        self._rollouts = rollouts

    def tick(self, now: datetime) -> None:
        """Rollouts go by the database's time, not by `now`."""
        for request_id in self._rollouts.due_rollouts(WORKER):
            self._advance(request_id)

    def _advance(self, request_id: str) -> None:
        try:
            self._rollouts.advance_rollout(WORKER, request_id=request_id)
        except Unavailable:
            raise
        except PortalError as error:
            self._rollouts.stop_rollout(WORKER, request_id=request_id, cause=error.message)
