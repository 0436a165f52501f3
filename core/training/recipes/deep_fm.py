"""The recipe of factorization machines with a perceptron."""

from typing import TYPE_CHECKING, ClassVar

from core.foundation.text import N_
from core.training.automatic.values import Candidate
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network


class DeepFM(NetworkRecipe):
    """A factorization machine and a multi-layer perceptron that share their embeddings.

    For many categories whose pairs matter (which user, which page, which hour): products of two inputs are learned even
    where the very pair was rare. With few categories it is no better than the plain perceptron, and slower."""

    name = "deep_fm"
    title = N_("DeepFM: pairs of inputs and perceptron")
    candidates = (Candidate(turn=8),)
    Params: ClassVar[type[TrainerParams]] = PerceptronParams

    @classmethod
    def network(cls, shape: Shape, *, params: PerceptronParams) -> "Network":
        from core.training.torch_recipes.deep_fm import FactorizedPerceptron

        return FactorizedPerceptron(
            shape, embedding_width=params.embedding_width, widths=params.widths(), dropout=params.dropout
        )
