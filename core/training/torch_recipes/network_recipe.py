"""Recipes that train a network of torch. Such a recipe says what its network is; preparing, training, calibrating and
exporting are the same for all."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from core.compute.values import Resources
from core.features.values import FeatureContract
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, Recipe, Tables
from core.training.torch_recipes.torch_recipe import EVERY_TASK, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.data import TrainingData
    from core.training.torch_recipes.networks import Network


class NetworkRecipe(Recipe):
    """A way to train a network."""

    tasks: ClassVar[tuple[str, ...]] = EVERY_TASK
    Params: ClassVar[type[TrainerParams]] = TrainerParams
    on_all_rows: ClassVar = {"row_share": 1.0}

    @classmethod
    @abstractmethod
    def network(cls, shape: Shape, *, params: Any) -> "Network":
        """It draws its first weights from torch's global generator."""

    @classmethod
    def resources(cls, _params: Any, *, offered: Resources) -> Resources:
        return offered

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "TrainingData":
        import torch

        from core.training.torch_recipes.data import load_data

        torch.set_num_threads(threads)
        return load_data(tables, contract=contract, target=target)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.torch_recipes.fitted_network import FittedNetwork
        from core.training.torch_recipes.trainer import train

        trained = train(
            context.prepared,
            context.params,
            make=cls.network,
            name=cls.name,
            seed=context.seed,
            report=context.report,
            should_stop=context.should_stop,
            checkpoints=context.checkpoints,
            progress=context.progress,
        )
        return FittedNetwork(trained, device=str(context.prepared.device))
