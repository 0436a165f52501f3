"""The rows of a training set: read with their checksums, checked for what nobody can learn from, and laid on the device
as tensors once, so that a step of training is an index and a multiplication."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.features.values import FeatureContract
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.training.preparation import Preparation, encode_categories, encode_numbers, learn
from core.training.splits import (
    EVENT_TIME,
    LABEL,
    ROW_ID,
    TRAIN,
    VALIDATION,
    refuse_few_rows,
    refuse_future,
    refuse_missing_splits,
    refuse_no_features,
    refused,
)

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


def load_tables(inputs: Mapping[str, Path], *, contract: FeatureContract, now: datetime) -> "dict[str, pa.Table]":
    """The tables of the splits. Invalid says why one cannot be learned from, Unavailable that a file is damaged."""
    refuse_missing_splits(set(inputs))
    tables = {name: read_parquet(path) for name, path in inputs.items()}
    for name, table in tables.items():
        check_table(table, split=name, contract=contract, now=now)
    return tables


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


def check_table(table: "pa.Table", *, split: str, contract: FeatureContract, now: datetime) -> None:
    """Invalid when nothing can be learned from these rows or judged by them."""
    refuse_no_features(contract)
    for name in (ROW_ID, EVENT_TIME, LABEL, *contract.categories(), *contract.numbers()):
        if name not in table.column_names:
            raise refused(_("the split {split} has no column {name}").format(split=split, name=name))
    refuse_few_rows(split, rows=table.num_rows)
    _check_labels(table[LABEL], split=split)
    _check_times(table[EVENT_TIME], split=split, now=now)


def _check_labels(column: Any, *, split: str) -> None:
    import pyarrow.compute as pc

    if column.null_count:
        what = _("every label") if column.null_count == len(column) else str(column.null_count)
        raise refused(_("{what} of the split {split} is missing").format(what=what, split=split))
    values = {str(value) for value in pc.unique(column).to_pylist()[:10]}
    if not values <= {"0", "1", "0.0", "1.0"}:
        raise refused(_("the labels of {split} are not 0 and 1").format(split=split))
    if len(values) < 2:
        raise refused(_("all labels of {split} are {value}").format(split=split, value=values.pop()))


def _check_times(column: Any, *, split: str, now: datetime) -> None:
    import pyarrow.compute as pc

    newest = pc.max(column).as_py()
    refuse_future(split, newest=newest if newest is not None and newest.tzinfo is not None else None, now=now)


def _rows(table: "pa.Table", *, preparation: Preparation, device: torch.device) -> Rows:
    labels = table[LABEL].cast("float32").to_numpy(zero_copy_only=False)
    return Rows(
        ids=torch.from_numpy(encode_categories(table, preparation=preparation)).to(device),
        numbers=torch.from_numpy(encode_numbers(table, preparation=preparation)).to(device),
        labels=torch.from_numpy(labels.copy()).to(device),
    )


def _known(rows: Rows, *, sizes: torch.Tensor) -> Rows:
    return Rows(ids=torch.where(rows.ids < sizes, rows.ids, 0), numbers=rows.numbers, labels=rows.labels)
