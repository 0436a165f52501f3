"""Requests for promotion, gates over evidence, approvals bound to digests, and rollouts."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.promotion.reconciler import RolloutReconciler
    from core.promotion.service import PromotionService
    from core.promotion.values import Plan, Policy, Request, RequestState, Step

__all__ = ["Plan", "Policy", "PromotionService", "Request", "RequestState", "RolloutReconciler", "Step"]

VALUES = ("Plan", "Policy", "Request", "RequestState", "Step")
__getattr__ = lazily(
    __name__, {**dict.fromkeys(VALUES, "values"), "PromotionService": "service", "RolloutReconciler": "reconciler"}
)
