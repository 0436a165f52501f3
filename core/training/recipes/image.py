"""The recipe for images."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from core.features.values import FeatureContract
from core.foundation.text import N_, _
from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.kinds.multi_label import MultiLabelTask
from core.tasks.kinds.regression import RegressionTask
from core.tasks.values import BINARY, Target
from core.training.automatic.values import Candidate
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape, TrainerParams

if TYPE_CHECKING:
    from core.training.torch_recipes.networks import Network


class ImageParams(PerceptronParams):
    network: Literal["cnn", "resnet"] = Field(
        default="cnn",
        title=N_("Network"),
        description=N_("A small CNN, or a ResNet, whose blocks add to what came before them."),
    )
    width: int = Field(
        default=16,
        ge=4,
        le=512,
        title=N_("Channels"),
        description=N_("Of the first stage; each further stage has twice as many."),
    )
    stages: int = Field(
        default=3, ge=1, le=6, title=N_("Stages"), description=N_("At most; each halves the image, down to 4 pixels.")
    )
    depth: int = Field(
        default=1, ge=1, le=16, title=N_("Blocks of a stage"), description=N_("Each of two convolutions, 3 by 3.")
    )
    batch_size: int = Field(
        default=128, ge=4, le=65_536, title=N_("Batch size"), description=N_("Images of one step of the optimizer.")
    )
    learning_rate: float = Field(
        default=5e-3, gt=0, le=1, title=N_("Learning rate"), description=N_("The highest one; the schedule lowers it.")
    )
    hidden_layers: int = Field(
        default=0,
        ge=0,
        le=8,
        title=N_("Hidden layers"),
        description=N_("Between the vector of the image, with what else a row has, and the answer."),
    )


class Image(NetworkRecipe):
    """A small convolutional network, or a ResNet, for images; what else a row has is added to its last layer.

    For photos, scans and drawings of one size, learned from the start without any other images: some hundred of each
    class are few, some thousand are good. Callers send the file of an image; it is decoded and scaled as it was for
    training."""

    name = "image"
    title = N_("Image: CNN or ResNet")
    tasks = (BINARY, MultiClassTask.name, RegressionTask.name, MultiLabelTask.name)
    kinds = ("category", "number", "image")
    candidates = (Candidate(turn=1), Candidate(turn=2, params={"network": "resnet"}))
    Params: ClassVar[type[TrainerParams]] = ImageParams

    @classmethod
    def accepts(cls, contract: FeatureContract, _target: Target) -> str:
        images = contract.images()
        if not images:
            return _("There is no image among the inputs.")
        return _("It learns from one image a row, and there are {n}.").format(n=len(images)) if images[1:] else ""

    @classmethod
    def network(cls, shape: Shape, *, params: ImageParams) -> "Network":
        from core.training.torch_recipes.image_networks import ImageNetwork

        return ImageNetwork(
            shape,
            image=shape.images[0],
            residual=params.network == "resnet",
            width=params.width,
            stages=params.stages,
            depth=params.depth,
            embedding_width=params.embedding_width,
            widths=params.widths(),
            dropout=params.dropout,
        )
