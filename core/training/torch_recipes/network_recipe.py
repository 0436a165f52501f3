"""Recipes that train a network of torch. Such a recipe says what its network looks like, in torch and as nodes of an
ONNX graph; preparing, training, calibrating and exporting are the same for all."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from core.compute.values import Resources
from core.features.values import FeatureContract
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, Recipe, Tables
from core.training.torch_recipes.torch_recipe import Shape, TrainerParams

if TYPE_CHECKING:
    import torch

    from core.training.onnx_graph import Graph
    from core.training.torch_recipes.data import TrainingData


class NetworkRecipe(Recipe):
    """A way to train a network."""

    Params: ClassVar[type[TrainerParams]] = TrainerParams
    on_all_rows: ClassVar = {"row_share": 1.0}

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

    @classmethod
    def resources(cls, _params: Any, *, offered: Resources) -> Resources:
        return offered

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "TrainingData":
        import torch

        from core.training.torch_recipes.data import load_data

        torch.set_num_threads(threads)
        return load_data(tables, contract=contract)

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
        return FittedNetwork(trained, write=cls.write, device=str(context.prepared.device))
