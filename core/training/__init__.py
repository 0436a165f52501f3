"""Recipes, runs, and the trainer itself."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.training.kind import TrainingKind
    from core.training.service import TrainingService
    from core.training.values import Point, RecipeCard, Run, RunOrder, Series

__all__ = ["Point", "RecipeCard", "Run", "RunOrder", "Series", "TrainingKind", "TrainingService"]

# The training process imports this package and must not pay for the service's database.
__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("Point", "RecipeCard", "Run", "RunOrder", "Series"), "values"),
        "TrainingService": "service",
        "TrainingKind": "kind",
    },
)
