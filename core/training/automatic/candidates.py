"""Who takes part: the recipes that say so and learn this task from these inputs."""

from typing import Any

from core.features.values import FeatureContract
from core.tasks.values import Target
from core.training.automatic.values import Candidate
from core.training.recipe import Recipe, all_recipes, can_learn, check_params

# Those of these turns are tried whatever the clock says: the baseline, and one that is usually better.
LAST_CERTAIN_TURN = 1

Entrant = tuple[type[Recipe], Candidate]


def entrants(contract: FeatureContract, target: Target) -> list[Entrant]:
    """In the order in which they are tried."""
    fit = [
        (recipe, candidate)
        for recipe in all_recipes().values()
        if recipe.candidates and can_learn(recipe, contract=contract, target=target)
        for candidate in recipe.candidates
        if not candidate.tasks or target.task in candidate.tasks
    ]
    return sorted(fit, key=lambda entrant: (entrant[1].turn, entrant[0].name))


def params_of(entrant: Entrant) -> Any:
    recipe, candidate = entrant
    return check_params(recipe, params=candidate.params)
