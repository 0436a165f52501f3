"""What a recipe is. A recipe says what its network looks like, in torch and as nodes of an ONNX graph; everything
around it (reading, preparing, training, calibrating, judging) is the same for all, and no recipe can get it wrong."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, ValidationError

from core.foundation.plugins import Params, Plugin, choose, discover
from core.foundation.text import N_, _
from core.foundation.validation import invalid_of
from core.foundation.values import Value
from core.training import recipes as folder
from core.training.values import RecipeCard

if TYPE_CHECKING:
    import torch

    from core.training.onnx_graph import Graph

ENTRY_POINTS = "causeway.recipes"


class Shape(Value):
    """What a network must take: `cardinalities` has, for each category, how many ids there are (0 is the unknown one);
    `numbers` is the width of the numbers, missing indicators included."""

    cardinalities: tuple[int, ...]
    numbers: int


class TrainerParams(Params):
    """What every recipe lets people choose about the training itself."""

    epochs: int = Field(
        default=3, ge=1, le=1000, title=N_("Epochs"), description=N_("Passes over the training rows, at most.")
    )
    batch_size: int = Field(
        default=2048, ge=16, le=262_144, title=N_("Batch size"), description=N_("Rows of one step of the optimizer.")
    )
    learning_rate: float = Field(
        default=2e-3, gt=0, le=1, title=N_("Learning rate"), description=N_("The highest one; the schedule lowers it.")
    )
    schedule: Literal["one_cycle", "cosine", "constant"] = Field(
        default="one_cycle", title=N_("Schedule"), description=N_("How the learning rate moves over the steps.")
    )
    weight_decay: float = Field(
        default=0.01, ge=0, le=10, title=N_("Weight decay"), description=N_("Pull of all weights toward zero (AdamW).")
    )
    patience: int = Field(
        default=3,
        ge=1,
        le=1000,
        title=N_("Early-stopping patience"),
        description=N_("Checks on the validation rows (two an epoch) without a better log loss before it stops."),
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        title=N_("Precision"),
        description=N_("auto measures a few steps of each where the device has bf16, and takes the faster."),
    )
    row_share: float = Field(
        default=1.0,
        ge=0.001,
        le=1,
        title=N_("Share of rows"),
        description=N_("Trains on a random share of the training rows, for a quick look."),
    )
    minimum_count: int = Field(
        default=30,
        ge=1,
        le=1_000_000,
        title=N_("Rows to know a category"),
        description=N_("Categories with fewer training rows are treated as unknown."),
    )
    calibration: Literal["none", "temperature", "platt"] = Field(
        default="temperature",
        title=N_("Calibration"),
        description=N_("Fitted on the validation rows: temperature keeps the base rate, Platt moves it too."),
    )
    unknown_share: float = Field(
        default=0.05,
        ge=0,
        le=0.9,
        title=N_("Out-of-vocabulary share"),
        description=N_("Share of categories hidden in training, so that unknown ones have learned weights."),
    )


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
        raise invalid_of(error, prefix=("params",), known=tuple(recipe.Params.model_fields)) from error


def card_of(recipe: type[Recipe]) -> RecipeCard:
    return RecipeCard(
        name=recipe.name, title=_(recipe.title), help=recipe.help(), parameters=recipe.Params.model_json_schema()
    )
