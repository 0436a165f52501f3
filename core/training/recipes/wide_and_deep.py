"""The recipe of a linear model with a perceptron."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.foundation.text import N_
from core.training.automatic.values import Candidate
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network


class WideAndDeepParams(PerceptronParams):
    crossed: int = Field(
        default=6,
        ge=0,
        le=30,
        title=N_("Crossed categories"),
        description=N_("The first categories of the training set, whose values get a weight for each pair."),
    )
    most_pairs: int = Field(
        default=10_000,
        ge=16,
        le=1_000_000,
        title=N_("Most pairs"),
        description=N_("Weights of two crossed categories; above it, pairs of values share them."),
    )


class WideAndDeep(NetworkRecipe):
    """A linear model that remembers pairs of categories, added to a multi-layer perceptron that generalizes.

    For exceptions that a perceptron smooths away, such as one plan in one country. Categories are crossed in the order
    of the training set, so put those first whose pairs matter."""

    name = "wide_and_deep"
    title = N_("Wide and deep: linear model and perceptron")
    candidates = (Candidate(turn=3),)
    Params: ClassVar[type[TrainerParams]] = WideAndDeepParams

    @classmethod
    def network(cls, shape: Shape, *, params: WideAndDeepParams) -> "Network":
        from core.training.torch_recipes.wide_and_deep import WidePerceptron

        return WidePerceptron(
            shape,
            embedding_width=params.embedding_width,
            widths=params.widths(),
            dropout=params.dropout,
            crossed=params.crossed,
            most_pairs=params.most_pairs,
        )
