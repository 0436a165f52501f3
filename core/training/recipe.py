"""What a recipe is. A recipe says what its network looks like, in torch and as nodes of an ONNX graph; everything
around it (reading, preparing, training, calibrating, judging) is the same for all, and no recipe can get it wrong."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from core.foundation.plugins import Plugin, choose, discover
from core.foundation.text import _
from core.foundation.validation import invalid_of
from core.training import recipes as folder
from core.training.torch_recipes.torch_recipe import Shape, TrainerParams
from core.training.values import RecipeCard

if TYPE_CHECKING:
    import torch

    from core.training.onnx_graph import Graph

ENTRY_POINTS = "causeway.recipes"


class Recipe(Plugin, ABC):
    """A way to train a model from a training set."""

    Params: ClassVar[type[TrainerParams]] = TrainerParams

    @classmethod
    @abstractmethod
    def network(cls, shape: Shape, *, params: Any) -> "torch.nn.Module":
        """A network of (ids int32 [rows, categories], numbers float32 [rows, width]) that gives logits [rows]. It draws
        its first weights from torch's global generator."""

    @classmethod
    @abstractmethod
    def write(cls, network: "torch.nn.Module", *, graph: "Graph", ids: str, numbers: str) -> str:
        """Adds the same network to the graph. `ids` (int64) and `numbers` (float32) name its inputs, empty where there
        are none; returns the name of the logits, float32 [rows, 1]."""


def all_recipes() -> Mapping[str, type[Recipe]]:
    return discover(folder, Recipe, group=ENTRY_POINTS)  # type: ignore[type-abstract]


def recipe_called(name: str) -> type[Recipe]:
    """The recipe of that name. NotFound lists the names there are."""
    return choose(all_recipes(), name)


def check_params(recipe: type[Recipe], *, params: Mapping[str, Any]) -> TrainerParams:
    """The parameters with their defaults. Invalid names the first wrong one as `params.<name>`."""
    try:
        return recipe.Params.model_validate(dict(params))
    except ValidationError as error:
        raise invalid_of(error, model=recipe.Params, prefix=("params",)) from error


def card_of(recipe: type[Recipe]) -> RecipeCard:
    return RecipeCard(
        name=recipe.name, title=_(recipe.title), help=recipe.help(), parameters=recipe.Params.model_json_schema()
    )
