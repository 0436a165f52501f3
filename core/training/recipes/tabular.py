"""The recipe for mixed tables."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.foundation.text import N_
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network


class TabularParams(TrainerParams):
    """The trainer's choices and the network's."""

    embedding_width: int = Field(
        default=8, ge=1, le=256, title=N_("Embedding width"), description=N_("Numbers that stand for one category.")
    )
    hidden_width: int = Field(
        default=128,
        ge=4,
        le=4096,
        title=N_("Hidden width"),
        description=N_("Units of the first hidden layer; each further layer has half of the one before."),
    )
    hidden_layers: int = Field(
        default=2, ge=0, le=8, title=N_("Hidden layers"), description=N_("None makes it a logistic regression.")
    )
    dropout: float = Field(
        default=0.1, ge=0, le=0.9, title=N_("Dropout"), description=N_("Share of hidden units left out in training.")
    )

    def widths(self) -> tuple[int, ...]:
        """Units of the hidden layers, from the first."""
        return tuple(max(4, self.hidden_width >> layer) for layer in range(self.hidden_layers))


class Tabular(NetworkRecipe):
    """Embeddings for categories and a multi-layer perceptron for everything together.

    A good first choice for rows that mix categories (country, plan) and numbers (price, past orders). Text
    that was rare or unseen in training is treated as unknown, and missing numbers as the median with a flag."""

    name = "tabular"
    title = N_("Tabular: embeddings and perceptron")
    Params: ClassVar[type[TrainerParams]] = TabularParams

    @classmethod
    def network(cls, shape: Shape, *, params: TabularParams) -> "Network":
        from core.training.torch_recipes.networks import EmbeddingPerceptron

        return EmbeddingPerceptron(
            shape, embedding_width=params.embedding_width, widths=params.widths(), dropout=params.dropout
        )
