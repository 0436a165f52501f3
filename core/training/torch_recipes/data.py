"""The rows of a training set, laid on the device as tensors once, so that a step of training is an index and a
multiplication."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from core.features.values import FeatureContract
from core.tasks.prediction_files import codes_of
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.description import YES_OR_NO
from core.training.preparation import Preparation, encode_categories, encode_numbers, learn, part_rows, pixels_of
from core.training.row_weights import balanced_weights, weights_of
from core.training.splits import LABEL, TRAIN, VALIDATION
from core.training.torch_recipes.heads import Head, head_of
from core.training.torch_recipes.judge import Judge

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """Prepared rows on the device: ids int32 [rows, categories], numbers float32 [rows, width], labels as the head of
    the network takes them, and, where a task ranks, the number of each row's group, int64 [rows]. `weights` float32 say
    how much a row counts, [rows], or [rows, labels] where each label has weights of its own; `images` are uint8 [rows,
    channels, height, width]."""

    ids: torch.Tensor
    numbers: torch.Tensor
    labels: torch.Tensor
    groups: torch.Tensor | None = None
    weights: torch.Tensor | None = None
    images: torch.Tensor | None = None

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    def at(self, places: torch.Tensor) -> "Rows":
        beside = (self.groups, self.weights, self.images)
        groups, weights, images = (None if rows is None else rows[places] for rows in beside)
        return Rows(self.ids[places], self.numbers[places], self.labels[places], groups, weights, images)

    @property
    def inputs(self) -> dict[str, torch.Tensor]:
        """What the network takes."""
        inputs = {"ids": self.ids, "numbers": self.numbers}
        return inputs if self.images is None else {**inputs, "images": self.images}

    def balanced(self) -> "Rows":
        """With weights by which every class weighs the same."""
        weights = None if self.weights is None else self.weights.cpu().numpy()
        balanced = balanced_weights(self.labels.cpu().numpy(), weights=weights)
        return replace(self, weights=torch.from_numpy(balanced.astype("float32")).to(self.labels.device))

    def shuffled(self, seed: int) -> torch.Tensor:
        """Their places in an order that follows from the seed, made where they lie; the rows of a group stay beside
        each other."""
        device = self.labels.device
        generator = torch.Generator(device).manual_seed(seed)
        if self.groups is None:
            return torch.randperm(len(self), generator=generator, device=device)
        turns = torch.randperm(int(self.groups.max()) + 1, generator=generator, device=device)
        return turns[self.groups].argsort(stable=True)


@dataclass(frozen=True)
class TrainingData:
    """What a training needs, loaded once for as many trainings as one likes. `judge` knows the validation rows'
    labels."""

    preparation: Preparation
    train: Rows
    validation: Rows
    device: torch.device
    head: Head
    judge: Judge

    def limited(self, minimum_count: int) -> "TrainingData":
        """With rare categories unknown. Ids are ordered by frequency, so this is one comparison."""
        preparation = self.preparation.limited(minimum_count)
        sizes = torch.tensor(preparation.shape.cardinalities, dtype=torch.int32, device=self.device)
        return replace(
            self,
            preparation=preparation,
            train=_known(self.train, sizes=sizes),
            validation=_known(self.validation, sizes=sizes),
        )


def the_device() -> torch.device:
    """The GPU that this process was given, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_data(
    tables: "Mapping[str, pa.Table]",
    *,
    contract: FeatureContract,
    target: Target = YES_OR_NO,
    device: torch.device | None = None,
) -> TrainingData:
    """Tensors of the training and validation rows; the maps are learned from the training rows alone."""
    preparation, place = learn(tables[TRAIN], contract=contract), device or the_device()
    labels = {name: task_of(target).labels_of(tables[name][LABEL], target=target) for name in (TRAIN, VALIDATION)}
    groups = {name: _groups(tables[name], target=target) for name in labels}
    head = head_of(target, labels=labels[TRAIN])
    train, validation = (
        _rows(tables[name], head.encoded(labels[name]), preparation=preparation, groups=groups[name], device=place)
        for name in labels
    )
    judge = Judge(head, labels=labels[VALIDATION], groups=groups[VALIDATION])
    return TrainingData(preparation, train, validation, place, head, judge)


def _rows(table: "pa.Table", labels: Any, *, preparation: Preparation, groups: Any, device: torch.device) -> Rows:
    weights, inputs = weights_of(table), inputs_of(table, preparation=preparation)
    return Rows(
        **{name: rows.to(device) for name, rows in inputs.items()},
        labels=torch.from_numpy(labels).to(device),
        groups=None if groups is None else torch.from_numpy(groups).to(device),
        weights=None if weights is None else torch.from_numpy(weights.astype("float32")).to(device),
    )


def inputs_of(table: "pa.Table", *, preparation: Preparation) -> dict[str, torch.Tensor]:
    """What the network takes of these rows."""
    inputs = {
        "ids": torch.from_numpy(encode_categories(table, preparation=preparation)),
        "numbers": torch.from_numpy(encode_numbers(table, preparation=preparation)).contiguous(),
    }
    for item in preparation.images:
        pixels = torch.from_numpy(pixels_of(table, name=item.name, image=item.image))
        inputs["images"] = pixels.permute(0, 3, 1, 2).contiguous()
    return inputs


@torch.no_grad()
def logits_of(
    network: torch.nn.Module, inputs: Mapping[str, torch.Tensor], *, device: str | torch.device | None = None
) -> torch.Tensor:
    """float64 [rows] or [rows, outputs] on the CPU, in fp32 as the exported network computes them; a part of the rows
    at a time, brought to the device of the network where they do not lie there."""
    part = part_rows(inputs["images"][0].numel() if "images" in inputs else 0)
    starts = range(0, max(1, len(inputs["ids"])), part)
    # Convolutions on a GPU would else round what they multiply.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        parts = [
            network(**{name: rows[start : start + part].to(device) for name, rows in inputs.items()})
            for start in starts
        ]
    return torch.cat(parts).double().cpu()


def _groups(table: "pa.Table", *, target: Target) -> Any:
    """int64 [rows]: the number of each row's group; None where the task knows no groups."""
    if not target.group:
        return None
    return codes_of(table[target.group]).astype("int64")


def _known(rows: Rows, *, sizes: torch.Tensor) -> Rows:
    return replace(rows, ids=torch.where(rows.ids < sizes, rows.ids, 0))
