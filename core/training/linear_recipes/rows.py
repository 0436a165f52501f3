"""Rows as a linear model takes them: ids of categories and standardized numbers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.training.preparation import Preparation, encode_categories, encode_numbers

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Features:
    """`ids` int32 [rows, categories], 0 being unknown; `numbers` float64 [rows, numbers + flags]; `sparse` is a sparse
    matrix of further columns, where there are any."""

    ids: Any
    numbers: Any
    sparse: Any = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Rows:
    """`labels` are 0 and 1, numbers of classes or numbers, [rows], or 0 and 1 [rows, labels]; `weights` [rows] where
    there are any. `start` are scores [rows, outputs] that a fit adds to."""

    features: Features
    labels: Any
    weights: Any = None
    start: Any = None


def features_of(table: "pa.Table", *, preparation: Preparation) -> Features:
    return Features(
        ids=encode_categories(table, preparation=preparation),
        numbers=encode_numbers(table, preparation=preparation, dtype=np.float64),
    )
