"""The rows of a training set, laid on the device as tensors once, so that a step of training is an index and a
multiplication."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.features.values import FeatureContract
from core.training.preparation import Preparation, encode_categories, encode_numbers, learn
from core.training.splits import LABEL, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """Prepared rows on the device: ids int32 [rows, categories], numbers float32 [rows, width], labels float32
    [rows]."""

    ids: torch.Tensor
    numbers: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    def at(self, places: torch.Tensor) -> "Rows":
        return Rows(ids=self.ids[places], numbers=self.numbers[places], labels=self.labels[places])


@dataclass(frozen=True)
class TrainingData:
    """What a training needs, loaded once for as many trainings as one likes."""

    preparation: Preparation
    train: Rows
    validation: Rows
    device: torch.device

    def limited(self, minimum_count: int) -> "TrainingData":
        """With rare categories unknown. Ids are ordered by frequency, so this is one comparison."""
        preparation = self.preparation.limited(minimum_count)
        sizes = torch.tensor(preparation.shape.cardinalities, dtype=torch.int32, device=self.device)
        return TrainingData(
            preparation=preparation,
            train=_known(self.train, sizes=sizes),
            validation=_known(self.validation, sizes=sizes),
            device=self.device,
        )


def the_device() -> torch.device:
    """The GPU that this process was given, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_data(
    tables: "Mapping[str, pa.Table]", *, contract: FeatureContract, device: torch.device | None = None
) -> TrainingData:
    """Tensors of the training and validation rows; the maps are learned from the training rows alone."""
    preparation = learn(tables[TRAIN], contract=contract)
    place = device or the_device()
    return TrainingData(
        preparation=preparation,
        train=_rows(tables[TRAIN], preparation=preparation, device=place),
        validation=_rows(tables[VALIDATION], preparation=preparation, device=place),
        device=place,
    )


def _rows(table: "pa.Table", *, preparation: Preparation, device: torch.device) -> Rows:
    labels = table[LABEL].cast("float32").to_numpy(zero_copy_only=False)
    return Rows(
        ids=torch.from_numpy(encode_categories(table, preparation=preparation)).to(device),
        numbers=torch.from_numpy(encode_numbers(table, preparation=preparation)).to(device),
        labels=torch.from_numpy(labels.copy()).to(device),
    )


def _known(rows: Rows, *, sizes: torch.Tensor) -> Rows:
    return Rows(ids=torch.where(rows.ids < sizes, rows.ids, 0), numbers=rows.numbers, labels=rows.labels)
