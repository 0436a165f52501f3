"""Goals, and the typed conditions that prove them reached."""

from core.requirements.service import RequirementService
from core.requirements.values import Comparison, Criterion, Metric, Requirement

__all__ = ["Comparison", "Criterion", "Metric", "Requirement", "RequirementService"]
