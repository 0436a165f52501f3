"""The recipe for mixed tables."""

from typing import TYPE_CHECKING, ClassVar

from core.foundation.text import N_
from core.training.automatic.values import Candidate
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network


class Tabular(NetworkRecipe):
    """Embeddings for categories and a multi-layer perceptron for everything together.

    A good first choice for rows that mix categories (country, plan) and numbers (price, past orders). Text
    that was rare or unseen in training is treated as unknown, and missing numbers as the median with a flag."""

    name = "tabular"
    title = N_("Tabular: embeddings and perceptron")
    candidates = (Candidate(turn=2), Candidate(turn=5, params={"hidden_width": 256, "dropout": 0.2}))
    Params: ClassVar[type[TrainerParams]] = PerceptronParams

    @classmethod
    def network(cls, shape: Shape, *, params: PerceptronParams) -> "Network":
        from core.training.torch_recipes.networks import EmbeddingPerceptron

        return EmbeddingPerceptron(
            shape, embedding_width=params.embedding_width, widths=params.widths(), dropout=params.dropout
        )
