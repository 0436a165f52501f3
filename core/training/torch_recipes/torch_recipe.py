"""What every recipe that trains a network has: what people choose about the training itself, and what the network must
take. Known without torch, since forms and refusals are made in the portal."""

from typing import Literal

from pydantic import Field

from core.foundation.plugins import Params
from core.foundation.text import N_
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.kinds.multi_label import MultiLabelTask
from core.tasks.kinds.ranking import RankingTask
from core.tasks.kinds.regression import RegressionTask
from core.tasks.values import BINARY

EVERY_TASK = (BINARY, MultiClassTask.name, RegressionTask.name, MultiLabelTask.name, RankingTask.name)


class ImageMap(Value):
    """The pixels of an image become (value - mean) / scale, with a mean and a scale for each channel."""

    name: str
    image: ImageInput
    means: tuple[float, ...]
    scales: tuple[float, ...]


class Shape(Value):
    """What a network must take and give: `cardinalities` has, for each category, how many ids there are (0 is the
    unknown one); `numbers` is the width of the numbers, missing indicators included; `outputs` is how many logits a row
    has. The names are those of the columns that these come from; an indicator has that of its number."""

    cardinalities: tuple[int, ...]
    numbers: int
    outputs: int = 1
    category_names: tuple[str, ...] = ()
    number_names: tuple[str, ...] = ()
    images: tuple[ImageMap, ...] = ()


class TrainerParams(Params):
    """What every recipe lets people choose about the training itself."""

    epochs: int = Field(
        default=0,
        ge=0,
        le=1000,
        title=N_("Epochs"),
        description=N_(
            "Passes over the training rows, at most. 0 takes 3, or as many more as few rows need, in smaller batches."
        ),
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
        description=N_("Checks on the validation rows (two an epoch) without getting better before it stops."),
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        title=N_("Precision"),
        description=N_("auto measures whole steps where the device has bf16, and takes it when it is a tenth faster."),
    )
    row_share: float = Field(
        default=1.0,
        ge=0.001,
        le=1,
        title=N_("Share of rows"),
        description=N_("Trains on a random share of the training rows, for a quick look."),
    )
    minimum_count: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        title=N_("Rows to know a category"),
        description=N_(
            "Categories with fewer training rows are treated as unknown. 0 takes 30, or fewer of a few thousand rows."
        ),
    )
    calibration: Literal["none", "temperature", "platt"] = Field(
        default="temperature",
        title=N_("Calibration"),
        description=N_(
            "Of probabilities, fitted on the validation rows: temperature keeps the base rate, Platt moves that of yes"
            " or no too."
        ),
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none",
        title=N_("Class weights"),
        description=N_("balanced lets every class weigh the same in training, so that rare ones are learned."),
    )
    unknown_share: float = Field(
        default=0.05,
        ge=0,
        le=0.9,
        title=N_("Out-of-vocabulary share"),
        description=N_("Share of categories hidden in training, so that unknown ones have learned weights."),
    )

    def least_count(self, rows: int) -> int:
        """Rows to know a category, where so many rows train."""
        return self.minimum_count or min(30, max(3, rows // 100))


class PerceptronParams(TrainerParams):
    """And what recipes with a perceptron let people choose about it."""

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
