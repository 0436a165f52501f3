"""The recipe of recommendation with two towers."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.tasks.kinds.ranking import RankingTask
from core.tasks.values import BINARY, Target
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network

Column = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class TwoTowerParams(PerceptronParams):
    user: Annotated[tuple[Column, ...], Field(max_length=500)] = Field(
        default=(),
        title=N_("Inputs of the user"),
        description=N_("Those that say who is asking; all others are of the item. Without any, the first one."),
    )
    vector_width: int = Field(
        default=32,
        ge=2,
        le=1024,
        title=N_("Vector width"),
        description=N_("Numbers that stand for a user, and as many for an item."),
    )

    vectors: bool = Field(
        default=True,
        title=N_("Give the vectors"),
        description=N_("The file also gives the vectors of user and item, to look items up by nearness."),
    )


class TwoTower(NetworkRecipe):
    """A network for the user and one for the item; how well their vectors fit is the score.

    For recommendation: rows are pairs of a user and an item, with a label that says whether (or how much) the item was
    wanted. Inputs of the two meet in the score alone: the file gives both vectors beside it, and the items with the
    largest product with the vector of a user are the best for that user."""

    name = "two_tower"
    title = N_("Two towers: user and item")
    tasks = (BINARY, RankingTask.name)
    Params: ClassVar[type[TrainerParams]] = TwoTowerParams

    @classmethod
    def accepts(cls, contract: FeatureContract, _target: Target) -> str:
        return (
            ""
            if len(contract.inputs()) > 1
            else _("There is one input, and two towers need one of the user and one of the item.")
        )

    @classmethod
    def check_columns(cls, params: TwoTowerParams, *, contract: FeatureContract) -> None:
        _sides(list(contract.inputs()), params=params)

    @classmethod
    def network(cls, shape: Shape, *, params: TwoTowerParams) -> "Network":
        from core.training.torch_recipes.two_tower import TwoTowers

        user, item = _sides(list(dict.fromkeys((*shape.category_names, *shape.number_names))), params=params)
        return TwoTowers(
            shape,
            user=user,
            item=item,
            vector_width=params.vector_width,
            embedding_width=params.embedding_width,
            widths=params.widths(),
            dropout=params.dropout,
            gives_vectors=params.vectors,
        )


def _sides(names: list[str], *, params: TwoTowerParams) -> tuple[list[str], list[str]]:
    user = list(params.user) or names[:1]
    item = [name for name in names if name not in user]
    hint = _("Choose among: {names}.").format(names=", ".join(names))
    if unknown := [name for name in user if name not in names]:
        message = _("{name} is no input of this training set").format(name=unknown[0])
        raise Invalid(message, hint=hint, field="params.user")
    if not item:
        raise Invalid(_("every input is of the user, and none of the item"), hint=hint, field="params.user")
    return user, item
